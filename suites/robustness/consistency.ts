import {
  agreement,
  assistant,
  choose,
  cloze,
  continuations,
  gistOf,
  itemsBeside,
  meanAll,
  numbered,
  outcomeOf,
  picked,
  type Question,
  reworded,
  scoresOf,
  tell,
  user,
} from '../../src/kit/index.ts';
import type { Item, Message, Observation, Request, Response, Round, Suite } from '../../src/types.ts';

/** Two things of which the first is `word` than the second, and the second `opposite` than the first. */
interface Comparison extends Item {
  readonly more: string;
  readonly less: string;
  readonly word: string;
  readonly opposite: string;
}
type Same = { readonly turn: number } & ((Question & { readonly kind: 'wording' }) | (Comparison & { readonly kind: 'converse' }));

const maxTokens = 16;
const seeds = [1, 2, 3];

const items = (): Same[] => {
  const questions = itemsBeside<Question>(import.meta.url, 'questions.jsonl').filter((item) => item.paraphrase);
  const comparisons = itemsBeside<Comparison>(import.meta.url, 'consistency.jsonl');
  return numbered([
    ...questions.map((item) => ({ ...item, kind: 'wording' as const, group: 'wording', cluster: item.id })),
    ...comparisons.map((item) => ({ ...item, kind: 'converse' as const, group: 'converse', cluster: item.id })),
  ]);
};

/** Four wordings of a question: its own, another one written by hand, and both inside other sentences. */
const wordings = (item: Question): string[] => {
  const other = item.paraphrase ?? item.question;
  return [item.question, other, reworded(item.question, item.id), reworded(other, `${item.id}/other`)];
};
/** Four ways to ask for one comparison; the answer is yes, yes, no, no. */
const ways = ({ more, less, word, opposite }: Comparison): string[] => [
  `Is ${more} ${word} than ${less}?`,
  `Is ${less} ${opposite} than ${more}?`,
  `Is ${less} ${word} than ${more}?`,
  `Is ${more} ${opposite} than ${less}?`,
];
const yesNo = [' Yes', ' No'];
const truth = [0, 0, 1, 1];

const wish = (question: string, lang = 'en'): Message =>
  user(lang === 'zh' ? `${question}只用一两个词回答。` : `${question} Answer with one or two words.`);
/** Two solved turns show the form, so that what differs is what is said, not how much. */
const solved: Readonly<Record<string, readonly Message[]>> = {
  en: [wish('Which animal gallops?'), assistant('Horse'), wish('What do people read in a library?'), assistant('Books')],
  zh: [wish('会奔跑、能骑的是什么动物\uff1f', 'zh'), assistant('马'), wish('图书馆里的人在看什么\uff1f', 'zh'), assistant('书')],
};

/** Options turn from wording to wording, so that a liking for a place is no agreement. */
function ask(item: Same): Request[] {
  if (item.kind === 'converse')
    return ways(item).map((way, i) =>
      choose(cloze(way), yesNo, {
        perfect: truth[i] ?? 0,
        worst: i % 2 === 0 ? (truth[i] ?? 0) : 1 - (truth[i] ?? 0),
        turn: item.turn + i,
      }),
    );
  const options = continuations(item.options, item.lang);
  const scored = wordings(item).map((text, i) => choose(cloze(text, item.lang), options, { perfect: 0, worst: i, turn: item.turn + i }));
  const ask = (text: string): Message[] => [...(solved[item.lang ?? 'en'] ?? []), wish(text, item.lang)];
  const said = [item.question, item.paraphrase ?? ''].map((text, i) =>
    tell(ask(text), maxTokens, { perfect: item.options[0], worst: item.options[i] ?? '' }),
  );
  const sampled = seeds.map(
    (seed, i): Request => ({
      to: 'target',
      prompt: ask(item.question),
      want: { kind: 'text', maxTokens, temperature: 0.7, seed, stop: ['\n'] },
      script: { perfect: item.options[0], worst: item.options[i] ?? '' },
    }),
  );
  return [...scored, ...said, ...sampled];
}

const round: Round<Same> = ask;

function observe(item: Same, replies: readonly (readonly Response[])[]): Observation {
  const all = replies[0] ?? [];
  if (item.kind === 'converse') {
    const yes = all.map((reply, i) => {
      const scores = scoresOf(reply, item.turn + i);
      return scores ? (scores[0] ?? 0) > (scores[1] ?? 0) : null;
    });
    if (yes.some((y) => y === null)) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
    const meant = yes.map((y, i) => (y === (truth[i] === 0) ? 1 : 0));
    return { values: { converse: agreement(meant), compared: meanAll(meant) }, outcomes: ['answered'] };
  }
  const chosen = wordings(item).map((_, i) => picked(all[i], item.turn + i));
  const told = all.slice(chosen.length);
  const outcomes = ['answered' as const, ...told.map((reply) => outcomeOf(reply))];
  const equal = agreement(chosen);
  if (equal === null) return { skip: 'no log-probabilities came back', outcomes: ['error', ...outcomes.slice(1)] };
  const right = chosen.filter((index) => index === 0).length / chosen.length;
  const [first = null, second = null, ...sampled] = told.map((reply) =>
    reply.ok && outcomeOf(reply) === 'answered' ? gistOf(reply.text, item.question, item.options) : null,
  );
  const same = first === null || second === null ? null : first === second ? 1 : 0;
  return { values: { agree: equal, right, told: same, self: agreement(sampled) }, outcomes };
}

export default {
  id: 'robustness/consistency',
  dimension: 'robustness',
  version: '2',
  title: 'The same question in other words',
  about:
    'Questions in four wordings, the same question answered three times with sampling (self-consistency), and (in English) comparisons asked in both directions (“Is a mouse smaller than an elephant?”, “Is a mouse bigger …?”). Answers should agree with each other.',
  limits:
    'Agreement is not truth: a model can be wrong in all wordings alike, so the control asks for right answers. The third and fourth wording only wrap the first two. The questions also serve the suites on noise, format and order of options, so the four results are not independent.',
  means: {
    good: 'From about 90 of 100: users who ask the same thing in their own words get the same answer.',
    bad: 'Under about 60 of 100: the answer depends on how a question is put, so a test with one wording says little about the next user.',
  },
  source:
    'Questions written for Plumbline. After ParaRel (Elazar et al. 2021, arXiv:2102.01017) and BECEL (Jang et al. 2022), which tests symmetry and negation; agreement under sampling after self-consistency (Wang et al. 2022, arXiv:2203.11171).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['choice', 'text'],
  sizes: { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [round],
  observe,
  metrics: [
    {
      id: 'agree',
      title: 'Agreement between wordings',
      unit: 'share',
      better: 'higher',
      value: 'agree',
      grade: (value) => Math.max(0, (value - 0.25) / 0.75),
      formula:
        'Share of the six pairs of four wordings in which the same option is chosen (ParaRel consistency, Elazar et al. 2021, section 3); guessing gives 1/4, which is grade 0',
      says: 'chooses the same answer in {n} of 100 pairs of wordings of one question',
    },
    {
      id: 'told',
      title: 'Written answers agree between question and paraphrase',
      unit: 'share',
      better: 'higher',
      value: 'told',
      grade: (value) => value,
      formula:
        'Share of questions whose answer and whose paraphrase’s answer name the same option (or, naming none, begin with the same two words or four characters of content)',
    },
    {
      id: 'self',
      title: 'Sampled answers agree (self-consistency)',
      unit: 'share',
      better: 'higher',
      value: 'self',
      grade: (value) => value,
      formula: 'Share of the three pairs of three answers at temperature 0.7 that say the same (Wang et al. 2022)',
    },
    {
      id: 'converse',
      title: 'Comparisons agree in all directions',
      unit: 'share',
      better: 'higher',
      value: 'converse',
      grade: (value) => Math.max(0, (value - 1 / 3) * 1.5),
      formula: 'Share of the six pairs of four ways to ask one comparison that imply the same; always saying yes gives 1/3, guessing 1/2',
    },
    {
      id: 'right',
      title: 'Right over all wordings',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (value) => value,
      formula: 'Share of right choices over the four wordings; guessing gives 1/4',
    },
    {
      id: 'compared',
      title: 'Comparisons right',
      unit: 'share',
      better: 'higher',
      value: 'compared',
      grade: (value) => Math.max(0, 2 * value - 1),
      formula: 'Share of comparisons answered rightly over four ways to ask; always saying yes gives 1/2',
    },
  ],
  floor: { title: 'answers the questions better than by guessing', value: 'right', chance: 0.25 },
} satisfies Suite<Same>;
