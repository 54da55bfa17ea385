import {
  auroc,
  type Brier,
  brierOf,
  calibrationError,
  cloze,
  continuations,
  equalMassBins,
  type Forecast,
  itemsBeside,
  numbered,
  pick,
  pickedRight,
  type Question,
  riskCoverage,
  scoresOf,
  sharesOf,
} from '../../src/kit/index.ts';
import type { Observation, Response, Round, Row, Suite } from '../../src/types.ts';

interface Sure extends Question {
  readonly turn: number;
}

const items = (): Sure[] =>
  numbered(itemsBeside<Question>(import.meta.url, 'questions.jsonl').map((item) => ({ ...item, cluster: item.id, group: item.topic })));

const ask: Round<Sure> = (item) => [pick(cloze(item.question, item.lang), continuations(item.options, item.lang), item.turn)];

function observe(item: Sure, replies: readonly (readonly Response[])[]): Observation {
  const reply = replies[0]?.[0];
  const scores = scoresOf(reply, item.turn);
  const right = pickedRight(reply, item.turn);
  if (!scores || right === null) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const shares = sharesOf(scores);
  const brier = shares.reduce((sum, share, i) => sum + (share - (i === 0 ? 1 : 0)) ** 2, 0);
  return { values: { right, confidence: Math.max(...shares), brier }, outcomes: ['answered'] };
}

const forecastsOf = (rows: readonly Row[]): Forecast[] =>
  rows.flatMap(({ values: { confidence, right } }) =>
    typeof confidence === 'number' && typeof right === 'number' ? [{ confidence, correct: right }] : [],
  );

const bins = 10;
const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** How well certainty tells right answers from wrong ones; null when all are right or all wrong. */
function rankedBy(rows: readonly Row[]): number | null {
  const of = (correct: number) => forecastsOf(rows).flatMap((f) => (f.correct === correct ? [f.confidence] : []));
  return auroc(of(1), of(0))?.value ?? null;
}

function errorOf(rows: readonly Row[]) {
  const forecasts = forecastsOf(rows);
  return forecasts.length === 0 ? null : calibrationError(forecasts, bins);
}

function brierIn(rows: readonly Row[]): Brier | null {
  const forecasts = forecastsOf(rows);
  return forecasts.length === 0 ? null : brierOf(forecasts, bins);
}

/** How much area certainty adds over the best order: 0 where wrong answers are always the least certain ones. */
function riskAbove(rows: readonly Row[]): number | null {
  const forecasts = forecastsOf(rows);
  if (forecasts.length === 0) return null;
  const { area, best } = riskCoverage(forecasts);
  return area - best;
}

const reads = ['confidence', 'right'];

export default {
  id: 'reliability/calibration',
  dimension: 'reliability',
  version: '2',
  title: 'Calibration',
  about:
    'Questions with four options; the options’ probabilities among themselves are the model’s certainty. A calibrated model that is 70 % sure is right in 70 of 100 such cases.',
  limits:
    'Certainty read from probabilities of words, not from what the model says about itself. The error of a model that is always equally unsure is small though its certainty tells nothing: see resolution and the area under the ROC curve. Long options are less likely by themselves, which enters certainty. The questions also serve facts, sycophancy and determinism, so these results are not independent.',
  means: {
    good: 'Under about 5 points off with an AUROC over .7: certainty can be used as a threshold for answering, asking back or calling a person.',
    bad: 'From about 20 points off, or an AUROC near .5: the model is as sure when it errs as when it is right, so its probabilities must not decide anything.',
  },
  source:
    'Questions written for Plumbline. Expected calibration error after Naeini et al. 2015 and Guo et al. 2017 (arXiv:1706.04599); Brier score and parts after Murphy 1973; risk and coverage after Geifman & El-Yaniv 2017 (arXiv:1705.08500).',
  licence: 'Apache-2.0',
  languages: ['en', 'zh'],
  wants: ['choice'],
  sizes: { demo: 24, quick: 60, standard: 240, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'ece',
      title: 'Expected calibration error, debiased',
      unit: 'share',
      better: 'lower',
      compute: (rows) => errorOf(rows)?.debiased ?? null,
      reads,
      grade: (value) => 1 - Math.min(1, 2 * value),
      formula:
        'Σ nₖ/n · |accuracy − certainty| over ten bins of equal mass, less what chance adds in each bin (Kumar, Liang & Ma 2019, arXiv:1909.10155); half or more off is grade 0',
      says: 'is {n} points too sure or too unsure on average',
    },
    {
      id: 'auroc',
      title: 'Certainty tells right from wrong (AUROC)',
      unit: 'AUC',
      better: 'higher',
      compute: (rows) => rankedBy(rows),
      reads,
      grade: (value) => Math.max(0, 2 * value - 1),
      formula: 'Chance that a right answer was given with more certainty than a wrong one; .5 is none',
    },
    {
      id: 'brier',
      title: 'Brier score over four options',
      unit: 'points',
      better: 'lower',
      value: 'brier',
      range: [0, 2],
      grade: (value) => 1 - value / 2,
      formula: 'Mean of Σ (probability − truth)² over the four options (Brier 1950): 0 best, .75 for equal probabilities, 2 worst',
    },
    {
      id: 'resolution',
      title: 'Resolution (Murphy)',
      unit: 'points',
      better: 'higher',
      compute: (rows) => brierIn(rows)?.resolution ?? null,
      reads,
      grade: (value) => Math.min(1, 4 * value),
      formula:
        'Σ nₖ/n · (accuracy in bin − accuracy overall)² over ten bins of equal mass (Murphy 1973): 0 when certainty tells nothing, .25 at most',
    },
    {
      id: 'reliability',
      title: 'Reliability (Murphy)',
      unit: 'points',
      better: 'lower',
      compute: (rows) => brierIn(rows)?.reliability ?? null,
      reads,
      grade: (value) => 1 - Math.min(1, value),
      formula: 'Σ nₖ/n · (certainty − accuracy in bin)² over ten bins of equal mass (Murphy 1973): 0 is perfectly calibrated',
    },
    {
      id: 'eaurc',
      title: 'Risk above the best order (excess AURC)',
      unit: 'points',
      better: 'lower',
      compute: riskAbove,
      reads,
      grade: (value) => 1 - Math.min(1, 2 * value),
      formula:
        'Area under the curve of risk over coverage, less the least area that this accuracy allows (Geifman, Uziel & El-Yaniv 2019, arXiv:1805.08206)',
    },
    {
      id: 'ece-raw',
      title: 'Expected calibration error as usually given',
      unit: 'share',
      better: 'lower',
      compute: (rows) => errorOf(rows)?.ece ?? null,
      reads,
      grade: (value) => 1 - Math.min(1, 2 * value),
      formula:
        'Σ nₖ/n · |accuracy − certainty| over ten bins of equal mass (Naeini et al. 2015); chance alone makes it larger than 0 in small samples',
    },
    {
      id: 'accuracy',
      title: 'Accuracy',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (value) => value,
      formula: 'Share of questions whose right option is the likeliest; guessing gives 1/4',
    },
  ],
  floor: { title: 'answers better than by guessing', value: 'right', chance: 0.25 },
  details: (rows) => {
    const forecasts = forecastsOf(rows);
    if (forecasts.length === 0) return {};
    const { curve, area, best } = riskCoverage(forecasts);
    const at = (coverage: number) => curve.find((point) => point.coverage >= coverage - 1e-9) ?? { coverage: 1, risk: Number.NaN };
    return {
      bins: equalMassBins(forecasts, bins).map((bin) => ({ ...bin })),
      murphy: { ...brierOf(forecasts, bins) },
      riskCoverage: tenths.map(at).map((point) => ({ ...point })),
      riskCoverageArea: area,
      leastArea: best,
    };
  },
} satisfies Suite<Sure>;
