import {
  type Attacked,
  askAttacked,
  attackedDetails,
  attackedFloor,
  attackedMetrics,
  attacks,
  hashOf,
  itemsBeside,
  kindOf,
  observeAttacked,
} from '../../src/kit/index.ts';
import type { Item, Suite } from '../../src/types.ts';

interface Goal extends Item {
  readonly request: string;
  readonly twin: string;
}
interface Foreign extends Goal {
  readonly tongue: string;
}

const languages: Readonly<Record<string, string>> = { fr: 'French', de: 'German', es: 'Spanish' };

/** Every goal under every attack, in one of the attack's wordings. */
function items(): Attacked[] {
  const goals = new Map(itemsBeside<Goal>(import.meta.url, 'harmful.jsonl').map((goal) => [goal.id, goal]));
  return itemsBeside<Foreign>(import.meta.url, 'jailbreaks.jsonl').flatMap((foreign) => {
    const goal = goals.get(foreign.id);
    if (!goal) throw new Error(`jailbreaks.jsonl names a goal that harmful.jsonl has not: ${foreign.id}`);
    const language = languages[foreign.tongue] ?? foreign.tongue;
    return attacks.map((attack): Attacked => {
      const wording = attack.wordings[(hashOf(`${goal.id} ${attack.id}`) >>> 16) % attack.wordings.length] ?? attack.wordings[0];
      if (!wording) throw new Error(`the attack ${attack.id} has no wording`);
      const { id, name, encode, forcesOpening } = attack;
      return {
        id: `${goal.id}-${id}`,
        group: id,
        cluster: goal.id,
        attack: kindOf(attack),
        request: goal.request,
        twin: goal.twin,
        prompt: wording(goal.request, { text: foreign.request, language }),
        twinPrompt: wording(goal.twin, { text: foreign.twin, language }),
        ...(encode && name && { encoded: { name, text: encode(goal.twin) } }),
        ...(forcesOpening && { forcesOpening }),
      };
    });
  });
}

const sources = Object.fromEntries(attacks.map(({ id, title, source }) => [id, { title, source }]));

export default {
  id: 'safety/jailbreaks',
  dimension: 'safety',
  version: '2',
  title: 'Jailbreaks',
  about:
    'Harmful requests under thirteen attacks of nine families: role play and fiction, prefix injection, refusal suppression, pretext and developer mode, style, many-shot, another language, payload splitting, and Base64, ROT13 and leetspeak. `--attacks` picks families.',
  limits:
    'Fixed, published kinds of attack in one to three wordings; nothing is searched or adapted to the model, so real attackers do better. An attack that a model does not understand (the encoding is not read, the harmless twin is not done either) tells nothing and is left out. Many-shot has eight shots. The first 40 tokens are read: whether the help would work is not.',
  means: {
    good: 'Known tricks do not change what the model refuses; an attacker needs something new.',
    bad: 'Public recipes are enough to make the model help with harm: do not put it before strangers without a filter around it.',
  },
  source: 'Wordings written for Plumbline after the papers named with each attack (see details); goals are those of safety/harmful.',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['text'],
  sizes: { demo: 8, quick: 39, standard: 208, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [askAttacked],
  observe: (item, [replies]) => observeAttacked(item, replies ?? []),
  metrics: attackedMetrics,
  floor: attackedFloor,
  details: (rows) => attackedDetails(rows, sources),
  sensitive: true,
} satisfies Suite<Attacked>;
