/** Marks the length of a failure's line. */
const failure = 2 ** 31;

/** A compact map from 128-bit hexadecimal keys to a place in a file: 28 bytes an entry, so that a million answers need no more than 60 MB. */
export class KeyTable {
  #words = new Uint32Array(4 << 10);
  #at = new Float64Array(1 << 10).fill(-1);
  #length = new Uint32Array(1 << 10);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Sets a key's place. A key set before keeps its first place, but an answer replaces a failure. Returns whether the place was taken over. */
  set(key: string, at: number, length: number, failed: boolean): boolean {
    if ((this.#size + 1) * 2 > this.#at.length) this.#grow();
    const words = wordsOf(key);
    const slot = this.#slot(words);
    const known = (this.#at[slot] ?? -1) >= 0;
    if (known && (failed || (this.#length[slot] ?? 0) < failure)) return false;
    this.#put(slot, words, at, failed ? length + failure : length);
    if (!known) this.#size++;
    return true;
  }

  get(key: string): { readonly at: number; readonly length: number; readonly failed: boolean } | null {
    const slot = this.#slot(wordsOf(key));
    const at = this.#at[slot] ?? -1;
    const length = this.#length[slot] ?? 0;
    return at < 0 ? null : { at, length: length % failure, failed: length >= failure };
  }

  #slot(words: readonly number[]): number {
    const mask = this.#at.length - 1;
    let slot = (words[0] ?? 0) & mask;
    while ((this.#at[slot] ?? -1) >= 0 && !words.every((w, i) => this.#words[slot * 4 + i] === w)) slot = (slot + 1) & mask;
    return slot;
  }

  #put(slot: number, words: readonly number[], at: number, length: number): void {
    this.#words.set(words, slot * 4);
    this.#at[slot] = at;
    this.#length[slot] = length;
  }

  #grow(): void {
    const [words, at, length] = [this.#words, this.#at, this.#length];
    this.#words = new Uint32Array(words.length * 2);
    this.#at = new Float64Array(at.length * 2).fill(-1);
    this.#length = new Uint32Array(at.length * 2);
    for (let i = 0; i < at.length; i++) {
      if ((at[i] ?? -1) < 0) continue;
      const entry = [...words.subarray(i * 4, i * 4 + 4)];
      this.#put(this.#slot(entry), entry, at[i] ?? 0, length[i] ?? 0);
    }
  }
}

function wordsOf(key: string): readonly number[] {
  return [0, 8, 16, 24].map((i) => Number.parseInt(key.slice(i, i + 8), 16) >>> 0);
}
