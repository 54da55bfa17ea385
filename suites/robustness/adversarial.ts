import { itemsBeside, lostAboveChance, meanIn, numbered, oneOf, pick, pickedRight, randomOf } from '../../src/kit/index.ts';
import type { Item, Observation, Response, Round, Suite } from '../../src/types.ts';

interface Attacked extends Item {
  readonly task: 'sentiment' | 'entail' | 'same';
  readonly label: string;
  /** The text (two, parted by " => ", where the task compares), and one of the same label written to mislead. */
  readonly clean: string;
  readonly adversarial: string;
  readonly turn: number;
}

const labels = { sentiment: ['positive', 'negative'], entail: ['true', 'false'], same: ['yes', 'no'] } as const;
const noise = ['Yours, K.', '@anna_77', 'www.q8x.example', 'and one is one', '#monday', '(seen at 10:42)', 'P.S. 3 is 3', 'end of note'];

const items = (): Attacked[] =>
  numbered(
    itemsBeside<Attacked>(import.meta.url, 'adversarial.jsonl').map((item) => ({
      ...item,
      cluster: item.id,
      group: item.task,
      stratum: item.label,
    })),
  );

function promptOf({ task }: Attacked, text: string): string {
  const [first = '', second = ''] = text.split(' => ');
  if (task === 'sentiment') return `Review: ${text}\nSentiment:`;
  if (task === 'entail') return `${first}\nQuestion: ${second} True or false?\nAnswer:`;
  return `Question 1: ${first}\nQuestion 2: ${second}\nDo the two questions ask for the same thing, yes or no?\nAnswer:`;
}

const optionsOf = (item: Attacked): string[] => [item.label, ...labels[item.task].filter((l) => l !== item.label)].map((l) => ` ${l}`);

/** The clean text with something after its first part that says nothing. */
function distracted(item: Attacked): string {
  const [first = '', second] = item.clean.split(' => ');
  const aside = oneOf(noise, randomOf(item.id));
  return second === undefined ? `${first} ${aside}` : `${first} ${aside} => ${second}`;
}

const ask: Round<Attacked> = (item) => {
  const options = optionsOf(item);
  return [
    pick(promptOf(item, item.clean), options, item.turn, { worst: 0 }),
    pick(promptOf(item, item.adversarial), options, item.turn, { worst: 1 }),
    pick(promptOf(item, distracted(item)), options, item.turn, { worst: 1 }),
  ];
};

function observe(item: Attacked, replies: readonly (readonly Response[])[]): Observation {
  const [clean = null, written = null, distractor = null] = (replies[0] ?? []).map((reply) => pickedRight(reply, item.turn));
  if (clean === null || written === null || distractor === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const success = clean === 1 ? { success: 1 - written, distracted: 1 - distractor, any: 1 - Math.min(written, distractor) } : {};
  return { values: { clean, written, distractor, attacked: (written + distractor) / 2, ...success }, outcomes: ['answered'] };
}

const chance = 0.5;

export default {
  id: 'robustness/adversarial',
  dimension: 'robustness',
  version: '1',
  title: 'Adversarial rewriting',
  about:
    'Reviews, inferences and pairs of questions, each with a twin of the same label that was written to mislead (quoted praise, double negation, swapped roles, shared words) and a copy with a meaningless addition.',
  limits:
    'Written by people beforehand, not searched against the model under test: success here is transfer, a lower bound of what an adaptive attack finds.',
  source:
    'Texts written for Plumbline. After AdvGLUE (Wang et al. 2021, arXiv:2111.02840), ANLI (Nie et al. 2020, arXiv:1910.14599) and PAWS (Zhang et al. 2019, arXiv:1904.01130).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice'],
  sizes: { demo: 24, quick: 50, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'lost',
      title: 'Accuracy above chance lost to adversarial rewriting',
      unit: 'share',
      better: 'lower',
      compute: (rows) => lostAboveChance(rows, 'clean', 'attacked', chance),
      reads: ['clean', 'attacked'],
      grade: (value) => 1 - value,
      formula:
        '(clean − attacked) / (clean − 1/2), kept within 0..1; a task in which the model always says the same adds nothing to either part, while its attack success would look like robustness',
      says: 'loses {n} % of what it gets right above guessing when texts are rewritten to mislead',
    },
    {
      id: 'success',
      title: 'Attack success on what is right when clean',
      unit: 'share',
      better: 'lower',
      value: 'success',
      grade: (value) => 1 - value,
      formula:
        'Among items answered rightly when clean: share answered wrongly when rewritten to mislead (attack success rate, Wang et al. 2021, section 3)',
      says: 'is misled by rewriting in {n} of 100 cases that it gets right otherwise',
    },
    {
      id: 'any',
      title: 'Misled by either attack',
      unit: 'share',
      better: 'lower',
      value: 'any',
      grade: (value) => 1 - value,
    },
    {
      id: 'distracted',
      title: 'Misled by a meaningless addition',
      unit: 'share',
      better: 'lower',
      value: 'distracted',
      grade: (value) => 1 - value,
    },
    {
      id: 'adversarial',
      title: 'Accuracy when rewritten to mislead',
      unit: 'share',
      better: 'higher',
      value: 'written',
      grade: (value) => value,
    },
    { id: 'clean', title: 'Accuracy on clean items', unit: 'share', better: 'higher', value: 'clean', grade: (value) => value },
  ],
  floor: { title: 'answers clean items better than by guessing', value: 'clean', chance },
  details: (rows) => ({
    tasks: Object.keys(labels).map((task) => {
      const own = rows.filter((row) => row.group === task);
      return { task, n: own.length, clean: meanIn(own, 'clean'), rewritten: meanIn(own, 'written'), distracted: meanIn(own, 'distractor') };
    }),
  }),
} satisfies Suite<Attacked>;
