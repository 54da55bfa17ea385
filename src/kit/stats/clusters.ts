/** Means of clustered observations: cluster sums, cluster-robust variance, intraclass correlation. */

/** Observations summed by cluster: typed arrays of one entry a cluster. */
export interface ClusterSums {
  /** Sum of weight × value. */
  readonly y: Float64Array;
  /** Sum of weights. */
  readonly w: Float64Array;
  /** Observations. */
  readonly size: Float64Array;
  /** Sum of weight × value². */
  readonly yy: Float64Array;
}

/** One observation; those of equal `cluster` are resampled together. */
export interface Observed {
  readonly value: number;
  readonly weight: number;
  readonly cluster: string;
}

/** Observations as columns. */
export interface Observations {
  readonly values: Float64Array;
  /** Null: all one. */
  readonly weights: Float64Array | null;
  /** Of each observation, numbered from 0 in order of appearance. */
  readonly clusters: Int32Array;
  /** How many clusters there are. */
  readonly count: number;
}

function observationsOf(observed: readonly Observed[]): Observations {
  const index = new Map<string, number>();
  const clusters = Int32Array.from(observed, ({ cluster }) => {
    const known = index.get(cluster) ?? index.size;
    index.set(cluster, known);
    return known;
  });
  const weights = observed.some(({ weight }) => weight !== 1) ? Float64Array.from(observed, ({ weight }) => weight) : null;
  return { values: Float64Array.from(observed, ({ value }) => value), weights, clusters, count: index.size };
}

/** Columns as they are, or made of observations one by one. */
export const columnsOf = (observed: readonly Observed[] | Observations): Observations =>
  'clusters' in observed ? observed : observationsOf(observed);

export function clusterSums(observed: readonly Observed[] | Observations): ClusterSums {
  const { values, weights, clusters, count } = columnsOf(observed);
  const sums = { y: new Float64Array(count), w: new Float64Array(count), size: new Float64Array(count), yy: new Float64Array(count) };
  for (let i = 0; i < values.length; i++) {
    const [value, weight, c] = [values[i] as number, weights ? (weights[i] as number) : 1, clusters[i] as number];
    sums.y[c] = (sums.y[c] as number) + weight * value;
    sums.w[c] = (sums.w[c] as number) + weight;
    sums.yy[c] = (sums.yy[c] as number) + weight * value * value;
    sums.size[c] = (sums.size[c] as number) + 1;
  }
  return sums;
}

/** Values in groups of equal key, in order of appearance. */
export function grouped<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const held = groups.get(key);
    if (held) held.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}

export const total = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
};

/** The weighted mean Σwy / Σw (Hájek's estimator under unequal inclusion). NaN without observations. */
export const clusterMean = (sums: ClusterSums): number => total(sums.y) / total(sums.w);

/** Cluster-robust (linearised, m/(m−1)) variance of the weighted mean. NaN below two clusters. */
export function clusterVariance(sums: ClusterSums): number {
  const m = sums.y.length;
  const mean = clusterMean(sums);
  const W = total(sums.w);
  let squares = 0;
  for (let c = 0; c < m; c++) squares += ((sums.y[c] as number) - mean * (sums.w[c] as number)) ** 2;
  return m < 2 ? Number.NaN : ((m / (m - 1)) * squares) / (W * W);
}

/** Variance of the weighted mean over its variance had the same number of observations been drawn singly and equally. */
export function designEffect(sums: ClusterSums): number {
  const n = total(sums.size);
  const mean = clusterMean(sums);
  const spread = Math.max(0, total(sums.yy) / total(sums.w) - mean * mean);
  return spread === 0 ? 1 : (clusterVariance(sums) * n) / spread;
}

/** Kish's factor by which unequal weights alone enlarge the variance: n Σw² / (Σw)². */
export function weightEffect(weights: ArrayLike<number>): number {
  const sum = total(weights);
  let squares = 0;
  for (let i = 0; i < weights.length; i++) squares += (weights[i] as number) * (weights[i] as number);
  return sum === 0 ? 1 : (weights.length * squares) / (sum * sum);
}

/** Mean cluster size seen by an observation, Σs² / Σs: what a design effect 1 + (s − 1)·icc is made with when sizes differ. */
export function effectiveSize(sums: ClusterSums): number {
  let squares = 0;
  for (const s of sums.size) squares += s * s;
  return squares / total(sums.size);
}

/** Intraclass correlation by one-way analysis of variance (Donner 1986), 0..1; NaN where the data cannot tell (no spread, or all clusters single). */
export function intraclass(sums: ClusterSums): number {
  const m = sums.y.length;
  const n = total(sums.size);
  if (m < 2 || n <= m) return Number.NaN;
  const mean = clusterMean(sums);
  let between = 0;
  let within = 0;
  let squares = 0;
  for (let c = 0; c < m; c++) {
    const [y, w, s] = [sums.y[c] as number, sums.w[c] as number, sums.size[c] as number];
    between += s * (y / w - mean) ** 2;
    within += (s * (sums.yy[c] as number)) / w - s * (y / w) ** 2;
    squares += s * s;
  }
  const size = (n - squares / n) / (m - 1);
  const [msb, msw] = [between / (m - 1), within / (n - m)];
  const icc = (msb - msw) / (msb + (size - 1) * msw);
  return Number.isFinite(icc) ? Math.min(1, Math.max(0, icc)) : Number.NaN;
}
