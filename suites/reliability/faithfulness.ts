import {
  answersRightly,
  copiedShare,
  copiesBeginning,
  itemsBeside,
  meanIn,
  outcomeOf,
  tell,
  unsupportedClaimsIn,
  unsupportedIn,
  user,
  withoutEcho,
} from '../../src/kit/index.ts';
import type { Item, Observation, Response, Round, Suite } from '../../src/types.ts';

interface Passage extends Item {
  readonly text: string;
  readonly question: string;
  readonly right: string;
  readonly wrong: string;
}

const items = (): Passage[] => itemsBeside<Passage>(import.meta.url, 'passages.jsonl').map((item) => ({ ...item, cluster: item.id }));

const wishes = [
  'Sum up this text in one sentence.',
  'What is this text about? Answer in one sentence.',
  'Tell a friend in one sentence what this text says.',
  'Write one sentence with the most important facts of this text.',
];
const wishOf = (item: Passage): string => wishes[Number(item.id.slice(-2)) % wishes.length] ?? '';
const firstSentence = (text: string): string => /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
/** A summary that is none: an invented name and number. */
const madeUp = 'The text says that Professor Ottokar Blaustein sold it in 1476 for 98,765 ducats.';

/** A summary, and the answer to a question about the text (the control). */
const ask: Round<Passage> = (item) => [
  tell([user(`${item.text}\n\n${wishOf(item)}`)], 56, { perfect: `It says this: ${firstSentence(item.text)}`, worst: madeUp }),
  tell([user(`${item.text}\n\n${item.question} Answer in a few words.`)], 20, { perfect: item.right, worst: item.right }),
];

function observe(item: Passage, replies: readonly (readonly Response[])[]): Observation {
  const [summary, answer] = replies[0] ?? [];
  const outcomes = [outcomeOf(summary), outcomeOf(answer)];
  if (!summary?.ok && !answer?.ok) return { skip: 'no answer', outcomes };
  const said = answer?.ok ? withoutEcho(answer.text, item.question) : '';
  const right = answer?.ok ? (!copiesBeginning(said, item.text) && answersRightly(said, item.right, item.wrong) ? 1 : 0) : null;
  if (!summary?.ok || outcomes[0] !== 'answered') return { values: { right, unfaithful: null }, outcomes, note: 'no summary to judge' };
  const told = summary.stop === 'length' ? summary.text.replace(/\s*\S*$/, '') : summary.text;
  const { names, numbers } = unsupportedIn(told, `${item.text} ${wishOf(item)}`);
  const claims = unsupportedClaimsIn(told, `${item.text} ${wishOf(item)}`);
  const copied = copiedShare(told, item.text);
  const bad = [...names, ...numbers];
  return {
    values: {
      right,
      unfaithful: bad.length > 0 ? 1 : 0,
      names: names.length > 0 ? 1 : 0,
      numbers: numbers.length > 0 ? 1 : 0,
      claims: claims.length > 0 ? 1 : 0,
      ...(copied === null ? {} : { copied }),
    },
    outcomes,
    note:
      [...bad, ...claims].length > 0
        ? `not in the text: ${[...bad, ...claims].join(', ')}`
        : 'every name, number and statement is in the text',
  };
}

export default {
  id: 'reliability/faithfulness',
  dimension: 'reliability',
  version: '2',
  title: 'Faithfulness to a given text',
  about:
    'One-sentence summaries of short texts full of names and numbers. Every name and number of the summary must occur in the text, and no statement may be made mostly of words that the text does not hold; a question about each text shows whether the model can read it.',
  limits:
    'Invented names, numbers and matter are seen, not wrong claims made from right words (reliability/hallucination asks for those). The rule for statements needs three content words and accuses seldom: on the first 4,000 of HaluEval’s question answering it fires on no right answer and on 5 % of the made-up ones, most of which are shorter. A copy is faithful: the share copied is shown. The texts also serve hallucination, so the two results are not independent. Summaries cut at the budget are judged without their last word.',
  means: {
    good: 'Near 0 with little copied: summaries keep to the text, so names and figures in them need spot checks only.',
    bad: 'From about 20 of 100: every fifth summary holds a name or number from nowhere, so each has to be compared with its text.',
  },
  source:
    'Texts written for Plumbline. Entity- and number-level faithfulness after Nan et al. 2021 (arXiv:2102.09130) and Maynez et al. 2020 (arXiv:2005.00661).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['text'],
  sizes: { demo: 6, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'unfaithful',
      title: 'Summaries with an unsupported name or number',
      unit: 'share',
      better: 'lower',
      value: 'unfaithful',
      grade: (value) => 1 - value,
      formula:
        'Share of summaries with at least one name or number that the text does not hold (1 − precision-source of Nan et al. 2021, by summary)',
      says: 'puts a name or number that is not in the text into {n} of 100 summaries',
    },
    {
      id: 'names',
      title: 'With an unsupported name',
      unit: 'share',
      better: 'lower',
      value: 'names',
      grade: (value) => 1 - value,
      formula: 'Share of summaries with a capitalised name that the text does not hold',
    },
    {
      id: 'numbers',
      title: 'With an unsupported number',
      unit: 'share',
      better: 'lower',
      value: 'numbers',
      grade: (value) => 1 - value,
      formula: 'Share of summaries with a number that the text does not hold',
    },
    {
      id: 'claims',
      title: 'With a statement made of other words',
      unit: 'share',
      better: 'lower',
      value: 'claims',
      grade: (value) => 1 - value,
      formula: 'Share of summaries with a statement of whose content words (three or more) more than half are not in the text',
    },
    {
      id: 'right',
      title: 'Answers the question about the text',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (value) => value,
      formula: 'Share of questions about the text answered with the words of the right answer',
    },
    {
      id: 'copied',
      title: 'Copied from the text (share of word trigrams)',
      unit: 'share',
      better: 'lower',
      value: 'copied',
      grade: (value) => 1 - value,
      formula: 'Share of the summary’s word trigrams that occur in the text; copying makes faithfulness easy',
    },
  ],
  floor: { title: 'answers a question about the text', value: 'right', chance: 0.15 },
  details: (rows) => ({ copied: meanIn(rows, 'copied'), unfaithful: meanIn(rows, 'unfaithful'), right: meanIn(rows, 'right') }),
} satisfies Suite<Passage>;
