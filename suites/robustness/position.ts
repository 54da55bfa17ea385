import {
  agreement,
  chiSquareCdf,
  cloze,
  continuations,
  itemsBeside,
  meanAll,
  meanIn,
  numbered,
  pick,
  picked,
  type Question,
  rotated,
  told,
} from '../../src/kit/index.ts';
import type { Observation, Request, Response, Round, Row, Suite } from '../../src/types.ts';

interface Placed extends Question {
  readonly turn: number;
  /** `letters`: options stand under letters and the letter is scored; `listed`: options stand in the question and their text is scored. */
  readonly group: 'letters' | 'listed';
}

const layouts = ['letters', 'listed'] as const;
const places = [0, 1, 2, 3];

const items = (): Placed[] =>
  numbered(
    itemsBeside<Question>(import.meta.url, 'questions.jsonl').flatMap((item): Placed[] =>
      layouts.map((group) => ({ ...item, id: `${item.id}-${group}`, cluster: item.id, group, turn: 0 })),
    ),
  );

interface Solved {
  readonly question: string;
  readonly options: readonly string[];
  readonly key: number;
}
/** Solved examples show how to answer; their keys take every place once. All prompts of a kind share them as their beginning. */
const solved: readonly Solved[] = [
  { question: 'Which animal barks?', options: ['hen', 'cow', 'dog', 'fish'], key: 2 },
  { question: 'What color is grass?', options: ['green', 'red', 'blue', 'white'], key: 0 },
  { question: 'What do people drink?', options: ['stones', 'wood', 'iron', 'water'], key: 3 },
  { question: 'How many ears does a person have?', options: ['nine', 'two', 'five', 'seven'], key: 1 },
];
const solvedZh: readonly Solved[] = [
  { question: '会汪汪叫的是什么动物\uff1f', options: ['鸡', '牛', '狗', '鱼'], key: 2 },
  { question: '草是什么颜色的\uff1f', options: ['绿色', '红色', '蓝色', '白色'], key: 0 },
  { question: '人每天都要喝什么\uff1f', options: ['石头', '木头', '铁', '水'], key: 3 },
  { question: '一个人有几只耳朵\uff1f', options: ['九只', '两只', '五只', '七只'], key: 1 },
];
type Layout = (question: string, options: readonly string[], lang: string) => string;
const underLetters: Layout = (question, options, lang) => {
  const listedOptions = options.map((o, i) => `${'ABCD'[i]}. ${o}`).join('\n');
  return lang === 'zh' ? `问题\uff1a${question}\n${listedOptions}\n答案\uff1a` : `Question: ${question}\n${listedOptions}\nAnswer:`;
};
const listed: Layout = (question, options, lang) => {
  const [most, last] = [options.slice(0, -1), options.at(-1)];
  return cloze(
    lang === 'zh' ? `${question}从中选一个\uff1a${most.join('、')}、${last}。` : `${question} Choose one: ${most.join(', ')} or ${last}.`,
    lang,
  );
};
const afterSolved = (layout: Layout, answer: (shot: Solved) => string, prompt: string, lang: string): string =>
  `${(lang === 'zh' ? solvedZh : solved).map((shot) => `${layout(shot.question, shot.options, lang)}${answer(shot)}\n\n`).join('')}${prompt}`;

/** The four rotations of the options. The worst responder always takes the first place. */
const ask: Round<Placed> = (item) =>
  places.map((place): Request => {
    const lang = item.lang ?? 'en';
    const { options, key } = rotated(item.options, item.turn + place);
    const byLetter = item.group === 'letters';
    const layout = byLetter ? underLetters : listed;
    const answers = byLetter ? continuations(['A', 'B', 'C', 'D'], lang) : continuations(options, lang);
    const solvedAnswer = (shot: Solved): string =>
      continuations([byLetter ? ('ABCD'[shot.key] ?? '') : (shot.options[shot.key] ?? '')], lang)[0] ?? '';
    return pick(afterSolved(layout, solvedAnswer, layout(item.question, options, lang), lang), answers, 0, { perfect: key, worst: 0 });
  });

function observe(item: Placed, replies: readonly (readonly Response[])[]): Observation {
  const chosen = places.map((place) => picked(replies[0]?.[place], 0));
  const content = chosen.map((at, place) => (at === null || at < 0 ? at : (at + item.turn + place) % 4));
  const equal = agreement(content);
  const right = meanAll(content.map((c) => (c === null ? null : c === 0 ? 1 : 0)));
  if (equal === null || right === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const first = Object.fromEntries(places.map((p) => [`place-${p + 1}`, chosen.filter((at) => at === p).length / 4]));
  const recalls = chosen.map((at, place) => [
    `recall-${((4 - ((item.turn + place) % 4)) % 4) + 1}`,
    at === null ? null : content[place] === 0 ? 1 : 0,
  ]);
  const worst = content.every((c) => c === 0) ? 1 : 0;
  return { values: { fickle: 1 - equal, right, worst, ...first, ...Object.fromEntries(recalls) }, outcomes: ['answered'] };
}

/** Standard deviation of the recall of each place, in points (Zheng et al. 2024, arXiv:2309.03882, section 2). */
function recallSpread(rows: readonly Row[]): number | null {
  const recalls = places.map((p) => meanIn(rows, `recall-${p + 1}`));
  if (recalls.some((r) => r === null)) return null;
  const values = recalls as number[];
  const mean = values.reduce((a, b) => a + b, 0) / 4;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4);
}

/** How often each place was chosen, against a fair 1/4 each: chi-square with one choice a question counted (its four rotations are no four draws). */
function placesOf(rows: readonly Row[]) {
  const own = rows.filter((row) => typeof row.values['place-1'] === 'number');
  const shares = places.map((p) => meanIn(own, `place-${p + 1}`) ?? 0);
  const chiSquare = shares.reduce((sum, share) => sum + (own.length * (share - 0.25) ** 2) / 0.25, 0);
  const empty = own.length === 0;
  return {
    n: own.length,
    shares,
    chiSquare,
    p: empty ? null : 1 - chiSquareCdf(chiSquare, 3),
    v: empty ? null : Math.sqrt(chiSquare / (3 * own.length)),
  };
}

const chance = 0.25;

const inLayout = (rows: readonly Row[], layout: string): readonly Row[] => rows.filter((row) => row.group === layout);

/** Layouts in which the model answers better than by guessing (two standard errors): where it only guesses, order tells nothing. All, when it guesses in both. */
function ableIn(rows: readonly Row[]): readonly string[] {
  const able = layouts.filter((layout) => {
    const own = inLayout(rows, layout);
    const [share, right] = [meanIn(own, 'right'), told(own, 'right')];
    if (share === null || right.length < 2) return false;
    const variance = right.reduce((sum, value) => sum + (value - share) ** 2, 0) / (right.length - 1);
    return share - 2 * Math.sqrt(variance / right.length) > chance;
  });
  return able.length === 0 ? layouts : able;
}
function fickleWhereAble(rows: readonly Row[]): number | null {
  const able = ableIn(rows);
  return meanIn(
    rows.filter((row) => able.includes(row.group ?? '')),
    'fickle',
  );
}
/** The better layout's accuracy. */
function bestAccuracy(rows: readonly Row[]): number | null {
  const shares = layouts.map((layout) => meanIn(inLayout(rows, layout), 'right')).filter((share) => share !== null);
  return shares.length === 0 ? null : Math.max(...shares);
}

export default {
  id: 'robustness/position',
  dimension: 'robustness',
  version: '2',
  title: 'Order of the options',
  about:
    'Questions with four options, each asked four times with the options rotated, once under the letters A to D and once with the options listed in the question, after four solved examples. A model that knows the answer chooses the same content wherever it stands.',
  limits:
    'Rotations only, not all 24 orders. Small models often cannot use letters at all: then only the listed half counts (see the groups). The questions also serve the suites on noise, format and wording, so the four results are not independent.',
  means: {
    good: 'Near 0: the model chooses by content, so multiple-choice results and classifications by letter can be taken at face value.',
    bad: 'From about 40 of 100: what stands where decides, so never let this model choose from a list without asking in several orders.',
  },
  source:
    'Questions written for Plumbline. Measures after Zheng et al. 2024 (arXiv:2309.03882, selection bias and RStd) and Pezeshkpour & Hruschka 2023 (arXiv:2308.11483).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['choice'],
  sizes: { demo: 16, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'fickle',
      title: 'Choices that change with the order of the options',
      unit: 'share',
      better: 'lower',
      compute: fickleWhereAble,
      reads: ['fickle', 'right'],
      grade: (value) => 1 - value,
      formula:
        'Over the layouts that the model can use: share of the six pairs of rotations of a question in which different content is chosen; guessing gives 3/4, always the same place 1',
      says: 'chooses something else in {n} of 100 cases when only the order of the options changes',
    },
    {
      id: 'accuracy',
      title: 'Accuracy over all rotations',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (value) => value,
      formula: 'Share of right choices over all rotations and both layouts; guessing gives 1/4',
    },
    {
      id: 'every-order',
      title: 'Right in every rotation',
      unit: 'share',
      better: 'higher',
      value: 'worst',
      grade: (value) => value,
      formula: 'Share of questions right in all four rotations (Pezeshkpour & Hruschka 2023)',
      says: 'is right in {n} of 100 questions wherever the right option stands',
    },
    {
      id: 'rstd',
      title: 'Standard deviation of recall over places (RStd)',
      unit: 'points',
      better: 'lower',
      compute: recallSpread,
      reads: ['recall-1', 'recall-2', 'recall-3', 'recall-4'],
      grade: (value) => 1 - Math.min(1, value / 0.433),
      formula:
        'Standard deviation over the four places of the share chosen when the right option stands there (Zheng et al. 2024, section 2); always the same place gives .433',
    },
    {
      id: 'letter-bias',
      title: 'Uneven choice of letters (Cramér’s V)',
      unit: 'share',
      better: 'lower',
      compute: (rows) => placesOf(rows.filter((row) => row.group === 'letters')).v,
      reads: ['place-1', 'place-2', 'place-3', 'place-4'],
      grade: (value) => 1 - value,
      formula:
        '√(χ² / 3n) of how often each letter was chosen against a quarter each (Cramér 1946): 0 all alike, 1 always the same letter; χ² and its p-value are in the details',
    },
  ],
  floor: {
    title: 'answers better than by guessing over all rotations, in one layout at least',
    compute: bestAccuracy,
    reads: ['right'],
    chance,
  },
  details: (rows) => {
    const parts = (['letters', 'listed'] as const).map((group) => ({ group, ...placesOf(rows.filter((row) => row.group === group)) }));
    return {
      chosen: parts.flatMap(({ group, n, shares }) => shares.map((share, i) => ({ name: `${group}, place ${i + 1}`, share, n }))),
      fairness: parts.map(({ group, n, chiSquare, p, v }) => ({ options: group, questions: n, chiSquare, p, v })),
    };
  },
} satisfies Suite<Placed>;
