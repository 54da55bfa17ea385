/** The interval of a mean: picks the method by what the data can carry, and says which. Regimes and their coverage: docs/statistics.md. */
import type { Interval } from '../../types.ts';
import { clusterBootstrap, studentisedBootstrap } from './bootstrap.ts';
import {
  type ClusterSums,
  clusterMean,
  clusterSums,
  clusterVariance,
  columnsOf,
  designEffect,
  effectiveSize,
  intraclass,
  type Observations,
  type Observed,
  weightEffect,
} from './clusters.ts';
import { clopperPearson, wilson } from './rates.ts';
import { tQuantile } from './special.ts';

/** Below this many clusters, or events after the design effect, a bootstrap is not trusted; below `enoughEvents` plain ones, Wilson is not. */
export const enoughClusters = 20;
export const enoughEffective = 8;
export const enoughEvents = 5;
/** Below this many clusters of unbounded values the ratios of a studentised bootstrap run wild. */
const enoughForRatios = 8;
/** Intraclass correlation assumed where the data cannot tell, and what it weighs, in clusters that show the rarer outcome. */
const cautiousIcc = 0.3;
const cautiousWeight = 5;

export interface Mean {
  readonly value: number;
  readonly interval: Interval | null;
  readonly n: number;
  readonly clusters: number;
  /** Observations the mean is worth after clustering and weights. */
  readonly effective: number;
}

export interface MeanOptions {
  readonly seed: number | string;
  /** Values cannot leave 0..1 (a rate, or a share per item). */
  readonly bounded: boolean;
  readonly level?: number;
  readonly replicates?: number;
}

/** Mean of `observed` with the interval its design allows; null without observations. */
export function meanOf(observed: readonly Observed[] | Observations, options: MeanOptions): Mean | null {
  const columns = columnsOf(observed);
  if (columns.values.length === 0) return null;
  const sums = clusterSums(columns);
  return options.bounded ? boundedMean(columns, sums, options) : freeMean(columns.values.length, sums, options);
}

function boundedMean(observed: Observations, sums: ClusterSums, options: MeanOptions): Mean {
  const n = observed.values.length;
  const m = sums.y.length;
  const value = Math.min(1, Math.max(0, clusterMean(sums)));
  const deff = cautiousEffect(observed, sums);
  const effective = n / deff;
  const rarer = Math.min(value, 1 - value);
  const head = { value, n, clusters: m };
  const binary = observed.values.every((value) => value === 0 || value === 1);
  if (deff === 1 && binary) {
    const few = rarer * n < enoughEvents;
    const { low, high } = (few ? clopperPearson : wilson)(value * n, n, options.level);
    return { ...head, effective, interval: { low, high, method: few ? 'clopper-pearson' : 'wilson' } };
  }
  if (m >= enoughClusters && rarer * effective >= enoughEffective) return { ...head, ...bootstrapped(sums, value, options) };
  // Korn & Graubard 1998: the exact interval on the effective sample, narrowed further for the few degrees of freedom the design effect rests on:
  // only clusters that show the rarer outcome tell about it.
  const known = Math.max(2, Math.min(m - 1, 2 * showing(sums)));
  const freedom = m < 2 || n < 3 ? 1 : Math.min(1, (tQuantile(0.975, n - 1) / tQuantile(0.975, known)) ** 2);
  const worth = Math.max(1, effective * freedom);
  const { low, high } = clopperPearson(value * worth, worth, options.level);
  return { ...head, effective: worth, interval: { low, high, method: `clopper-pearson, design effect ${(n / worth).toFixed(1)}` } };
}

function bootstrapped(sums: ClusterSums, value: number, options: MeanOptions): { effective: number; interval: Interval } {
  const { low, high } = clusterBootstrap(sums, options);
  const variance = clusterVariance(sums);
  const n = sums.size.reduce((sum, s) => sum + s, 0);
  const effective = variance > 0 ? Math.min(n, (value * (1 - value)) / variance) : n;
  return { effective, interval: { low, high, method: `bootstrap over ${sums.y.length} clusters (BCa)` } };
}

function freeMean(n: number, sums: ClusterSums, options: MeanOptions): Mean {
  const m = sums.y.length;
  const value = clusterMean(sums);
  const head = { value, n, clusters: m, effective: m };
  if (m < 2) return { ...head, interval: null };
  const drawn = m >= enoughForRatios ? studentisedBootstrap(sums, options) : null;
  if (drawn) return { ...head, interval: { low: drawn.low, high: drawn.high, method: `bootstrap-t over ${m} clusters` } };
  const half = tQuantile(0.5 + (options.level ?? 0.95) / 2, m - 1) * Math.sqrt(clusterVariance(sums));
  return { ...head, interval: { low: value - half, high: value + half, method: `t over ${m} clusters` } };
}

/**
 * Design effect 1 + (s − 1)·icc times that of unequal weights. The measured correlation is drawn towards a cautious one where few clusters show the
 * rarer outcome: from two leaks in two clusters nobody can tell that leaks do not cluster.
 */
export function cautiousEffect(observed: Observations, sums: ClusterSums): number {
  const weights = observed.weights ? weightEffect(observed.weights) : 1;
  const size = effectiveSize(sums);
  if (size <= 1) return Math.max(1, weights);
  const seen = showing(sums);
  const measured = intraclass(sums);
  const icc = Number.isNaN(measured) ? cautiousIcc : measured;
  const drawn = (seen * icc + cautiousWeight * Math.max(icc, cautiousIcc)) / (seen + cautiousWeight);
  return Math.max(weights * (1 + (size - 1) * drawn), designEffect(sums) || 1);
}

/** Clusters that show the rarer outcome. */
function showing(sums: ClusterSums): number {
  const rarerIsHigh = clusterMean(sums) <= 0.5;
  let count = 0;
  for (let c = 0; c < sums.y.length; c++) {
    const y = sums.y[c] as number;
    if ((rarerIsHigh ? y : (sums.w[c] as number) - y) > 1e-12) count++;
  }
  return count;
}
