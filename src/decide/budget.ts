/**
 * Fewer items, the same suite: which to ask, and what they say about all. Items are drawn systematically along strata, clusters and what a reference
 * fleet found hard; the estimate is prediction-powered (Angelopoulos et al. 2023; cross-fitted as in Zrnic & Candès 2024): predictions for all items,
 * put right by the items asked, so that the interval holds whatever the predictions are worth. Pure.
 */
import { tQuantile } from '../kit/index.ts';
import { randomOf, shuffled } from '../kit/random.ts';
import type { Item, Row } from '../types.ts';

/** What other models did: one column a model, by item id. Empty: no fleet. */
export type Fleet = readonly ReadonlyMap<string, number>[];

/** Columns of a fleet from its rows under one value. */
export const fleetOf = (runs: readonly (readonly Row[])[], value: string): Fleet =>
  runs.map(
    (rows) =>
      new Map(
        rows.flatMap((row) => {
          const found = row.values[value];
          return typeof found === 'number' ? [[row.id, found] as const] : [];
        }),
      ),
  );

export interface Drawn<I extends Item> {
  readonly item: I;
  /** Inverse inclusion probability: what a row's `weight` is to be. */
  readonly weight: number;
}

export interface DrawOptions {
  readonly count: number;
  readonly seed: number | string;
  readonly fleet: Fleet;
}

/** `count` items, systematically from a random start; each with the same chance. Asking more later under the same seed is another draw. */
export function drawItems<I extends Item>(items: readonly I[], { count, seed, fleet }: DrawOptions): Drawn<I>[] {
  const n = Math.min(items.length, Math.max(1, Math.round(count)));
  if (n === items.length) return items.map((item) => ({ item, weight: 1 }));
  const random = randomOf(seed);
  const along = inOrder(items, fleet, random);
  const step = along.length / n;
  const start = random() * step;
  return Array.from({ length: n }, (_, k) => ({
    item: along[Math.min(along.length - 1, Math.floor(start + k * step))] as I,
    weight: step,
  }));
}

/** Stratum by stratum, cluster by cluster, from what the fleet found hard to what it found easy and back: neighbours are alike. */
function inOrder<I extends Item>(items: readonly I[], fleet: Fleet, random: () => number): I[] {
  const keyed = items.map((item) => ({
    item,
    place: `${item.stratum ?? ''}\n${item.group ?? ''}`,
    cluster: item.cluster ?? '',
    hard: meanOf(fleet, item.id),
    tie: random(),
  }));
  keyed.sort((a, b) => compare(a.place, b.place) || compare(a.cluster, b.cluster) || a.hard - b.hard || a.tie - b.tie);
  const out: I[] = [];
  let turned = false;
  for (let from = 0; from < keyed.length; ) {
    let to = from;
    while (to < keyed.length && keyed[to]?.place === keyed[from]?.place && keyed[to]?.cluster === keyed[from]?.cluster) to++;
    const block = keyed.slice(from, to).map(({ item }) => item);
    out.push(...(turned ? block.reverse() : block));
    turned = !turned;
    from = to;
  }
  return out;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const meanOf = (fleet: Fleet, id: string): number => {
  const found = fleet.flatMap((column) => column.get(id) ?? []);
  return found.length === 0 ? 0.5 : found.reduce((sum, v) => sum + v, 0) / found.length;
};

/** An asked item's value, with the weight it was drawn with. */
export interface Asked {
  readonly id: string;
  readonly value: number;
  readonly weight: number;
}

export interface BudgetEstimate {
  /** Mean over all items of the suite. */
  readonly value: number;
  /** Interval of that mean: what asking every item would have given. */
  readonly low: number;
  readonly high: number;
  readonly se: number;
  readonly n: number;
  /** How many uniformly drawn items would have told as much. */
  readonly effective: number;
}

const folds = 5;
/** A fit on more items than this costs more than it tells. */
const mostFitted = 200;

/** The mean over all `items` from those asked. Values in 0..1. Null below 10 asked items. */
export function budgetEstimate(
  items: readonly Item[],
  asked: readonly Asked[],
  options: Omit<DrawOptions, 'count'>,
): BudgetEstimate | null {
  if (asked.length < 10) return null;
  const features = featuresOf(items, options.fleet);
  const at = new Map(items.map((item, i) => [item.id, i]));
  const sample = asked.flatMap(({ id, value, weight }) => {
    const i = at.get(id);
    return i === undefined ? [] : [{ i, value, weight, alike: features(i) }];
  });
  const random = randomOf(`${options.seed}/folds`);
  const some = (points: readonly Point[]) => (points.length <= mostFitted ? points : shuffled(points, random).slice(0, mostFitted));
  const ridge = bestRidge(some(sample));
  const fold = sample.map(() => Math.floor(random() * folds));
  const predicted = new Float64Array(items.length);
  const residuals = new Float64Array(sample.length);
  for (let f = 0; f < folds; f++) {
    const fit = fitted(some(sample.filter((_, k) => fold[k] !== f)), ridge);
    for (let i = 0; i < items.length; i++) predicted[i] = (predicted[i] as number) + fit(i) / folds;
    sample.forEach(({ i, value }, k) => {
      if (fold[k] === f) residuals[k] = value - fit(i);
    });
  }
  return combined(sample, residuals, predicted);
}

interface Point {
  readonly i: number;
  /** How alike it is to every item. */
  readonly alike: Float64Array;
  readonly value: number;
  readonly weight: number;
}

/** mean f + Σ w r / Σ w, with the variance of the corrected residuals; the plain weighted mean where predictions only add noise. */
function combined(sample: readonly Point[], residuals: Float64Array, predicted: Float64Array): BudgetEstimate {
  const N = predicted.length;
  const n = sample.length;
  const W = sample.reduce((sum, { weight }) => sum + weight, 0);
  const spread = (of: (k: number) => number) => {
    const mean = sample.reduce((sum, { weight }, k) => sum + weight * of(k), 0) / W;
    const squares = sample.reduce((sum, { weight }, k) => sum + (weight * (of(k) - mean)) ** 2, 0);
    return { mean, variance: ((squares / (W * W)) * n * Math.max(0, 1 - n / N)) / (n - 1) };
  };
  const plain = spread((k) => sample[k]?.value ?? 0);
  const corrected = spread((k) => residuals[k] as number);
  const uniform = (plain.mean * (1 - plain.mean) * Math.max(0, 1 - n / N)) / n;
  const powered = corrected.variance < plain.variance;
  const value = powered ? predicted.reduce((sum, f) => sum + f, 0) / N + corrected.mean : plain.mean;
  const variance = Math.max(powered ? corrected.variance : plain.variance, 1e-12);
  const half = tQuantile(0.975, n - 1) * Math.sqrt(variance);
  const clip = (v: number) => Math.min(1, Math.max(0, v));
  const effective = uniform > 0 ? (n * uniform) / variance : n;
  return { value: clip(value), low: clip(value - half), high: clip(value + half), se: Math.sqrt(variance), n, effective };
}

/** How alike an item is to each: by the fleet's answers, stratum, group and cluster. */
function featuresOf(items: readonly Item[], fleet: Fleet): (i: number) => Float64Array {
  const columns = fleet.map((column) => Float64Array.from(items, ({ id }) => 2 * (column.get(id) ?? 0.5) - 1));
  const place = numbered(items.map(({ stratum, group }) => `${stratum ?? ''}\n${group ?? ''}`));
  const cluster = numbered(items.map((item) => item.cluster ?? item.id));
  return (i) => {
    const alike = new Float64Array(items.length);
    for (const column of columns) {
      const own = (column[i] as number) / columns.length;
      for (let j = 0; j < alike.length; j++) alike[j] = (alike[j] as number) + own * (column[j] as number);
    }
    for (let j = 0; j < alike.length; j++) {
      const [samePlace, sameCluster] = [place[i] === place[j] ? 1 : 0, cluster[i] === cluster[j] ? 1 : 0];
      alike[j] = (alike[j] as number) + samePlace + sameCluster + samePlace * sameCluster;
    }
    return alike;
  };
}

function numbered(names: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  for (const name of names) if (!numbers.has(name)) numbers.set(name, numbers.size);
  return Int32Array.from(names, (name) => numbers.get(name) as number);
}

/** The ridge with the least leave-one-out error: residuals are (K + λ)⁻¹y divided by its diagonal. */
function bestRidge(sample: readonly Point[]): number {
  let best = { error: Number.POSITIVE_INFINITY, ridge: 8 };
  for (const ridge of [1, 4, 16, 64]) {
    const { alpha, diagonal } = solved(sample, ridge, true);
    const error = alpha.reduce((sum, a, k) => sum + (a / (diagonal[k] as number)) ** 2, 0);
    if (error < best.error) best = { error, ridge };
  }
  return best.ridge;
}

function fitted(sample: readonly Point[], ridge: number): (i: number) => number {
  const { alpha, mean } = solved(sample, ridge, false);
  return (i) => {
    let sum = mean;
    for (let k = 0; k < sample.length; k++) sum += (alpha[k] as number) * (sample[k]?.alike[i] as number);
    return Math.min(1, Math.max(0, sum));
  };
}

/** (K + ridge)⁻¹ (y − mean) by Cholesky; the inverse's diagonal where asked for. */
function solved(sample: readonly Point[], ridge: number, inverse: boolean) {
  const n = sample.length;
  const W = sample.reduce((sum, { weight }) => sum + weight, 0);
  const mean = sample.reduce((sum, { weight, value }) => sum + weight * value, 0) / W;
  const L = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = ((sample[a] as Point).alike[(sample[b] as Point).i] as number) + (a === b ? ridge : 0);
      for (let k = 0; k < b; k++) sum -= (L[a * n + k] as number) * (L[b * n + k] as number);
      L[a * n + b] = a === b ? Math.sqrt(Math.max(1e-12, sum)) : sum / (L[b * n + b] as number);
    }
  }
  const alpha = backward(
    L,
    forward(
      L,
      Float64Array.from(sample, ({ value }) => value - mean),
    ),
  );
  const diagonal = new Float64Array(inverse ? n : 0);
  for (let c = 0; c < diagonal.length; c++) {
    const unit = new Float64Array(n);
    unit[c] = 1;
    // (LLᵀ)⁻¹ has ‖L⁻¹e‖² on its diagonal.
    diagonal[c] = forward(L, unit).reduce((sum, v) => sum + v * v, 0);
  }
  return { alpha, diagonal, mean };
}

function forward(L: Float64Array, y: Float64Array): Float64Array {
  const n = y.length;
  for (let a = 0; a < n; a++) {
    let sum = y[a] as number;
    for (let k = 0; k < a; k++) sum -= (L[a * n + k] as number) * (y[k] as number);
    y[a] = sum / (L[a * n + a] as number);
  }
  return y;
}

function backward(L: Float64Array, y: Float64Array): Float64Array {
  const n = y.length;
  for (let a = n - 1; a >= 0; a--) {
    let sum = y[a] as number;
    for (let k = a + 1; k < n; k++) sum -= (L[k * n + a] as number) * (y[k] as number);
    y[a] = sum / (L[a * n + a] as number);
  }
  return y;
}
