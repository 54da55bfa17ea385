/**
 * How alike the items of a suite are: by what the items say of themselves (stratum, group, cluster, every field with few values, their words) and by
 * what a reference fleet answered. A sum of simple kernels, to be weighted. Pure.
 */
import type { Item } from '../types.ts';
import type { Fleet } from './fleet-values.ts';
import { type Features, featuresOf, partOf, type Table, wordDimensions } from './item-features.ts';

/** Kernels of a pair of items, in a fixed order; `names` tells which. */
export interface Likeness {
  readonly n: number;
  readonly names: readonly string[];
  /** Writes the kernels of items i and j into `out`. */
  readonly read: (i: number, j: number, out: Float64Array) => void;
  /** Writes the weighted sum of the kernels of item i and every item into `out`. */
  readonly row: (i: number, kernels: readonly number[], out: Float64Array) => void;
  /** The same of some items alone, which are then numbered from 0. */
  readonly part: (at: readonly number[]) => Likeness;
}

export function likenessOf(items: readonly Item[], fleet: Fleet): Likeness {
  return kernelsOf(featuresOf(items, fleet));
}

/** Which kernel is which: of the fleet's answers (their product, their nearness, that within a factor's value), of further figures, of words, of factors. */
function layoutOf({ factors, answers, further, words }: Features) {
  const F = factors.length;
  const pairs = factors.flatMap((_, a) => factors.slice(a + 1).map((_, b) => [a, a + 1 + b] as const));
  const sets: number[] = [
    ...factors.map((_, f) => 1 << f),
    ...pairs.map(([a, b]) => (1 << a) | (1 << b)),
    ...(F > 2 ? [0b111] : []),
    ...(F > 3 ? [(1 << F) - 1] : []),
  ];
  const nearSets = answers.k > 0 ? [0, ...factors.map((_, f) => 1 << f)] : [];
  const names = [
    ...(answers.k > 0 ? ['fleet'] : []),
    ...nearSets.map((set) => `fleet near ${set}`),
    ...(further.k > 0 ? ['further', 'further near'] : []),
    ...(words.k > 0 ? ['words'] : []),
    ...sets.map((set) => `alike ${set}`),
  ];
  return { names, sets, nearSets };
}

function kernelsOf(features: Features): Likeness {
  const { n, factors, answers, further, words } = features;
  const { names, sets, nearSets } = layoutOf(features);
  const masks = new Uint8Array(n);
  const scratch = { dot: new Float64Array(n), apart: new Float64Array(n) };
  const maskOf = (i: number, j: number): number => {
    let mask = 0;
    for (let f = 0; f < factors.length; f++) if ((factors[f] as Int32Array)[i] === (factors[f] as Int32Array)[j]) mask |= 1 << f;
    return mask;
  };
  const read = (i: number, j: number, out: Float64Array): void => {
    let at = 0;
    const mask = maskOf(i, j);
    if (answers.k > 0) {
      const { dot, apart } = both(answers, i, j);
      out[at++] = dot;
      for (const set of nearSets) out[at++] = (mask & set) === set ? Math.exp(-apart) : 0;
    }
    if (further.k > 0) {
      const { dot, apart } = both(further, i, j);
      out[at++] = dot;
      out[at++] = Math.exp(-apart);
    }
    if (words.k > 0) out[at++] = both(words, i, j).dot * wordDimensions;
    for (const set of sets) out[at++] = (mask & set) === set ? 1 : 0;
  };
  const row = (i: number, kernels: readonly number[], out: Float64Array): void => {
    let at = 0;
    masks.fill(0);
    factors.forEach((codes, f) => {
      const own = codes[i];
      for (let j = 0; j < n; j++) if (codes[j] === own) masks[j] = (masks[j] as number) | (1 << f);
    });
    out.fill(0);
    if (answers.k > 0) {
      const { dot, apart } = rowOf(answers, i, scratch);
      const w = kernels[at++] as number;
      const near = tableOfMasks(nearSets, kernels.slice(at, at + nearSets.length), factors.length);
      at += nearSets.length;
      for (let j = 0; j < n; j++) out[j] = w * (dot[j] as number) + (near[masks[j] as number] as number) * Math.exp(-(apart[j] as number));
    }
    if (further.k > 0) {
      const { dot, apart } = rowOf(further, i, scratch);
      const [w, near] = [kernels[at++] as number, kernels[at++] as number];
      for (let j = 0; j < n; j++) out[j] = (out[j] as number) + w * (dot[j] as number) + near * Math.exp(-(apart[j] as number));
    }
    if (words.k > 0) {
      const w = (kernels[at++] as number) * wordDimensions;
      addProducts(words, i, w, out);
    }
    const alike = tableOfMasks(sets, kernels.slice(at), factors.length);
    for (let j = 0; j < n; j++) out[j] = (out[j] as number) + (alike[masks[j] as number] as number);
  };
  return { n, names, read, row, part: (chosen) => kernelsOf(partOf(features, chosen)) };
}

/** For every set of factors that agree, the sum of the weights of its subsets. */
function tableOfMasks(sets: readonly number[], weights: readonly number[], factors: number): Float64Array {
  return Float64Array.from({ length: 1 << factors }, (_, mask) =>
    sets.reduce((sum, set, k) => sum + ((mask & set) === set ? (weights[k] as number) : 0), 0),
  );
}

/** Mean product and mean squared distance of two rows. */
function both({ k, n, at }: Table, i: number, j: number): { dot: number; apart: number } {
  let [dot, apart] = [0, 0];
  for (let c = 0; c < k; c++) {
    const [x, y] = [at[c * n + i] as number, at[c * n + j] as number];
    dot += x * y;
    apart += (x - y) * (x - y);
  }
  return { dot: dot / k, apart: apart / k };
}

interface Scratch {
  readonly dot: Float64Array;
  readonly apart: Float64Array;
}

/** Adds `weight` times the mean product of row i with every row. */
function addProducts({ k, n, at }: Table, i: number, weight: number, out: Float64Array): void {
  for (let c = 0; c < k; c++) {
    const from = c * n;
    const x = ((at[from + i] as number) * weight) / k;
    if (x !== 0) for (let j = 0; j < n; j++) out[j] = (out[j] as number) + x * (at[from + j] as number);
  }
}

/** Mean products and distances of one row against all; overwrites the scratch. */
function rowOf({ k, n, at }: Table, i: number, scratch: Scratch): Scratch {
  const { dot, apart } = scratch;
  dot.fill(0);
  apart.fill(0);
  for (let c = 0; c < k; c++) {
    const from = c * n;
    const x = at[from + i] as number;
    for (let j = 0; j < n; j++) {
      const y = at[from + j] as number;
      dot[j] = (dot[j] as number) + (x * y) / k;
      apart[j] = (apart[j] as number) + ((x - y) * (x - y)) / k;
    }
  }
  return scratch;
}
