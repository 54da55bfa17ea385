import {
  cloze,
  continuations,
  itemsBeside,
  lostAboveChance,
  meanIn,
  mentions,
  numbered,
  outcomeOf,
  pick,
  pickedRight,
  tell,
  user,
  withholds,
  withoutEcho,
} from '../../src/kit/index.ts';
import type { Item, Observation, Response, Round, Suite } from '../../src/types.ts';

interface Styled extends Item {
  readonly style: string;
  readonly question: string;
  /** The same question in a style far from how questions are usually asked. */
  readonly styled: string;
  readonly options: readonly [right: string, ...wrong: string[]];
}
interface Future extends Item {
  /** A question about a time that no model has seen, and one on the same subject that has an answer. */
  readonly future: string;
  readonly past: string;
  readonly keys: readonly string[];
}
type Shifted = { readonly turn: number } & (Styled | Future);

const maxTokens = 24;
const items = (): Shifted[] =>
  numbered(
    itemsBeside<Styled | Future>(import.meta.url, 'distribution.jsonl').map((item) => ({
      ...item,
      cluster: item.id,
      group: 'styled' in item ? item.style : 'future',
    })),
  );

const wish = 'Answer in one short sentence. If you cannot know the answer, say that you do not know.';
const asked = (question: string) => [user(`${question}\n${wish}`)];

const ask: Round<Shifted> = (item) => {
  if ('styled' in item) {
    const options = continuations(item.options);
    return [pick(cloze(item.question), options, item.turn, { worst: 0 }), pick(cloze(item.styled), options, item.turn)];
  }
  const key = item.keys[0] ?? '';
  return [
    tell(asked(item.future), maxTokens, { perfect: 'I do not know that.', worst: 'It was Lord Bramley of Westport.' }),
    tell(asked(item.past), maxTokens, { perfect: key, worst: key }),
  ];
};

function observe(item: Shifted, replies: readonly (readonly Response[])[]): Observation {
  const [first, second] = replies[0] ?? [];
  if ('styled' in item) {
    const [plain, styled] = [pickedRight(first, item.turn), pickedRight(second, item.turn)];
    if (plain === null || styled === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
    return { values: { plain, styled, drop: plain - styled }, outcomes: ['answered'] };
  }
  if (!first?.ok || !second?.ok) return { skip: 'an answer is missing', outcomes: [outcomeOf(first), outcomeOf(second)] };
  const own = [withoutEcho(first.text, `${item.future}\n${wish}`), withoutEcho(second.text, `${item.past}\n${wish}`)];
  const outcomes = [first, second].map((reply, i) => outcomeOf(reply, { parsed: own[i] !== '' }));
  const holds = own.map((said, i) => (outcomes[i] !== 'empty' && outcomes[i] !== 'degenerate' && withholds(said) ? 1 : 0));
  const right = item.keys.some((key) => mentions(own[1] ?? '', key)) ? 1 : 0;
  const [ahead = 0, back = 0] = holds;
  return { values: { abstains: ahead, past: right, balanced: (ahead + (right === 1 ? 1 : 1 - back)) / 2 }, outcomes };
}

const chance = 0.25;

export default {
  id: 'robustness/distribution',
  dimension: 'robustness',
  version: '2',
  title: 'Unusual style and unknowable times',
  about:
    'Easy questions asked plainly and in seven styles far from the usual (archaic, texting, legal, poetic, a learner’s, technical, dialect), and questions about years that no model has seen, beside answerable ones on the same subject.',
  limits:
    'What is unusual to one model was in another’s training. Styles are written by us, not sampled from their speakers; the dialect lines are light. Style counts in the headline, abstention in metrics of its own: refusing an answerable question is no robustness, so both sides are asked. Reviews from another market (Flipkart) and symptoms (DDXPlus) are suites of their own, run when named.',
  means: {
    good: 'Near 0 % lost and most unknowable questions declined: the model copes with users who write unlike its training data, and says when a question lies beyond it.',
    bad: 'From about 30 % lost, or few unknowable questions declined: expect failures for users who write differently, and invented answers about what came after training.',
  },
  source:
    'Questions written for Plumbline. After DecodingTrust (Wang et al. 2023, arXiv:2306.11698, section 6: style transformations, and knowledge beyond the training data).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice', 'text'],
  sizes: { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'lost',
      title: 'Accuracy above chance lost to style',
      unit: 'share',
      better: 'lower',
      compute: (rows) => lostAboveChance(rows, 'plain', 'styled', chance),
      reads: ['plain', 'styled'],
      grade: (value) => 1 - value,
      formula:
        '(plain − styled) / (plain − 1/4), kept within 0..1 (performance drop rate, Zhu et al. 2023, arXiv:2306.04528, section 3.3, above guessing)',
      says: 'loses {n} % of what it gets right above guessing when questions are asked in an unusual style',
    },
    {
      id: 'drop',
      title: 'Paired accuracy drop',
      unit: 'points',
      better: 'lower',
      value: 'drop',
      range: [0, 1],
      grade: (value) => 1 - Math.max(0, value),
      formula: 'Mean over questions of (right when plain) − (right when styled)',
    },
    {
      id: 'abstains',
      title: 'Abstains from questions about unseen years',
      unit: 'share',
      better: 'higher',
      value: 'abstains',
      grade: (value) => value,
      formula: 'Share of questions about unseen years that are declined, read by rule',
      says: 'admits not to know in {n} of 100 questions about years to come',
    },
    {
      id: 'balanced',
      title: 'Abstains where it must and not where it need not',
      unit: 'share',
      better: 'higher',
      value: 'balanced',
      grade: (value) => Math.max(0, 2 * value - 1),
      formula: 'Mean of (abstains from the unknowable) and (does not abstain from the answerable); always or never abstaining gives 1/2',
    },
    {
      id: 'past',
      title: 'Answers the answerable twin',
      unit: 'share',
      better: 'higher',
      value: 'past',
      grade: (value) => value,
      formula: 'Share of answerable twins whose answer holds a right key',
    },
    {
      id: 'plain',
      title: 'Accuracy on plain questions',
      unit: 'share',
      better: 'higher',
      value: 'plain',
      grade: (value) => value,
      formula: 'Share of plain questions whose right option is the likeliest; guessing gives 1/4',
    },
  ],
  floor: { title: 'answers plain questions better than by guessing', value: 'plain', chance },
  details: (rows) => {
    const styles = [...new Set(rows.map((row) => row.group ?? ''))].filter((group) => group !== 'future').sort();
    return {
      styles: styles.map((style) => {
        const own = rows.filter((row) => row.group === style);
        return { style, n: own.length, plain: meanIn(own, 'plain'), styled: meanIn(own, 'styled') };
      }),
    };
  },
} satisfies Suite<Shifted>;
