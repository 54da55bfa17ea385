/** Signs that a benchmark was trained on. What is found tells something; what is not found proves nothing. */
import type { Request, Response } from '../types.ts';
import { traced } from './asking.ts';
import { randomOf, shuffled } from './random.ts';

/** Trace requests of a benchmark's items in their published order, then in `permutations` shuffled ones. A model that never saw the file has no reason to prefer the first (Oren et al. 2023, arXiv:2310.17623, §3). */
export function orderRequests(
  items: readonly string[],
  { permutations, seed }: { readonly permutations: number; readonly seed: string },
): Request[] {
  const orders = Array.from({ length: permutations }, (_, i) => shuffled(items, randomOf(`${seed}/${i}`)));
  return [items, ...orders].map((order) => traced(order.join('\n\n'), { perfect: -3, worst: -3 }));
}

/** Log-probability of a traced text: the sum over its tokens; null where it is not known. */
export function logprobOf(reply: Response | undefined): number | null {
  if (!reply?.ok || !reply.logprobs) return null;
  const known = reply.logprobs.filter((value) => value !== null);
  return known.length === 0 || known.some((value) => !Number.isFinite(value)) ? null : known.reduce((a, b) => a + b, 0);
}

/** Exact permutation p that the published order is likelier than shuffled ones: (1 + shuffled at least as likely) / (1 + shuffled). null without any. Oren et al. 2023, eq. 1, with the +1 of Phipson & Smyth 2010. */
export function exchangeability(published: number, others: readonly number[]): number | null {
  if (others.length === 0) return null;
  return (1 + others.filter((value) => value >= published).length) / (1 + others.length);
}

/** Strings that benchmarks carry so that they can be filtered from training data, and found in what a model says. */
export function canariesIn(text: string): string[] {
  const guid = /(?:canary\s+GUID|canary)[\s:]*([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?::[0-9a-f-]+)?)/gi;
  return [...new Set([...text.matchAll(guid)].map((match) => (match[1] ?? '').toLowerCase()))];
}
