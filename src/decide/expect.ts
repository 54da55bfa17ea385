/** What a plan can show before anything is asked. Pure. */

import type { Items } from '../engine/items.ts';
import { expectedHalfWidth, minimumDetectableDrop } from '../kit/index.ts';

export interface Expectation {
  readonly items: number;
  readonly clusters: number;
  /** Half-width of the 95 % interval of a rate of one half, the widest. */
  readonly halfWidth: number;
  /** Smallest loss against another run on the same items that is found with power .8, if one pair in ten differs by chance. */
  readonly detectable: number;
}

/** For `run --dry-run`. `icc`: correlation expected within a cluster. */
export function expectationOf(items: Items, icc = 0.1): Expectation {
  const names = new Set<string>();
  for (const item of items) names.add(item.cluster ?? item.id);
  const clusters = names.size;
  const design = { n: items.length, clusters, icc };
  if (items.length === 0) return { items: 0, clusters: 0, halfWidth: 1, detectable: 1 };
  return { items: items.length, clusters, halfWidth: Math.min(0.5, expectedHalfWidth(design)), detectable: minimumDetectableDrop(design) };
}
