/** A cache in main memory: buffers that runs read where they lie. What a run adds comes back alone, and is put into its slots here. */
import type { CacheValue } from './contract.ts';
import type { Fresh, KvCache } from './kv-cache.ts';
import type { Feeds, Outputs, Session } from './session.ts';

type Numbers = Float32Array | Uint16Array;

interface Held {
  readonly value: CacheValue;
  data: Numbers;
  /** Elements of one row. */
  rowSize: number;
}

/** Elements of one row; of a cache by tokens, for `slots` of them. */
const rowSizeOf = (value: CacheValue, slots: number): number =>
  value.shape.reduce<number>((n, d) => n * (d === 'B' ? 1 : d === 'C' ? slots : d), 1);

const bufferOf = ({ type }: CacheValue, size: number): Numbers => (type === 'float32' ? new Float32Array(size) : new Uint16Array(size));
const byTokens = ({ shape }: CacheValue): boolean => shape.includes('C');

/** Copies the first `used` slots of a row [heads, slots, width]; a state of fixed size whole. */
function copyRow(from: Held, to: Held, at: { row: number; toRow: number; slots: number; toSlots: number; used: number }): void {
  const source = at.row * from.rowSize;
  const target = at.toRow * to.rowSize;
  if (!byTokens(from.value)) {
    to.data.set(from.data.subarray(source, source + from.rowSize), target);
    return;
  }
  const [, heads = 1, , width = 1] = from.value.shape.map(Number);
  for (let head = 0; head < heads; head += 1) {
    const start = source + head * at.slots * width;
    to.data.set(from.data.subarray(start, start + at.used * width), target + head * at.toSlots * width);
  }
}

/** Puts new tokens [S, heads · width] of one row into their slots [heads, slots, width]. */
function putTokens(held: Held, from: Numbers, at: { row: number; first: number; slots: number; fresh: Fresh }): void {
  const [, heads = 1, , width = 1] = held.value.shape.map(Number);
  for (let token = 0; token < at.fresh.count; token += 1)
    for (let head = 0; head < heads; head += 1) {
      const start = at.first + (token * heads + head) * width;
      held.data.set(from.subarray(start, start + width), at.row * held.rowSize + (head * at.slots + at.fresh.start + token) * width);
    }
}

class HostCache implements KvCache {
  readonly rows: number;
  readonly #session: Session;
  readonly #held: readonly Held[];
  #slots: number;

  constructor(session: Session, rows: number, slots: number) {
    this.rows = rows;
    this.#session = session;
    this.#slots = slots;
    this.#held = session.graph.caches.map((value) => {
      const rowSize = rowSizeOf(value, slots);
      return { value, rowSize, data: bufferOf(value, rows * rowSize) };
    });
  }

  get slots(): number {
    return this.#slots;
  }

  get wanted(): { readonly [name: string]: null } {
    return Object.fromEntries(this.#session.graph.caches.map(({ present }) => [present, null]));
  }

  async past(from: number, count: number): Promise<Feeds> {
    const { ort } = this.#session;
    return Object.fromEntries(
      this.#held.map(({ value, data, rowSize }) => {
        const dims = value.shape.map((d) => (d === 'B' ? count : d === 'C' ? this.#slots : d));
        const part = data.subarray(from * rowSize, (from + count) * rowSize);
        const tensor = part instanceof Float32Array ? new ort.Tensor('float32', part, dims) : new ort.Tensor('float16', part, dims);
        return [value.past, tensor];
      }),
    );
  }

  keep(out: Outputs, from: number, fresh: readonly Fresh[]): void {
    for (const held of this.#held) {
      const data = out[held.value.present]?.data as Numbers | undefined;
      if (data === undefined) continue; // a ready-made model has written into the buffers itself
      const perRow = data.length / fresh.length;
      for (const [i, each] of fresh.entries()) {
        if (byTokens(held.value)) putTokens(held, data, { row: from + i, first: i * perRow, slots: this.#slots, fresh: each });
        else held.data.set(data.subarray(i * perRow, (i + 1) * perRow), (from + i) * held.rowSize);
      }
    }
  }

  copy(source: KvCache, row: number, to: number, used: number): void {
    if (!(source instanceof HostCache)) throw new Error('caches of two kinds');
    for (const [i, held] of this.#held.entries()) {
      const other = source.#held[i];
      if (other) copyRow(other, held, { row, toRow: to, slots: source.#slots, toSlots: this.#slots, used });
    }
  }

  grow(slots: number, used: readonly number[]): void {
    if (slots <= this.#slots) return;
    for (const held of this.#held) {
      if (!byTokens(held.value)) continue;
      const rowSize = rowSizeOf(held.value, slots);
      const wider = { value: held.value, rowSize, data: bufferOf(held.value, this.rows * rowSize) };
      for (const [row, count] of used.entries()) copyRow(held, wider, { row, toRow: row, slots: this.#slots, toSlots: slots, used: count });
      held.data = wider.data;
      held.rowSize = rowSize;
    }
    this.#slots = slots;
  }

  [Symbol.dispose](): void {
    for (const held of this.#held) held.data = bufferOf(held.value, 0);
  }
}

export const openHostCache = (session: Session, rows: number, slots: number): KvCache => new HostCache(session, rows, slots);
