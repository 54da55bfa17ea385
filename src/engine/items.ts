import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Item } from '../types.ts';

/** Items in a fixed order, read anew at every iteration: an array, or an `ItemList`. */
export interface Items extends Iterable<Item> {
  readonly length: number;
}

const block = 4096;
/** Above this many characters (some fifty thousand short questions), items are kept in a temporary file. */
const inMemory = 12e6;
/** What an item's names and numbers take, about. */
const bare = 64;

/** Characters of all texts in an item, and something for each object. */
function charactersOf(value: object): number {
  let sum = bare;
  for (const name in value) {
    const held = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof held === 'string') sum += held.length;
    else if (held !== null && typeof held === 'object') sum += charactersOf(held);
  }
  return sum;
}

/** Items that came one by one: held in memory while they are small, else in an unlinked temporary file, so that a million need none. */
export class ItemList implements Items {
  static readonly #closing = new FinalizationRegistry<number>(closeSync);
  #held: Item[] = [];
  #file = -1;
  readonly #blocks: { readonly at: number; readonly bytes: number }[] = [];
  #written = 0;
  #end = 0;
  #characters = 0;
  /** Whether items are plain data, which a file can hold. */
  #plain = true;

  get length(): number {
    return this.#written + this.#held.length;
  }

  add(item: Item): void {
    this.#held.push(item);
    if (!this.#plain) return;
    if (this.#characters < inMemory) this.#characters += charactersOf(item);
    if (this.#characters < inMemory || this.#held.length < block) return;
    if (this.#file < 0) this.#open();
    for (let from = 0; this.#plain && from + block <= this.#held.length; from += block) this.#write(this.#held.slice(from, from + block));
    if (this.#plain) this.#held = this.#held.slice(this.#held.length - (this.#held.length % block));
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const { at, bytes } of this.#blocks) {
      const text = Buffer.allocUnsafe(bytes);
      for (let done = 0; done < bytes; ) done += readSync(this.#file, text, done, bytes - done, at + done);
      yield* JSON.parse(text.toString('utf8')) as Item[];
    }
    yield* this.#held;
  }

  #open(): void {
    const first = this.#held.slice(0, block);
    this.#plain = isDeepStrictEqual(JSON.parse(JSON.stringify(first)), first);
    if (!this.#plain) return;
    const folder = mkdtempSync(join(tmpdir(), 'plumbline-items-'));
    this.#file = openSync(join(folder, 'items'), 'w+');
    rmSync(folder, { recursive: true });
    ItemList.#closing.register(this, this.#file);
  }

  #write(items: readonly Item[]): void {
    const text = Buffer.from(JSON.stringify(items));
    for (let done = 0; done < text.length; ) done += writeSync(this.#file, text, done, text.length - done, this.#end + done);
    this.#blocks.push({ at: this.#end, bytes: text.length });
    this.#end += text.length;
    this.#written += items.length;
  }
}

/** The items that `keep` takes, in their order. */
export function selected(items: Items, keep: (item: Item, at: number) => boolean): Items {
  if (Array.isArray(items)) return (items as readonly Item[]).filter(keep);
  const found = function* () {
    let at = 0;
    for (const item of items) if (keep(item, at++)) yield item;
  };
  let length = 0;
  for (const _ of found()) length++;
  return { length, [Symbol.iterator]: found };
}
