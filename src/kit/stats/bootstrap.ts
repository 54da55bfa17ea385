/** Bootstrap over clusters: bias-corrected and accelerated (Efron 1987), with Student-t widening for few clusters (Hesterberg 2015 §4.3). */
import { randomOf } from '../random.ts';
import type { ClusterSums } from './clusters.ts';
import { clusterMean, clusterVariance, total } from './clusters.ts';
import type { Bounds } from './rates.ts';
import { normalCdf, normalQuantile, tQuantile } from './special.ts';

export interface BootstrapOptions {
  readonly replicates?: number;
  readonly level?: number;
  readonly seed: number | string;
  /** Cluster index → stratum index; clusters are redrawn within their stratum. */
  readonly strata?: ArrayLike<number>;
}

export interface BootstrapResult extends Bounds {
  readonly value: number;
  /** Standard deviation of the replicates. */
  readonly se: number;
}

/** Mean of clustered observations (Σwy / Σw) with its BCa interval: only cluster sums are redrawn. Needs two clusters or more. */
export function clusterBootstrap(sums: ClusterSums, options: BootstrapOptions): BootstrapResult {
  const m = sums.y.length;
  const replicates = new Float64Array(options.replicates ?? 2000);
  const random = randomOf(options.seed);
  const blocks = blocksOf(m, options.strata);
  const { y, w } = sums;
  for (let b = 0; b < replicates.length; b++) {
    let sy = 0;
    let sw = 0;
    for (const block of blocks) {
      const size = block.length;
      for (let i = 0; i < size; i++) {
        const c = block[(random() * size) | 0] as number;
        sy += y[c] as number;
        sw += w[c] as number;
      }
    }
    replicates[b] = sw === 0 ? Number.NaN : sy / sw;
  }
  const [Y, W] = [total(y), total(w)];
  const jackknife = Float64Array.from({ length: m }, (_, c) => (Y - (y[c] as number)) / (W - (w[c] as number)));
  return summary(Y / W, replicates, jackknife, options.level);
}

/**
 * Mean of clustered observations with the studentised bootstrap (bootstrap-t; Hall 1988, Efron & Tibshirani 1993 §12.5): each replicate is measured in
 * its own cluster-robust standard error, which follows skewness better than BCa does. Null where fewer than half of the replicates have one.
 */
export function studentisedBootstrap(sums: ClusterSums, options: BootstrapOptions): BootstrapResult | null {
  const { y, w } = sums;
  const m = y.length;
  const count = options.replicates ?? 2000;
  const random = randomOf(options.seed);
  const value = clusterMean(sums);
  const se = Math.sqrt(clusterVariance(sums));
  const ratios: number[] = [];
  for (let b = 0; b < count; b++) {
    let [sy, sw, yy, yw, ww] = [0, 0, 0, 0, 0];
    for (let i = 0; i < m; i++) {
      const c = (random() * m) | 0;
      const [a, v] = [y[c] as number, w[c] as number];
      sy += a;
      sw += v;
      yy += a * a;
      yw += a * v;
      ww += v * v;
    }
    const mean = sy / sw;
    const variance = ((m / (m - 1)) * (yy - 2 * mean * yw + mean * mean * ww)) / (sw * sw);
    if (variance > 1e-12 * se * se) ratios.push((mean - value) / Math.sqrt(variance));
  }
  if (!(se > 0) || ratios.length < count / 2) return null;
  const sorted = Float64Array.from(ratios).sort();
  const tail = (1 - (options.level ?? 0.95)) / 2;
  return { value, se, low: value - quantileSorted(sorted, 1 - tail) * se, high: value - quantileSorted(sorted, tail) * se };
}

/** Any statistic of several aligned cluster totals, e.g. a ratio of sums: `statistic` gets the column sums of the redrawn clusters. */
export function bootstrapSums(
  columns: readonly Float64Array[],
  statistic: (sums: readonly number[]) => number,
  options: BootstrapOptions,
): BootstrapResult {
  const m = columns[0]?.length ?? 0;
  const random = randomOf(options.seed);
  const blocks = blocksOf(m, options.strata);
  const totals = columns.map((column) => total(column));
  const replicates = Float64Array.from({ length: options.replicates ?? 2000 }, () => {
    const sums = columns.map(() => 0);
    for (const block of blocks) {
      for (let i = 0; i < block.length; i++) {
        const c = block[(random() * block.length) | 0] as number;
        for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] as number) + ((columns[k] as Float64Array)[c] as number);
      }
    }
    return statistic(sums);
  });
  const jackknife = Float64Array.from({ length: m }, (_, c) =>
    statistic(totals.map((t, k) => t - ((columns[k] as Float64Array)[c] as number))),
  );
  return summary(statistic(totals), replicates, jackknife, options.level);
}

/**
 * Any statistic of rows, redrawn by cluster. `clusters`: the rows of each. A cluster drawn twice comes as two clusters: `copy` renames a row
 * for its k-th repetition, so that statistics which pair or group rows do not merge them. Null values of the statistic are left out.
 */
export function bootstrapRows<R>(
  clusters: readonly (readonly R[])[],
  compute: (rows: readonly R[]) => number | null,
  options: BootstrapOptions & { readonly copy: (row: R, k: number) => R },
): BootstrapResult | null {
  const m = clusters.length;
  const value = compute(clusters.flat());
  if (value === null || m < 2) return null;
  const random = randomOf(options.seed);
  const copies: R[][][] = clusters.map((rows) => [[...rows]]);
  const copyOf = (c: number, k: number): R[] => {
    const held = copies[c] as R[][];
    while (held.length <= k) held.push((held[0] as R[]).map((row) => options.copy(row, held.length)));
    return held[k] as R[];
  };
  const draw = (): number => {
    const seen = new Uint16Array(m);
    const rows: R[] = [];
    for (let i = 0; i < m; i++) {
      const c = Math.floor(random() * m);
      const k = seen[c] as number;
      seen[c] = k + 1;
      for (const row of copyOf(c, k)) rows.push(row);
    }
    return compute(rows) ?? Number.NaN;
  };
  const replicates = Float64Array.from({ length: options.replicates ?? 1000 }, draw);
  const jackknife = jackknifeRows(clusters, compute);
  return summary(value, replicates, jackknife, options.level);
}

/** Delete-one-cluster values; above 200 clusters, 200 blocks of clusters are left out in turn. */
function jackknifeRows<R>(clusters: readonly (readonly R[])[], compute: (rows: readonly R[]) => number | null): Float64Array {
  const blocks = Math.min(clusters.length, 200);
  const values = Array.from({ length: blocks }, (_, b) => compute(clusters.filter((_, c) => c % blocks !== b).flat()) ?? Number.NaN);
  return Float64Array.from(values.filter((v) => Number.isFinite(v)));
}

function blocksOf(m: number, strata: ArrayLike<number> | undefined): Int32Array[] {
  if (!strata) return [Int32Array.from({ length: m }, (_, c) => c)];
  const byStratum = new Map<number, number[]>();
  for (let c = 0; c < m; c++) {
    const s = strata[c] as number;
    const held = byStratum.get(s);
    if (held) held.push(c);
    else byStratum.set(s, [c]);
  }
  return [...byStratum.values()].map((block) => Int32Array.from(block));
}

function summary(value: number, drawn: Float64Array, jackknife: Float64Array, level = 0.95): BootstrapResult {
  const replicates = drawn.filter((r) => Number.isFinite(r)).sort();
  const mean = total(replicates) / replicates.length;
  let squares = 0;
  for (const r of replicates) squares += (r - mean) ** 2;
  return { value, se: Math.sqrt(squares / Math.max(1, replicates.length - 1)), ...bca(value, replicates, jackknife, level) };
}

/** The BCa interval from sorted replicates and delete-one values. */
export function bca(value: number, replicates: Float64Array, jackknife: Float64Array, level = 0.95): Bounds {
  const B = replicates.length;
  const m = jackknife.length;
  if (B === 0 || m < 2) return { low: value, high: value };
  let below = 0;
  // A relative tolerance: replicates equal to the value up to rounding count half (discrete statistics have many ties).
  const slack = 1e-12 * (Math.abs(value) + 1e-12);
  for (const r of replicates) below += r < value - slack ? 1 : r <= value + slack ? 0.5 : 0;
  const z0 = normalQuantile(Math.min(1 - 0.5 / B, Math.max(0.5 / B, below / B)));
  const a = acceleration(jackknife);
  const t = Math.sqrt(m / (m - 1)) * tQuantile(0.5 + level / 2, m - 1);
  const at = (z: number): number => {
    const shifted = z0 + (z0 + z) / Math.max(1e-6, 1 - a * (z0 + z));
    return quantileSorted(replicates, normalCdf(shifted));
  };
  return { low: Math.min(value, at(-t)), high: Math.max(value, at(t)) };
}

function acceleration(jackknife: Float64Array): number {
  const mean = total(jackknife) / jackknife.length;
  let cubes = 0;
  let squares = 0;
  for (const j of jackknife) {
    const d = mean - j;
    cubes += d * d * d;
    squares += d * d;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Quantile of sorted values by linear interpolation (Hyndman & Fan type 7). */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const h = (sorted.length - 1) * Math.min(1, Math.max(0, p));
  const i = Math.floor(h);
  const low = sorted[i] as number;
  return i + 1 < sorted.length ? low + (h - i) * ((sorted[i + 1] as number) - low) : low;
}
