/** How far stated confidence can be believed. */
import { normalCdf } from './special.ts';

/** One forecast: the confidence stated (0..1) and whether it came true (0 or 1). */
export interface Forecast {
  readonly confidence: number;
  readonly correct: number;
}

export interface CalibrationBin {
  readonly confidence: number;
  readonly accuracy: number;
  readonly n: number;
}

/** Bins of equal mass in order of confidence; equal confidences stay together. At most `bins`, none empty. */
export function equalMassBins(forecasts: readonly Forecast[], bins = 15): CalibrationBin[] {
  const sorted = [...forecasts].sort((a, b) => a.confidence - b.confidence);
  const out: CalibrationBin[] = [];
  let from = 0;
  for (let k = 1; k <= bins && from < sorted.length; k++) {
    let to = Math.max(from + 1, Math.round((k * sorted.length) / bins));
    while (to < sorted.length && sorted[to]?.confidence === sorted[to - 1]?.confidence) to++;
    const part = sorted.slice(from, to);
    out.push({ confidence: meanBy(part, (f) => f.confidence), accuracy: meanBy(part, (f) => f.correct), n: part.length });
    from = to;
  }
  return out;
}

export interface CalibrationError {
  /** Σ nₖ/n · |accuracyₖ − confidenceₖ| over equal-mass bins. */
  readonly ece: number;
  /** The same less the bias that chance alone adds in finite bins (Kumar, Liang & Ma 2019, §4 and appendix: Gaussian approximation), not below 0. */
  readonly debiased: number;
  readonly bins: readonly CalibrationBin[];
}

/** Expected calibration error with equal-mass bins. NaN without forecasts. */
export function calibrationError(forecasts: readonly Forecast[], bins = 15): CalibrationError {
  const parts = equalMassBins(forecasts, bins);
  const n = forecasts.length;
  let ece = 0;
  let expected = 0;
  for (const bin of parts) {
    const gap = Math.abs(bin.accuracy - bin.confidence);
    const sd = Math.sqrt((bin.accuracy * (1 - bin.accuracy)) / Math.max(1, bin.n - 1));
    ece += (bin.n / n) * gap;
    expected += (bin.n / n) * foldedMean(gap, sd);
  }
  return n === 0 ? { ece: Number.NaN, debiased: Number.NaN, bins: [] } : { ece, debiased: Math.max(0, 2 * ece - expected), bins: parts };
}

/** E|N(mean, sd²)|. */
function foldedMean(mean: number, sd: number): number {
  if (sd === 0) return Math.abs(mean);
  const z = mean / sd;
  return sd * Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2) + mean * (1 - 2 * normalCdf(-z));
}

export interface Brier {
  readonly brier: number;
  /** Σ nₖ/n (confidenceₖ − accuracyₖ)²: lower is better. */
  readonly reliability: number;
  /** Σ nₖ/n (accuracyₖ − base rate)²: higher is better; 0 for one who always says the same. */
  readonly resolution: number;
  readonly uncertainty: number;
  /** What binning leaves over: brier − (reliability − resolution + uncertainty) (Stephenson, Coelho & Jolliffe 2008). */
  readonly within: number;
}

/** Brier score with Murphy's (1973) decomposition over equal-mass bins. */
export function brierOf(forecasts: readonly Forecast[], bins = 15): Brier {
  const n = forecasts.length;
  const base = meanBy(forecasts, (f) => f.correct);
  const brier = meanBy(forecasts, (f) => (f.confidence - f.correct) ** 2);
  let [reliability, resolution] = [0, 0];
  for (const bin of equalMassBins(forecasts, bins)) {
    reliability += (bin.n / n) * (bin.confidence - bin.accuracy) ** 2;
    resolution += (bin.n / n) * (bin.accuracy - base) ** 2;
  }
  const uncertainty = base * (1 - base);
  return { brier, reliability, resolution, uncertainty, within: brier - (reliability - resolution + uncertainty) };
}

export interface RiskCoverage {
  /** Points (coverage, risk) from the most confident on; equal confidences come at once. */
  readonly curve: readonly { readonly coverage: number; readonly risk: number }[];
  /** Area under the curve (Geifman & El-Yaniv 2017): mean risk over all coverages. */
  readonly area: number;
  /** The least area that forecasts of this accuracy can have. */
  readonly best: number;
}

/** Selective prediction: the error rate among the answers kept when only the most confident are given. */
export function riskCoverage(forecasts: readonly Forecast[]): RiskCoverage {
  const sorted = [...forecasts].sort((a, b) => b.confidence - a.confidence);
  const n = sorted.length;
  const curve: { coverage: number; risk: number }[] = [];
  let area = 0;
  let wrong = 0;
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && sorted[to]?.confidence === sorted[from]?.confidence) to++;
    const errors = sorted.slice(from, to).reduce((sum, f) => sum + 1 - f.correct, 0);
    // Inside a tie the order is unknown: each coverage gets the errors expected of it.
    for (let k = 1; k <= to - from; k++) area += (wrong + (errors * k) / (to - from)) / (from + k);
    wrong += errors;
    curve.push({ coverage: to / n, risk: wrong / to });
    from = to;
  }
  let best = 0;
  for (let k = 1; k <= n; k++) best += Math.max(0, k - (n - wrong)) / k;
  return { curve, area: area / n, best: best / n };
}

function meanBy<T>(values: readonly T[], of: (value: T) => number): number {
  let sum = 0;
  for (const value of values) sum += of(value);
  return sum / values.length;
}
