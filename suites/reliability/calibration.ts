import {
  auroc,
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
  numbered(
    itemsBeside<Question>(import.meta.url, 'questions.jsonl')
      .filter((item) => (item.lang ?? 'en') === 'en')
      .map((item) => ({ ...item, cluster: item.id, group: item.topic })),
  );

const ask: Round<Sure> = (item) => [pick(cloze(item.question), continuations(item.options), item.turn)];

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

const reads = ['confidence', 'right'];

export default {
  id: 'reliability/calibration',
  dimension: 'reliability',
  version: '1',
  title: 'Calibration',
  about:
    'Questions with four options; the options’ probabilities among themselves are the model’s certainty. A calibrated model that is 70 % sure is right in 70 of 100 such cases.',
  limits:
    'Certainty read from probabilities of words, not from what the model says about itself. The error of a model that is always equally unsure is small though its certainty tells nothing: see resolution and the area under the ROC curve.',
  source:
    'Questions written for Plumbline. Expected calibration error after Naeini et al. 2015 and Guo et al. 2017 (arXiv:1706.04599); Brier score and parts after Murphy 1973.',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice'],
  sizes: { demo: 24, quick: 60, standard: 200, full: Number.POSITIVE_INFINITY },
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
      id: 'ece-raw',
      title: 'Expected calibration error as usually given',
      unit: 'share',
      better: 'lower',
      compute: (rows) => errorOf(rows)?.ece ?? null,
      reads,
      grade: (value) => 1 - Math.min(1, 2 * value),
    },
    { id: 'accuracy', title: 'Accuracy', unit: 'share', better: 'higher', value: 'right', grade: (value) => value },
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
