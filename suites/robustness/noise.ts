import {
  casing,
  cloze,
  continuations,
  dialect,
  dialectZh,
  homoglyphs,
  homoglyphsZh,
  homophonesZh,
  itemsBeside,
  lostAboveChance,
  meanAll,
  meanIn,
  numbered,
  ocr,
  type Perturbation,
  pick,
  pickedRight,
  type Question,
  shapesZh,
  spacing,
  spacingZh,
  synonyms,
  synonymsZh,
  traditionalZh,
  typos,
} from '../../src/kit/index.ts';
import type { Metric, Observation, Response, Round, Suite } from '../../src/types.ts';

interface Noisy extends Question {
  readonly turn: number;
}

const english: Readonly<Record<string, Perturbation>> = { typos, casing, spacing, ocr, homoglyphs, synonyms, dialect };
const chinese: typeof english = {
  typos: homophonesZh,
  casing: traditionalZh,
  spacing: spacingZh,
  ocr: shapesZh,
  homoglyphs: homoglyphsZh,
  synonyms: synonymsZh,
  dialect: dialectZh,
};
const titles = {
  typos: 'typing slips',
  casing: 'odd letter case (Chinese: traditional characters)',
  spacing: 'lost and added spaces',
  ocr: 'scanning errors',
  homoglyphs: 'look-alike characters',
  synonyms: 'synonyms',
  dialect: 'dialect',
  paraphrase: 'in other words',
} as const;
const kinds = Object.keys(titles) as (keyof typeof titles)[];

const items = (): Noisy[] =>
  numbered(itemsBeside<Question>(import.meta.url, 'questions.jsonl').map((item) => ({ ...item, cluster: item.id, group: item.topic })));

/** Every noisy form of a question that differs from it and from those before, by kind. */
function variantsOf(item: Noisy): { readonly kind: string; readonly text: string }[] {
  const made = Object.entries(item.lang === 'zh' ? chinese : english).map(([kind, change]) => ({
    kind,
    text: change(item.question, `${item.id}/${kind}`),
  }));
  if (item.paraphrase) made.push({ kind: 'paraphrase', text: item.paraphrase });
  const seen = new Set([item.question]);
  return made.filter(({ text }) => !seen.has(text) && seen.add(text));
}

const ask: Round<Noisy> = (item) => {
  const options = continuations(item.options, item.lang);
  const noisy = variantsOf(item).map(({ text }) => pick(cloze(text, item.lang), options, item.turn));
  return [pick(cloze(item.question, item.lang), options, item.turn, { worst: 0 }), ...noisy];
};

function observe(item: Noisy, replies: readonly (readonly Response[])[]): Observation {
  const [first, ...rest] = replies[0] ?? [];
  const clean = pickedRight(first, item.turn);
  const seen = variantsOf(item).map(({ kind }, i) => [kind, pickedRight(rest[i], item.turn)] as const);
  const noisy = meanAll(seen.map(([, right]) => right));
  if (clean === null || noisy === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const worst = Math.min(clean, ...seen.map(([, right]) => right ?? 1));
  const byKind: Record<string, number | null> = Object.fromEntries(seen);
  const negated = item.topic === 'negation' && byKind.paraphrase !== undefined ? { negated: byKind.paraphrase } : {};
  return { values: { clean, noisy, worst, drop: clean - noisy, ...byKind, ...negated }, outcomes: ['answered'] };
}

const chance = 0.25;

const byKind: Metric[] = kinds.map((kind) => ({
  id: kind,
  title: `Accuracy under noise: ${titles[kind]}`,
  unit: 'share',
  better: 'higher',
  value: kind,
  grade: (value) => value,
  formula: 'Share of the questions in this form (where it differs from the clean one) whose right option is the likeliest',
}));

export default {
  id: 'robustness/noise',
  dimension: 'robustness',
  version: '2',
  title: 'Noisy questions',
  about:
    'Easy questions with four options, asked clean and with typing slips, odd case, lost and added spaces, scanning errors, look-alike letters, synonyms, in dialect and in other words (negations kept). In Chinese: characters of the same sound, of like shape and of the same look, traditional characters, stray blanks, synonyms and dialect. The likeliest option counts as the answer.',
  limits:
    'Short questions only; the options stay clean. Noise that a reader undoes at once; nothing adversarial; dialect is light (spelling, some words, word order). A small model may lose a question by luck: the paired drop counts gains against losses. The questions also serve the suites on format, order of options and wording, so the four results are not independent.',
  means: {
    good: 'Near 0 %: what the model knows it also knows from a hurried, scanned or dialectal question, so tests on clean text carry over to real input.',
    bad: 'From about 30 %: a third of what the model knows is lost as soon as a user mistypes, so its accuracy on clean benchmarks overstates what users get.',
  },
  source:
    'Questions written for Plumbline. The kinds of noise follow PromptBench (Zhu et al. 2023, arXiv:2306.04528) and HELM’s perturbations (Liang et al. 2022, arXiv:2211.09110); dialect after Multi-VALUE (Ziems et al. 2023, arXiv:2212.08011).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['choice'],
  sizes: { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'lost',
      title: 'Accuracy above chance lost to noise',
      unit: 'share',
      better: 'lower',
      compute: (rows) => lostAboveChance(rows, 'clean', 'noisy', chance),
      reads: ['clean', 'noisy'],
      grade: (value) => 1 - value,
      formula:
        '(clean − noisy) / (clean − 1/4), the performance drop rate of PromptBench (Zhu et al. 2023, section 3.3) above guessing; noisy is the mean over the kinds of noise',
      says: 'loses {n} % of what it gets right above guessing when questions are noisy',
    },
    {
      id: 'drop',
      title: 'Paired accuracy drop',
      unit: 'points',
      better: 'lower',
      value: 'drop',
      range: [0, 1],
      grade: (value) => 1 - Math.max(0, value),
      formula: 'Mean over questions of (right when clean) − (share of noisy forms right)',
    },
    {
      id: 'worst-case',
      title: 'Accuracy in the worst case of each question',
      unit: 'share',
      better: 'higher',
      value: 'worst',
      grade: (value) => value,
      formula: 'A question counts only when it is right clean and in every noisy form',
      says: 'answers {n} of 100 questions rightly however they are written',
    },
    {
      id: 'clean',
      title: 'Accuracy on clean questions',
      unit: 'share',
      better: 'higher',
      value: 'clean',
      grade: (value) => value,
      formula: 'Share of clean questions whose right option is the likeliest; guessing gives 1/4',
    },
    ...byKind,
    {
      id: 'negated',
      title: 'Accuracy on negated questions in other words',
      unit: 'share',
      better: 'higher',
      value: 'negated',
      grade: (value) => value,
      formula: 'The same over the questions that turn on a negation, which their other wording keeps',
    },
  ],
  floor: { title: 'answers clean questions better than by guessing', value: 'clean', chance },
  details: (rows) => ({
    byKind: ['clean', ...kinds].map((kind) => ({
      kind,
      n: rows.filter((row) => typeof row.values[kind] === 'number').length,
      accuracy: meanIn(rows, kind),
    })),
  }),
} satisfies Suite<Noisy>;
