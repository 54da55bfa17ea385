import {
  casing,
  cloze,
  continuations,
  homoglyphs,
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

const english: Readonly<Record<string, Perturbation>> = { typos, casing, spacing, ocr, homoglyphs, synonyms };
const chinese: typeof english = { typos: homophonesZh, casing: traditionalZh, spacing: spacingZh, ocr: shapesZh, synonyms: synonymsZh };
const kinds = ['typos', 'casing', 'spacing', 'ocr', 'homoglyphs', 'synonyms', 'paraphrase'] as const;

const items = (): Noisy[] =>
  numbered(itemsBeside<Question>(import.meta.url, 'questions.jsonl').map((item) => ({ ...item, cluster: item.id, group: item.topic })));

/** Every noisy form of a question that differs from it, by kind. */
function variantsOf(item: Noisy): { readonly kind: string; readonly text: string }[] {
  const made = Object.entries(item.lang === 'zh' ? chinese : english).map(([kind, change]) => ({
    kind,
    text: change(item.question, `${item.id}/${kind}`),
  }));
  if (item.paraphrase) made.push({ kind: 'paraphrase', text: item.paraphrase });
  return made.filter(({ text }) => text !== item.question);
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
  return { values: { clean, noisy, worst, drop: clean - noisy, ...Object.fromEntries(seen) }, outcomes: ['answered'] };
}

const chance = 0.25;

const byKind: Metric[] = kinds.map((kind) => ({
  id: kind,
  title: `Accuracy under noise: ${kind}`,
  unit: 'share',
  better: 'higher',
  value: kind,
  grade: (value) => value,
}));

export default {
  id: 'robustness/noise',
  dimension: 'robustness',
  version: '1',
  title: 'Noisy questions',
  about:
    'Easy questions with four options, asked clean and with typing slips, odd case, lost and added spaces, scanning errors, look-alike letters, synonyms and in other words. In Chinese: characters of the same sound or shape, traditional characters and stray blanks. The likeliest option counts as the answer.',
  limits:
    'Short questions only; the options stay clean. Noise that a reader undoes at once; nothing adversarial. A small model may lose a question by luck: the paired drop counts gains against losses.',
  source:
    'Questions written for Plumbline. The kinds of noise follow PromptBench (Zhu et al. 2023, arXiv:2306.04528) and HELM’s perturbations (Liang et al. 2022, arXiv:2211.09110).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['choice'],
  sizes: { demo: 12, quick: 40, standard: 120, full: Number.POSITIVE_INFINITY },
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
    { id: 'clean', title: 'Accuracy on clean questions', unit: 'share', better: 'higher', value: 'clean', grade: (value) => value },
    ...byKind,
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
