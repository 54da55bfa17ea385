/** Marks the length of a failure's line. */
const failure = 2 ** 31;

const digit = new Uint8Array(128);
for (let i = 0; i < 16; i++) digit['0123456789abcdef'.charCodeAt(i)] = i;

/** Place of a line in a recording. */
export interface Place {
  readonly at: number;
  readonly length: number;
  readonly failed: boolean;
}

const chunk = 1 << 14;

/** Entries in chunks, so that growing copies nothing. */
interface Chunk {
  readonly words: Uint32Array;
  readonly at: Float64Array;
  readonly length: Uint32Array;
}

/** A compact map from 128-bit hexadecimal keys to a place in a file: 28 bytes an entry and at most 16 in the table of slots: a million answers need 36 MB. */
export class KeyTable {
  /** Number of the entry in each slot, from 1; 0: free. */
  #slots = new Uint32Array(1 << 10);
  readonly #chunks: Chunk[] = [];
  #size = 0;
  /** The four words of the key looked for last. */
  readonly #key = new Uint32Array(4);

  get size(): number {
    return this.#size;
  }

  /** Sets a key's place. A key set before keeps its first place, but an answer replaces a failure. Returns whether the place was taken over. */
  set(key: string, at: number, length: number, failed: boolean): boolean {
    this.#read(key);
    const slot = this.#slot();
    const known = this.#slots[slot] as number;
    const entry = known > 0 ? known - 1 : this.#size;
    if (known > 0 && (failed || (this.#chunk(entry).length[entry % chunk] as number) < failure)) return false;
    if (known === 0 && entry % chunk === 0)
      this.#chunks.push({ words: new Uint32Array(4 * chunk), at: new Float64Array(chunk), length: new Uint32Array(chunk) });
    const held = this.#chunk(entry);
    const place = entry % chunk;
    held.words.set(this.#key, 4 * place);
    held.at[place] = at;
    held.length[place] = failed ? length + failure : length;
    if (known > 0) return true;
    this.#slots[slot] = ++this.#size;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  get(key: string): Place | null {
    this.#read(key);
    const entry = (this.#slots[this.#slot()] as number) - 1;
    if (entry < 0) return null;
    const held = this.#chunk(entry);
    const length = held.length[entry % chunk] as number;
    return { at: held.at[entry % chunk] as number, length: length % failure, failed: length >= failure };
  }

  #chunk(entry: number): Chunk {
    return this.#chunks[(entry / chunk) | 0] as Chunk;
  }

  #read(key: string): void {
    for (let w = 0; w < 4; w++) {
      let word = 0;
      for (let i = w * 8; i < w * 8 + 8; i++) word = (word << 4) | (digit[key.charCodeAt(i)] as number);
      this.#key[w] = word;
    }
  }

  /** The slot of the key, or the free one where it would be. */
  #slot(): number {
    const mask = this.#slots.length - 1;
    const [a, b, c, d] = this.#key as unknown as [number, number, number, number];
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return slot;
      const { words } = this.#chunk(entry);
      const w = 4 * (entry % chunk);
      if (words[w] === a && words[w + 1] === b && words[w + 2] === c && words[w + 3] === d) return slot;
    }
  }

  #grow(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Uint32Array(mask + 1);
    for (let entry = 0; entry < this.#size; entry++) {
      let slot = (this.#chunk(entry).words[4 * (entry % chunk)] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry + 1;
    }
  }
}
