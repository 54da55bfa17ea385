import { sha256 } from '../kit/key.ts';
import type { Item } from '../types.ts';

/**
 * A fixed order of a suite's items in which every beginning is a fair sample: strata and groups interleaved in proportion, clusters taken in
 * turn. So demo is the beginning of quick, quick of standard, and answers are shared between presets.
 */
export function ordered<I extends Item>(items: readonly I[]): I[] {
  const buckets = new Map<string, I[]>();
  for (const item of items) {
    const name = `${item.stratum ?? ''}\n${item.group ?? ''}`;
    const bucket = buckets.get(name);
    if (bucket) bucket.push(item);
    else buckets.set(name, [item]);
  }
  const placed: { readonly at: number; readonly tie: string; readonly item: I }[] = [];
  for (const [name, bucket] of buckets) {
    const turns = inTurns(bucket, name);
    for (const [j, item] of turns.entries()) placed.push({ at: (j + 0.5) / turns.length, tie: sha256(item.id), item });
  }
  return placed.sort((a, b) => a.at - b.at || (a.tie < b.tie ? -1 : 1)).map((p) => p.item);
}

/** Items in an order given by their ids' hashes, one cluster after the other; every bucket begins with other clusters, so that few items come from many. */
function inTurns<I extends Item>(items: readonly I[], bucket: string): I[] {
  const clusters = new Map<string, { readonly hash: string; readonly item: I }[]>();
  for (const item of items) {
    const name = item.cluster ?? item.id;
    const held = { hash: sha256(item.id), item };
    const cluster = clusters.get(name);
    if (cluster) cluster.push(held);
    else clusters.set(name, [held]);
  }
  const order = [...clusters].map(([name, held]) => ({
    name: sha256(`${bucket}\n${name}`),
    held: held.sort((a, b) => (a.hash < b.hash ? -1 : 1)),
  }));
  order.sort((a, b) => (a.name < b.name ? -1 : 1));
  const out: I[] = [];
  for (let turn = 0; out.length < items.length; turn++)
    for (const { held } of order) if (held[turn]) out.push((held[turn] as { item: I }).item);
  return out;
}
