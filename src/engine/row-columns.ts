import type { Observations } from '../kit/stats/clusters.ts';
import type { Outcome, Row } from '../types.ts';
import { outcomes } from '../types.ts';

const absent = 0;
const told = 1;
const unclear = 2;

/** A typed array that grows. */
class Column<A extends Float64Array | Int32Array | Uint8Array> {
  data: A;
  constructor(data: A) {
    this.data = data;
  }
  set(at: number, value: number): void {
    if (at >= this.data.length) {
      const grown = new (this.data.constructor as new (length: number) => A)(Math.max(1024, at + 1, this.data.length * 2));
      grown.set(this.data);
      this.data = grown;
    }
    this.data[at] = value;
  }
  get(at: number): number {
    return this.data[at] ?? 0;
  }
}

/** 53 bits of a text's hash: two texts of a million are taken for one with probability 6e-5. */
function hashOf(text: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

function countingTo(n: number): Int32Array {
  const numbers = new Int32Array(n);
  for (let i = 0; i < n; i++) numbers[i] = i;
  return numbers;
}

interface Value {
  readonly numbers: Column<Float64Array>;
  readonly states: Column<Uint8Array>;
}

/**
 * Rows as columns: some 20 bytes a row and 9 a value, so that a million rows need little memory. The rows themselves are held only where a suite
 * computes from whole rows.
 */
export class RowColumns {
  length = 0;
  readonly outcomes: Record<Outcome, number>;
  readonly #held: Row[] | null;
  readonly #values = new Map<string, Value>();
  /** Null while all are one. */
  #weights: Column<Float64Array> | null = null;
  readonly #skips = new Column(new Uint8Array(0));
  readonly #clusters = new Column(new Float64Array(0));
  /** Whether a row has named a cluster: else each is its own. */
  #clustered = false;
  readonly #groups = new Map<string, { rows: Column<Int32Array>; length: number }>();

  constructor({ whole }: { readonly whole: boolean }) {
    this.#held = whole ? [] : null;
    this.outcomes = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  }

  static of(rows: Iterable<Row>): RowColumns {
    const columns = new RowColumns({ whole: true });
    for (const row of rows) columns.add(row);
    return columns;
  }

  add(row: Row): void {
    const at = this.length++;
    this.#held?.push(row);
    for (const outcome of row.outcomes) this.outcomes[outcome]++;
    for (const name in row.values) this.#put(name, at, row.values[name]);
    if (row.skip !== undefined) this.#skips.set(at, 1);
    if (row.weight !== undefined && row.weight !== 1 && !this.#weights) this.#weights = new Column(new Float64Array(at).fill(1));
    this.#weights?.set(at, row.weight ?? 1);
    if (row.cluster !== undefined) this.#clustered = true;
    this.#clusters.set(at, hashOf(row.cluster ?? row.id));
    if (row.group === undefined) return;
    const group = this.#groups.get(row.group) ?? { rows: new Column(new Int32Array(0)), length: 0 };
    this.#groups.set(row.group, group);
    group.rows.set(group.length++, at);
  }

  #put(name: string, at: number, value: number | null | undefined): void {
    if (value === undefined) return;
    const held = this.#values.get(name) ?? { numbers: new Column(new Float64Array(0)), states: new Column(new Uint8Array(0)) };
    this.#values.set(name, held);
    const clear = value !== null && !Number.isNaN(value);
    held.states.set(at, clear ? told : unclear);
    if (clear) held.numbers.set(at, value);
  }

  /** Whether a row names this value. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Groups in order of appearance. */
  get groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** The rows, or one group's. Only where they are held. */
  rows(group?: string): readonly Row[] {
    if (!this.#held) throw new Error('the rows were not held');
    return group === undefined ? this.#held : Array.from(this.#places(group), (at) => (this.#held as Row[])[at] as Row);
  }

  /**
   * One value's observations over all rows, or one group's. A value that a row does not name does not apply to it; null, or a skipped row, is
   * unclear and counts as skipped.
   */
  observed(name: string, group?: string): Observations & { readonly skipped: number } {
    const value = this.#values.get(name);
    const rows = this.#places(group);
    const places = new Int32Array(rows.length);
    let [n, skipped] = [0, 0];
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i] as number;
      const state = value?.states.get(at) ?? absent;
      if (this.#skips.get(at) === 1 || state === unclear) skipped++;
      else if (state === told) places[n++] = at;
    }
    const used = places.subarray(0, n);
    const pick = (column: Column<Float64Array>) => {
      const picked = new Float64Array(n);
      for (let i = 0; i < n; i++) picked[i] = column.get(used[i] as number);
      return picked;
    };
    return {
      values: value ? pick(value.numbers) : new Float64Array(0),
      weights: this.#weights && pick(this.#weights),
      ...this.#numbered(used),
      skipped,
    };
  }

  #places(group: string | undefined): Int32Array {
    if (group === undefined) return countingTo(this.length);
    const held = this.#groups.get(group);
    return held ? held.rows.data.subarray(0, held.length) : new Int32Array(0);
  }

  /** Clusters of some rows, numbered in order of appearance. */
  #numbered(rows: Int32Array): { readonly clusters: Int32Array; readonly count: number } {
    if (!this.#clustered) return { clusters: countingTo(rows.length), count: rows.length };
    const mask = 2 ** Math.ceil(Math.log2(2 * rows.length + 2)) - 1;
    const slots = new Int32Array(mask + 1).fill(-1);
    const hashes = new Float64Array(rows.length);
    let count = 0;
    const clusters = rows.map((at) => {
      const hash = this.#clusters.get(at);
      let slot = (hash % 4294967296) & mask;
      while ((slots[slot] as number) >= 0 && hashes[slots[slot] as number] !== hash) slot = (slot + 1) & mask;
      if ((slots[slot] as number) < 0) {
        hashes[count] = hash;
        slots[slot] = count++;
      }
      return slots[slot] as number;
    });
    return { clusters, count };
  }
}
