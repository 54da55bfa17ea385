/** What a plan can show before anything is asked. Pure. */
import { expectedHalfWidth, minimumDetectableDrop } from '../kit/index.ts';
import type { Item } from '../types.ts';

export interface Expectation {
  readonly items: number;
  readonly clusters: number;
  /** Half-width of the 95 % interval of a rate of one half, the widest. */
  readonly halfWidth: number;
  /** Smallest loss against another run on the same items that is found with power .8, if one pair in ten differs by chance. */
  readonly detectable: number;
}

/** For `run --dry-run`. `icc`: correlation expected within a cluster. */
export function expectationOf(items: readonly Item[], icc = 0.1): Expectation {
  const clusters = new Set(items.map((item) => item.cluster ?? item.id)).size;
  const design = { n: items.length, clusters, icc };
  if (items.length === 0) return { items: 0, clusters: 0, halfWidth: 1, detectable: 1 };
  return { items: items.length, clusters, halfWidth: Math.min(0.5, expectedHalfWidth(design)), detectable: minimumDetectableDrop(design) };
}
