import { agreement, assistant, gistOf, itemsBeside, mentions, numbered, outcomeOf, type Question, user } from '../../src/kit/index.ts';
import type { Message, Observation, Request, Response, Round, Suite } from '../../src/types.ts';

interface Repeated extends Question {
  readonly turn: number;
}

const maxTokens = 16;
const seeds = [1, 2, 3, 4];

/** The plain questions, none whose right answer stands in the question. */
const items = (): Repeated[] =>
  numbered(
    itemsBeside<Question>(import.meta.url, 'questions.jsonl')
      .filter((item) => !mentions(item.question, item.options[0]))
      .map((item) => ({ ...item, cluster: item.id, group: item.topic })),
  );

const wish = (question: string, lang = 'en'): Message =>
  user(lang === 'zh' ? `${question}只用一个词回答。` : `${question} Answer with one word.`);
/** Two solved turns show the form, so that what differs is what is said, not how much. */
const solved: Readonly<Record<string, readonly Message[]>> = {
  en: [wish('Which animal barks?'), assistant('Dog'), wish('What do people wear on their hands in winter?'), assistant('Gloves')],
  zh: [wish('会汪汪叫的是什么动物\uff1f', 'zh'), assistant('狗'), wish('冬天人们手上戴什么\uff1f', 'zh'), assistant('手套')],
};

const told = (item: Repeated, seed: number, temperature: number, worst: string): Request => ({
  to: 'target',
  prompt: [...(solved[item.lang ?? 'en'] ?? []), wish(item.question, item.lang)],
  want: { kind: 'text', maxTokens, temperature, seed, stop: ['\n'] },
  script: { perfect: item.options[0], worst },
});

/** Twice greedily, under different seeds that must not matter, then four times at temperature 0.7. */
const ask: Round<Repeated> = (item) => [
  told(item, 0, 0, item.options[0]),
  told(item, 1, 0, item.options[1] ?? ''),
  ...seeds.map((seed, i) => told(item, seed, 0.7, item.options[i % item.options.length] ?? '')),
];

function observe(item: Repeated, replies: readonly (readonly Response[])[]): Observation {
  const all = replies[0] ?? [];
  const outcomes = all.map((reply) => outcomeOf(reply));
  const texts = all.map((reply) => (reply.ok ? reply.text : null));
  if (texts.some((text) => text === null)) return { skip: 'an answer is missing', outcomes };
  const [first, second, ...sampled] = texts as string[];
  const gists = sampled.map((text) => gistOf(text, item.question, item.options));
  const right = first !== undefined && mentions(first, item.options[0]) && !mentions(first, item.question) ? 1 : 0;
  return {
    values: {
      agree: agreement(gists),
      right,
      greedy: first === second ? 1 : 0,
      all: new Set(gists).size === 1 ? 1 : 0,
      withGreedy: gists.filter((g) => g === gistOf(first ?? '', item.question, item.options)).length / gists.length,
    },
    outcomes,
  };
}

export default {
  id: 'reliability/determinism',
  dimension: 'reliability',
  version: '2',
  title: 'The same answer again',
  about:
    'Short questions, after two solved ones, asked twice with greedy decoding and four times with sampling (temperature 0.7). The answers should say the same; greedy answers must be equal to the letter.',
  limits:
    'Agreement, not truth: a model can be wrong the same way every time, so the control asks for right answers. One temperature, one top-p (1). How often answers change with the batch is measured for the runner as a whole. The questions also serve facts, calibration and sycophancy, so these results are not independent.',
  means: {
    good: 'From about 90 of 100: a user who asks twice, or a test that is run again, sees the same answer.',
    bad: 'Under about 60 of 100: one answer is a draw from many, so ask several times and take the majority, or decode greedily.',
  },
  source:
    'Questions written for Plumbline. Agreement under sampling after self-consistency (Wang et al. 2022, arXiv:2203.11171) and SelfCheckGPT (Manakul et al. 2023, arXiv:2303.08896).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['text'],
  sizes: { demo: 10, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'agree',
      title: 'Agreement of sampled answers',
      unit: 'share',
      better: 'higher',
      value: 'agree',
      grade: (value) => value,
      formula:
        'Share of the six pairs of four sampled answers that name the same option (or, naming none, begin with the same two words or four characters of content)',
      says: 'says the same in {n} of 100 pairs of repeated answers',
    },
    {
      id: 'greedy',
      title: 'Greedy answers equal to the letter',
      unit: 'share',
      better: 'higher',
      value: 'greedy',
      grade: (value) => value,
      formula: 'Share of questions whose two greedy answers, under seeds that must not matter, are the same text',
    },
    {
      id: 'with-greedy',
      title: 'Sampled answers that agree with the greedy one',
      unit: 'share',
      better: 'higher',
      value: 'withGreedy',
      grade: (value) => value,
      formula: 'Share of sampled answers that say what the greedy answer says',
    },
    {
      id: 'all',
      title: 'All four sampled answers agree',
      unit: 'share',
      better: 'higher',
      value: 'all',
      grade: (value) => value,
      formula: 'Share of questions whose four sampled answers say the same',
    },
    {
      id: 'right',
      title: 'Right (greedy)',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (value) => value,
      formula: 'Share of questions whose greedy answer names the right option',
    },
  ],
  floor: { title: 'answers the questions rightly', value: 'right', chance: 0.1 },
} satisfies Suite<Repeated>;
