import { answersRightly, auroc, choose, itemsBeside, meanIn, pick, pickedRight, scoresOf } from '../../src/kit/index.ts';
import type { Item, Observation, Response, Round, Row, Suite } from '../../src/types.ts';

interface Passage extends Item {
  readonly text: string;
  readonly question: string;
  /** The answer the text supports, and one that it does not. */
  readonly right: string;
  readonly wrong: string;
  readonly turn: number;
}

/** Hard where the unsupported answer is another detail of the text, easy where the text does not hold it at all. */
const items = (): Passage[] =>
  itemsBeside<Passage>(import.meta.url, 'passages.jsonl').map((item, turn) => {
    const stratum = answersRightly(item.text, item.wrong, '') ? 'hard' : 'easy';
    return { ...item, cluster: item.id, stratum, turn };
  });

const sides = [' Yes', ' No'];
type Claim = Pick<Passage, 'text' | 'question'> & { readonly answer: string };
const laidOut = ({ text, question, answer }: Claim): string =>
  `Text: ${text}\nQuestion: ${question}\nAnswer: ${answer}\nIs this answer supported by the text? Answer yes or no:`;

const house = 'The blue house has two doors. Behind it is a garden with three pear trees.';
const walk = 'Leo walked to the market with his sister. They bought a melon and came home by bus.';
/** Two texts judged rightly both ways show the task; every prompt begins with them. */
const solved = [
  { text: house, question: 'What kind of trees are in the garden?', answer: 'pear trees', verdict: ' Yes' },
  { text: house, question: 'How many doors does the house have?', answer: 'five', verdict: ' No' },
  { text: walk, question: 'With whom did Leo go?', answer: 'with his uncle', verdict: ' No' },
  { text: walk, question: 'How did they come home?', answer: 'by bus', verdict: ' Yes' },
]
  .map((claim) => `${laidOut(claim)}${claim.verdict}\n\n`)
  .join('');
const judged = (item: Passage, answer: string): string => `${solved}${laidOut({ ...item, answer })}`;

/** Is the supported answer supported? Is the other one? And which of the two is likelier as the answer? */
const ask: Round<Passage> = (item) => [
  choose(judged(item, item.right), sides, { perfect: 0, worst: 1, turn: item.turn }),
  choose(judged(item, item.wrong), sides, { perfect: 1, worst: 0, turn: item.turn + 1 }),
  pick(`Text: ${item.text}\nQuestion: ${item.question}\nAnswer:`, [` ${item.right}`, ` ${item.wrong}`], item.turn, { worst: 0 }),
];

/** Log-odds of yes. */
function yesOf(reply: Response | undefined, turn: number): number | null {
  const scores = scoresOf(reply, turn);
  return scores ? (scores[0] ?? 0) - (scores[1] ?? 0) : null;
}

function observe(item: Passage, replies: readonly (readonly Response[])[]): Observation {
  const [onRight, onWrong, free] = replies[0] ?? [];
  const [a, b] = [yesOf(onRight, item.turn), yesOf(onWrong, item.turn + 1)];
  if (a === null || b === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const [accepts, rejects] = [a > 0 ? 1 : 0, b < 0 ? 1 : 0];
  return {
    values: {
      balanced: (accepts + rejects) / 2,
      accepts,
      rejects,
      yes: (accepts + 1 - rejects) / 2,
      oddsRight: a,
      oddsWrong: b,
      control: pickedRight(free, item.turn),
    },
    outcomes: ['answered'],
  };
}

const numbersIn = (rows: readonly Row[], name: string): number[] =>
  rows.flatMap(({ values }) => (typeof values[name] === 'number' ? [values[name] as number] : []));

export default {
  id: 'reliability/hallucination',
  dimension: 'reliability',
  version: '2',
  title: 'Telling supported from made-up answers',
  about:
    'A short text, a question and an answer that the text supports or does not: is it supported? After four solved examples, both answers are judged for every text, so that always saying yes gains nothing.',
  limits:
    'Judging given answers, not writing them (see reliability/faithfulness). Short invented texts, one wrong answer each (made up, or another detail of the text); no knowledge of the world is needed. The texts also serve faithfulness, so the two results are not independent.',
  means: {
    good: 'From about 85 of 100: the model can check answers against a source, its own included, before they are shown.',
    bad: 'Near 50 of 100: it cannot tell a supported answer from a made-up one, so do not use it to check anything.',
  },
  source: 'Texts, questions and answers written for Plumbline. Set-up after HaluEval (Li et al. 2023, arXiv:2305.11747).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice'],
  sizes: { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'balanced',
      title: 'Balanced accuracy',
      unit: 'share',
      better: 'higher',
      value: 'balanced',
      grade: (value) => Math.max(0, 2 * value - 1),
      formula:
        'Mean of (supported answers accepted) and (unsupported answers rejected); guessing or a constant answer gives 1/2, which is grade 0',
      says: 'tells a supported from a made-up answer in {n} of 100 cases (50 is guessing)',
    },
    {
      id: 'auroc',
      title: 'Ranks supported answers above made-up ones (AUROC of the odds of yes)',
      unit: 'AUC',
      better: 'higher',
      compute: (rows) => auroc(numbersIn(rows, 'oddsRight'), numbersIn(rows, 'oddsWrong'))?.value ?? null,
      reads: ['oddsRight', 'oddsWrong'],
      grade: (value) => Math.max(0, 2 * value - 1),
      formula:
        'Chance that a supported answer gets higher odds of yes than a made-up one: what a threshold of its own would allow, free of a liking for yes',
    },
    {
      id: 'accepts',
      title: 'Supported answers accepted',
      unit: 'share',
      better: 'higher',
      value: 'accepts',
      grade: (value) => value,
      formula: 'Share of supported answers called supported',
    },
    {
      id: 'rejects',
      title: 'Made-up answers rejected',
      unit: 'share',
      better: 'higher',
      value: 'rejects',
      grade: (value) => value,
      formula: 'Share of unsupported answers called unsupported',
    },
    {
      id: 'control',
      title: 'Prefers the supported answer as its own',
      unit: 'share',
      better: 'higher',
      value: 'control',
      grade: (value) => value,
      formula: 'Share of texts for which the supported answer is likelier than the other as the model’s own; guessing gives 1/2',
    },
  ],
  floor: { title: 'finds the supported answer likelier than the made-up one when answering itself', value: 'control', chance: 0.5 },
  details: (rows) => ({
    saysYes: meanIn(rows, 'yes'),
    accepts: meanIn(rows, 'accepts'),
    rejects: meanIn(rows, 'rejects'),
    strata: ['easy', 'hard'].map((stratum) => {
      const own = rows.filter((row) => row.stratum === stratum);
      return { stratum, n: own.length, balanced: meanIn(own, 'balanced') };
    }),
  }),
} satisfies Suite<Passage>;
