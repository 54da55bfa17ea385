/** Signs that a benchmark was trained on. What is found tells something; what is not found proves nothing. */
import type { Contamination, Request, Response } from '../types.ts';
import { traced } from './asking.ts';
import { randomOf, shuffled } from './random.ts';

/** Consecutive items of a benchmark, in their published order and in others; or a canary string and made-up ones of its form. */
export interface Sign {
  readonly id: string;
  readonly kind: 'order' | 'canary';
  /** The published one first, then (of an order) the same backwards. */
  readonly requests: readonly Request[];
}

const shuffles = 3;
const itemChars = 300;
const others = 9;

/**
 * Trace requests of items in their published order, backwards, and in shuffled orders. A model that never saw the file has no reason to prefer the
 * first (Oren et al. 2023, arXiv:2310.17623, §3). Backwards, neighbours stay neighbours: what speaks for the published order alone is not that
 * items of one subject stand together.
 */
export function orderSign(items: readonly string[], id: string): Sign {
  const texts = items.map((item) => item.slice(0, itemChars).trim());
  const seen = new Set([texts.join('\n'), [...texts].reverse().join('\n')]);
  const orders: string[][] = [texts, [...texts].reverse()];
  for (let i = 0; orders.length < 2 + shuffles && i < 50; i++) {
    const order = shuffled(texts, randomOf(`${id}/${i}`));
    if (seen.has(order.join('\n'))) continue;
    seen.add(order.join('\n'));
    orders.push(order);
  }
  return { id, kind: 'order', requests: orders.map((order) => traced(order.join('\n\n'), { perfect: -3, worst: -3 })) };
}

/** Trace requests of a canary string, and of strings of its form that nobody has seen. */
export function canarySign(canary: string): Sign {
  const random = randomOf(canary);
  const madeUp = () => canary.replace(/[0-9a-f]/g, () => Math.floor(random() * 16).toString(16));
  const texts = [canary, ...Array.from({ length: others }, madeUp)];
  return { id: canary, kind: 'canary', requests: texts.map((text) => traced(`canary GUID ${text}`, { perfect: -3, worst: -3 })) };
}

/** Log-probability of a traced text: the sum over its tokens; null where it is not known. */
export function logprobOf(reply: Response | null | undefined): number | null {
  if (!reply?.ok || !reply.logprobs) return null;
  const known = reply.logprobs.filter((value) => value !== null);
  return known.length === 0 || known.some((value) => !Number.isFinite(value)) ? null : known.reduce((a, b) => a + b, 0);
}

/** Exact permutation p that the published order is likelier than shuffled ones: (1 + shuffled at least as likely) / (1 + shuffled). null without any. Oren et al. 2023, eq. 1, with the +1 of Phipson & Smyth 2010. */
export function exchangeability(published: number, shuffledOnes: readonly number[]): number | null {
  if (shuffledOnes.length === 0) return null;
  return (1 + shuffledOnes.filter((value) => value >= published).length) / (1 + shuffledOnes.length);
}

const draws = 9999;

/** p of the sum over parts of how far the first of each part's values lies above their mean (in their standard deviations), were the first any of them. */
function firstStandsOut(parts: readonly (readonly number[])[], seed: string): number {
  const scaled = parts.map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    return values.map((value) => (spread > 1e-9 ? (value - mean) / spread : 0));
  });
  const seen = scaled.reduce((sum, values) => sum + (values[0] ?? 0), 0);
  const random = randomOf(seed);
  let atLeast = 0;
  for (let i = 0; i < draws; i++) {
    let sum = 0;
    for (const values of scaled) sum += values[Math.floor(random() * values.length)] ?? 0;
    if (sum >= seen - 1e-9) atLeast++;
  }
  return (1 + atLeast) / (1 + draws);
}

/** p of the sum of the differences between the first and the second of each part, were their signs a coin's. */
function firstBeatsSecond(parts: readonly (readonly number[])[], seed: string): number {
  const differences = parts.map(([first = 0, second = 0]) => first - second);
  const seen = differences.reduce((a, b) => a + b, 0);
  const random = randomOf(seed);
  let atLeast = 0;
  for (let i = 0; i < draws; i++) if (differences.reduce((sum, d) => sum + (random() < 0.5 ? d : -d), 0) >= seen - 1e-9) atLeast++;
  return (1 + atLeast) / (1 + draws);
}

/** Strings that benchmarks carry so that they can be filtered from training data, and found in what a model says. */
export function canariesIn(text: string): string[] {
  const guid = /(?:canary\s+GUID|canary)[\s:]*([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?::[0-9a-f-]+)?)/gi;
  return [...new Set([...text.matchAll(guid)].map((match) => (match[1] ?? '').toLowerCase()))];
}

export interface Told {
  readonly sign: Sign;
  readonly replies: readonly (Response | null)[];
}

/** What the signs tell; `answered`: canary strings found in generated answers. null: nothing could be told. */
export function contaminationOf(told: readonly Told[], answered: readonly string[], seed: string): Contamination | null {
  const numbers = told.map(({ sign, replies }) => ({ sign, values: replies.map(logprobOf) }));
  const known = numbers.filter(({ values }) => values.length > 1 && values.every((value) => value !== null)) as {
    readonly sign: Sign;
    readonly values: readonly number[];
  }[];
  const parts = known.filter(({ sign }) => sign.kind === 'order').map(({ values }) => values);
  const canaries = known
    .filter(({ sign }) => sign.kind === 'canary')
    .map(({ sign, values }) => ({ canary: sign.id, p: exchangeability(values[0] ?? 0, values.slice(1)) ?? 1 }));
  if (parts.length === 0 && canaries.length === 0 && answered.length === 0) return null;
  return { order: parts.length < 3 ? null : orderOf(parts, seed), canaries, canariesAnswered: [...new Set(answered)].sort() };
}

function orderOf(parts: readonly (readonly number[])[], seed: string): NonNullable<Contamination['order']> {
  const orders = Math.max(...parts.map((values) => values.length));
  const among = firstStandsOut(parts, `${seed}/orders`);
  const backwards = firstBeatsSecond(parts, `${seed}/backwards`);
  const first = parts.filter((values) => values.slice(1).every((value) => (values[0] ?? 0) > value)).length;
  return { parts: parts.length, orders, first, among, backwards, p: Math.max(among, backwards) };
}
