/** Two models on the same items. */
import { randomOf } from '../random.ts';
import { clusterBootstrap } from './bootstrap.ts';
import { clusterMean, clusterSums, clusterVariance, total } from './clusters.ts';
import { enoughClusters } from './mean.ts';
import { binomialCdf, normalQuantile, tQuantile } from './special.ts';

/** Two-sided exact McNemar test (McNemar 1947; binomial on the discordant pairs): `b` and `c` pairs changed one way and the other. */
export function mcnemarExact(b: number, c: number): number {
  const n = b + c;
  return n === 0 ? 1 : Math.min(1, 2 * binomialCdf(Math.min(b, c), n, 0.5));
}

/** Differences of paired values, weights and clusters aligned. */
export interface Paired {
  readonly difference: number;
  readonly weight: number;
  readonly cluster: string;
}

export interface PairedDifference {
  /** Mean difference, second minus first. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly se: number;
  readonly n: number;
  readonly clusters: number;
  readonly method: string;
}

/**
 * The mean paired difference with its interval. From 20 clusters and 30 that differ (10 for values without bounds): bootstrap over clusters (BCa). Below, or without any
 * difference, values in −1..1 get an interval from the shares that rose and fell (a score interval for paired proportions in the manner of
 * Tango 1998, on the effective sample); others Student's t over clusters. Null below one pair.
 */
export function pairedDifference(
  pairs: readonly Paired[],
  options: { readonly seed: number | string; readonly level?: number; readonly replicates?: number; readonly bounded: boolean },
): PairedDifference | null {
  if (pairs.length === 0) return null;
  const sums = clusterSums(pairs.map(({ difference, weight, cluster }) => ({ value: difference, weight, cluster })));
  const m = sums.y.length;
  const value = clusterMean(sums);
  const variance = clusterVariance(sums);
  const head = { value, n: pairs.length, clusters: m };
  const differing = sums.y.filter((y) => Math.abs(y) > 1e-12).length;
  if (m >= enoughClusters && differing >= (options.bounded ? 30 : 10)) {
    const { low, high, se } = clusterBootstrap(sums, options);
    return { ...head, low, high, se, method: `bootstrap over ${m} clusters (BCa)` };
  }
  const se = Math.sqrt(variance);
  if (options.bounded)
    return {
      ...head,
      ...scoreInterval(pairs, value, variance, options.level),
      se: m < 2 ? 0 : se,
      method: 'adjusted interval of paired shares (Bonett & Price)',
    };
  const half = m < 2 ? Number.POSITIVE_INFINITY : tQuantile(0.5 + (options.level ?? 0.95) / 2, m - 1) * se;
  return { ...head, low: value - half, high: value + half, se, method: `t over ${m} clusters` };
}

/**
 * Wald interval of a paired difference after adding half a pair to each of the four cells' discordant shares (Bonett & Price 2012, §2), on an
 * effective number of pairs; differences may be fractional.
 */
function scoreInterval(pairs: readonly Paired[], value: number, variance: number, level = 0.95): { low: number; high: number } {
  const weights = total(pairs.map((p) => p.weight));
  const up = total(pairs.map((p) => (p.difference > 0 ? p.difference * p.weight : 0))) / weights;
  const down = total(pairs.map((p) => (p.difference < 0 ? -p.difference * p.weight : 0))) / weights;
  const clusters = new Set(pairs.map((p) => p.cluster)).size;
  const single = Math.max(0, up + down - value * value) / pairs.length;
  const effect = Number.isFinite(variance) && single > 0 ? Math.max(1, variance / single) : Math.max(1, pairs.length / clusters);
  const n = Math.max(1, Math.min(pairs.length / effect, pairs.length));
  const [p1, p2] = [(up * n + 1) / (n + 2), (down * n + 1) / (n + 2)];
  const z = clusters > 1 ? tQuantile(0.5 + level / 2, clusters - 1) : normalQuantile(0.5 + level / 2) * 2;
  const half = z * Math.sqrt((p1 + p2 - (p1 - p2) ** 2) / (n + 2));
  return { low: Math.max(-1, Math.min(value, p1 - p2 - half)), high: Math.min(1, Math.max(value, p1 - p2 + half)) };
}

/**
 * Two-sided p-value of the sign-flip permutation test of "no difference" (Fisher 1935 §21), flipping whole clusters. Exact (all flips) up to 2^14,
 * else `rounds` random flips with the observed one counted (Phipson & Smyth 2010).
 */
export function permutationTest(pairs: readonly Paired[], options: { readonly seed: number | string; readonly rounds?: number }): number {
  const sums = clusterSums(pairs.map(({ difference, weight, cluster }) => ({ value: difference, weight, cluster })));
  const moved = [...sums.y].filter((y) => y !== 0);
  const observed = Math.abs(total(moved));
  const slack = 1e-9 * (1 + observed);
  if (moved.length <= 14) {
    let extreme = 0;
    for (let mask = 0; mask < 2 ** moved.length; mask++) {
      let sum = 0;
      for (let i = 0; i < moved.length; i++) sum += mask & (1 << i) ? -(moved[i] as number) : (moved[i] as number);
      if (Math.abs(sum) >= observed - slack) extreme++;
    }
    return extreme / 2 ** moved.length;
  }
  const random = randomOf(options.seed);
  const rounds = options.rounds ?? 9999;
  const values = Float64Array.from(moved);
  let extreme = 1;
  for (let r = 0; r < rounds; r++) {
    let sum = 0;
    for (let i = 0; i < values.length; ) {
      // 24 signs from one draw.
      let bits = (random() * 16_777_216) | 0;
      for (let k = 0; k < 24 && i < values.length; k++, i++, bits >>= 1) sum += bits & 1 ? (values[i] as number) : -(values[i] as number);
    }
    if (Math.abs(sum) >= observed - slack) extreme++;
  }
  return extreme / (rounds + 1);
}

export type NonInferiority = 'not worse' | 'worse' | 'undecided';

/**
 * Whether the second model is no worse than the first by `margin` (> 0, in the value's unit), from the interval of second − first:
 * shown when the side that would be worse stays within the margin; refuted when the whole interval is beyond it.
 */
export function nonInferiority(
  interval: { readonly low: number; readonly high: number },
  margin: number,
  better: 'higher' | 'lower',
): NonInferiority {
  const [worst, best] = better === 'higher' ? [interval.low, interval.high] : [-interval.high, -interval.low];
  if (worst > -margin) return 'not worse';
  return best < -margin ? 'worse' : 'undecided';
}
