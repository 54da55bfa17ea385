import type { InferenceSession } from 'onnxruntime-node';
import { openDeviceCache } from './kv-device.ts';
import { openHostCache } from './kv-host.ts';
import type { Feeds, Outputs, Session } from './session.ts';

/** New tokens of one row: they stand in its slots `start` … `start + count − 1`. */
export interface Fresh {
  readonly start: number;
  readonly count: number;
}

/** Keys and values of some sequences, a row each, between runs of a graph. */
export interface KvCache {
  readonly rows: number;
  /** Tokens a row has room for. */
  readonly slots: number;
  /** What a run over `count` neighbouring rows is fed. */
  past(from: number, count: number): Promise<Feeds>;
  /** Outputs to fetch where what was computed is to be kept. */
  readonly wanted: InferenceSession.FetchesType;
  /** Takes what a run over neighbouring rows computed. */
  keep(out: Outputs, from: number, fresh: readonly Fresh[]): void;
  /** Row `to` becomes a copy of row `row` of a cache of the same graph, as far as its first `used` tokens. */
  copy(source: KvCache, row: number, to: number, used: number): void;
  /** Makes room for more tokens a row; the first `used[row]` of each stay. */
  grow(slots: number, used: readonly number[]): void;
  [Symbol.dispose](): void;
}

/** Slots for rows of so many tokens: some more, but no more than they can ever need, since memory and what a run clears grow with their number. */
export const slotsFor = (needed: number, most = Number.POSITIVE_INFINITY): number =>
  Math.min(Math.max(needed, most), 16 * Math.ceil((needed + Math.max(48, needed / 4)) / 16));

/** An empty cache: in main memory, or on the device where the graph leaves its cache there. */
export function openCache(session: Session, rows: number, slots: number): KvCache {
  return session.graph.onDevice.length > 0 ? openDeviceCache(session, rows, slots) : openHostCache(session, rows, slots);
}
