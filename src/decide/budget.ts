/**
 * Fewer items, the same suite: which to ask, and what they say about all. Items are drawn with equal chances, spread evenly over what is alike
 * (spread.ts). The estimate is prediction-powered (Angelopoulos et al. 2023; cross-fitted as in Zrnic & Candès 2024): predictions for all items, put
 * right by the errors of predictions made without the item, so that the interval holds whatever the predictions are worth. Pure.
 */
import { clopperPearson, tQuantile } from '../kit/index.ts';
import { randomOf, shuffled } from '../kit/random.ts';
import type { Item } from '../types.ts';
import { type Fleet, without } from './fleet-values.ts';
import { fitted, learnt, plainWeights, type Sample, type Weights } from './gaussian.ts';
import { type Likeness, likenessOf } from './likeness.ts';
import { type RowOf, spreadSample } from './spread.ts';

/** The items of a suite with how alike they are, as far as items and fleet tell. */
export interface Survey {
  readonly items: readonly Item[];
  readonly likeness: Likeness;
  readonly weights: Weights;
  readonly rowOf: RowOf;
}

/** A fit on more items than this costs more than it tells. */
const mostFitted = 400;
const mostLearnt = 200;
const mostTargets = 5;
/** More items are spread within blocks drawn at random. */
const largestBlock = 4000;
/** Below so many asked items nothing is estimated; below so many that show the rarer outcome the interval is the exact one. */
const fewest = 10;
const enoughEvents = 5;

/** Learns from the fleet which items are alike: each of its models is predicted from the others. */
export function surveyOf(items: readonly Item[], fleet: Fleet, seed: number | string): Survey {
  const likeness = likenessOf(items, fleet);
  const plain = plainWeights(likeness);
  const random = randomOf(`${seed}/survey`);
  const at = shuffled([...items.keys()], random).slice(0, mostLearnt);
  const targets = shuffled([...fleet.answers.keys()], random).slice(0, mostTargets);
  const found = targets.flatMap((model) => weightsFor(model, { items, fleet, at }) ?? []);
  const middle = (name: string, instead: number): number => {
    const values = found.flatMap((weights) => weights.get(name) ?? []);
    return values.length === 0 ? instead : Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
  };
  const kernels = likeness.names.map((name, k) => middle(name, plain.kernels[k] as number));
  const weights = { kernels, noise: middle(noiseName, plain.noise) };
  return { items, likeness, weights, rowOf: rowsOf(likeness, weights) };
}

const noiseName = '';

/** Weights by kernel name that predict one of the fleet's models from the others; null where it answered too little. */
function weightsFor(
  model: number,
  { items, fleet, at }: { readonly items: readonly Item[]; readonly fleet: Fleet; readonly at: readonly number[] },
): ReadonlyMap<string, number> | null {
  const column = fleet.answers[model] as ReadonlyMap<string, number>;
  const known = at.flatMap((i) => {
    const value = column.get((items[i] as Item).id);
    return value === undefined ? [] : [{ i, value }];
  });
  if (known.length < 2 * fewest) return null;
  const others = likenessOf(items, without(fleet, model));
  const sample = { at: known.map(({ i }) => i), values: known.map(({ value }) => value) };
  const { kernels, noise } = learnt(others, sample, { prior: plainWeights(others), trust: 1, steps: 25 });
  return new Map([...others.names.map((name, k) => [name, kernels[k] as number] as const), [noiseName, noise]]);
}

/** `count` items, each with the same chance, of alike ones few. More items under the same seed are another draw. */
export function drawItems({ items, likeness, weights, rowOf }: Survey, count: number, seed: number | string): Item[] {
  const N = items.length;
  const n = Math.min(N, Math.max(1, Math.round(count)));
  if (n === N) return [...items];
  const random = randomOf(seed);
  const order = N <= largestBlock ? [...items.keys()] : shuffled([...items.keys()], random);
  const taken: number[] = [];
  // A share of each block, so that the parts add up to n.
  for (let from = 0; from < N; from += largestBlock) {
    const block = order.slice(from, from + largestBlock);
    const size = Math.round((n * (from + block.length)) / N) - Math.round((n * from) / N);
    const rows = block.length === N ? rowOf : rowsOf(likeness.part(block), weights);
    for (const i of spreadSample(new Float64Array(block.length).fill(size / block.length), rows, random)) taken.push(block[i] as number);
  }
  return taken.sort((a, b) => a - b).map((i) => items[i] as Item);
}

/** How alike an item is to each; kept, for every item is looked at more than once. */
function rowsOf(likeness: Likeness, { kernels }: Weights): RowOf {
  const kept: (Float32Array | undefined)[] = [];
  const row = new Float64Array(likeness.n);
  return (i) => {
    const known = kept[i];
    if (known) return known;
    likeness.row(i, kernels, row);
    if (likeness.n <= largestBlock) kept[i] = Float32Array.from(row);
    return row;
  };
}

/** An asked item's value. */
export interface Asked {
  readonly id: string;
  readonly value: number;
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

/** The mean over all items from those asked by `drawItems`. Values in 0..1. Null below 10 asked items. */
export function budgetEstimate(survey: Survey, asked: readonly Asked[], seed: number | string): BudgetEstimate | null {
  const at = new Map(survey.items.map(({ id }, i) => [id, i]));
  const known = shuffled(
    asked.filter(({ id }) => at.has(id)),
    randomOf(`${seed}/fit`),
  );
  if (known.length < fewest) return null;
  const sample: Sample = { at: known.map(({ id }) => at.get(id) as number), values: known.map(({ value }) => value) };
  const [n, N] = [known.length, survey.items.length];
  const plain = meanOf(sample.values);
  if (n === N) return { value: plain, low: plain, high: plain, se: 0, n, effective: n };
  const spread = sample.values.reduce((sum, v) => sum + (v - plain) ** 2, 0) / (n - 1);
  const powered = predictionPowered(survey, sample);
  const [value, square] = powered.square < spread ? [powered.value, powered.square] : [plain, spread];
  return { n, ...intervalOf(clip(value), square, { n, N, binary: sample.values.every((v) => v === 0 || v === 1) }) };
}

/** Mean of predictions plus mean of errors, each error of a prediction made without its item; and the mean squared error. */
function predictionPowered(survey: Survey, sample: Sample): { value: number; square: number } {
  const { likeness } = survey;
  const part = (most: number): Sample => ({ at: sample.at.slice(0, most), values: sample.values.slice(0, most) });
  const weights = learnt(likeness, part(mostLearnt), { prior: survey.weights, trust: 4, steps: 12 });
  const { predicted, errors, pull } = fitted(likeness, part(mostFitted), weights);
  const n = sample.at.length;
  const all = sample.values.map((v, k) => errors[k] ?? v - (predicted[sample.at[k] as number] as number));
  const own = errors.reduce((sum, e, k) => sum + e * (pull[k] as number), 0) / n;
  return { value: meanOf(predicted) - own + meanOf(all), square: all.reduce((sum, e) => sum + e * e, 0) / n };
}

interface Size {
  readonly n: number;
  readonly N: number;
  readonly binary: boolean;
}

/** Student's t with the finite population's factor; the exact interval where few show the rarer outcome. */
function intervalOf(value: number, square: number, { n, N, binary }: Size): Omit<BudgetEstimate, 'n'> {
  const left = 1 - n / N;
  const variance = (square * left) / n;
  const uniform = (value * (1 - value) * left) / n;
  const effective = variance > 0 && uniform > 0 ? (n * uniform) / variance : n;
  const head = { value, se: Math.sqrt(variance), effective };
  const events = Math.min(value, 1 - value) * n;
  if (binary && events < enoughEvents) return { ...head, ...within(value, clopperPearson(value * (n / left), n / left)) };
  // Values that never differ are not certainty: of n alike, up to 1 − .025^(1/n) may differ.
  const half = variance > 1e-12 ? tQuantile(0.975, n - 1) * head.se : 1 - 0.025 ** (1 / n);
  return { ...head, low: clip(value - half), high: clip(value + half) };
}

const clip = (v: number): number => Math.min(1, Math.max(0, v));
const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
};
const within = (value: number, { low, high }: { readonly low: number; readonly high: number }) => ({
  low: Math.min(value, low),
  high: Math.max(value, high),
});
