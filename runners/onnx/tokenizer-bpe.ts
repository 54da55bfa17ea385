import { hashOf, isControl, pairSlot, type Tables } from './tokenizer-tables.ts';

/** Byte-pair encoding over the tables: words to ids, ids to pieces. */
export interface Bpe {
  readonly size: number;
  /** Id of a piece, or -1. */
  idOf(piece: string): number;
  /** The piece of an id, as the vocabulary spells it; undefined outside it. */
  pieceOf(id: number): string | undefined;
  /** Appends the ids of one pre-tokenised word to `out`. */
  encode(word: string, out: number[]): void;
}

/** Ranks below 2^26 and positions below 2^26 fit one double. */
const positions = 2 ** 26;

export function openBpe(tables: Tables): Bpe {
  const { ends, merges, merged, vocabulary, model } = tables;
  const text = Buffer.from(tables.text.buffer, tables.text.byteOffset, tables.text.byteLength);
  const mergeMask = merges.length / 3 - 1;
  const vocabularyMask = vocabulary.length / 2 - 1;
  const control = new Set(tables.shell.added_tokens.filter(isControl).map((token) => token.id));
  const characters = new Map<string, readonly number[]>();

  const pieceOf = (id: number): string | undefined =>
    id >= 0 && id < ends.length ? text.toString('utf8', id === 0 ? 0 : ends[id - 1], ends[id]) : undefined;

  const idOf = (piece: string): number => {
    const hash = hashOf(piece);
    for (let slot = hash & vocabularyMask; ; slot = (slot + 1) & vocabularyMask) {
      const id = vocabulary[slot * 2 + 1] ?? -1;
      if (id === -1) return -1;
      if (vocabulary[slot * 2] === hash && pieceOf(id) === piece) return id;
    }
  };

  const rankOf = (left: number, right: number): number => {
    for (let slot = pairSlot(left, right, mergeMask); ; slot = (slot + 1) & mergeMask) {
      const found = merges[slot * 3];
      if (found === -1) return -1;
      if (found === left && merges[slot * 3 + 1] === right) return merges[slot * 3 + 2] ?? -1;
    }
  };

  /** A character's own id, else its bytes', else the unknown token's. */
  const characterIds = (character: string): readonly number[] => {
    const known = characters.get(character);
    if (known) return known;
    const id = idOf(character);
    let ids: readonly number[] = id >= 0 ? [id] : model.unk >= 0 ? [model.unk] : [];
    if (id < 0 && model.byteFallback) {
      const bytes = [...Buffer.from(character, 'utf8')].map((byte) => idOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`));
      if (bytes.every((byte) => byte >= 0)) ids = bytes;
    }
    characters.set(character, ids);
    return ids;
  };

  const symbolsOf = (word: string): number[] => {
    const symbols: number[] = [];
    for (const character of word) {
      const ids = characterIds(character);
      const fused = model.fuseUnk && ids.length === 1 && ids[0] === model.unk && symbols.at(-1) === model.unk;
      if (!fused) symbols.push(...ids);
    }
    return symbols;
  };

  return {
    size: ends.length,
    idOf,
    pieceOf,
    encode(word, out) {
      if (model.ignoreMerges) {
        const whole = idOf(word);
        if (whole >= 0 && !control.has(whole)) {
          out.push(whole);
          return;
        }
      }
      const symbols = symbolsOf(word);
      if (symbols.length > 1) mergeAll(symbols, rankOf, merged, out);
      else out.push(...symbols);
    },
  };
}

/** Merges the pair of lowest rank, leftmost first, until none is left. Symbols removed from the chain are -1. */
function mergeAll(symbols: number[], rankOf: (left: number, right: number) => number, merged: Int32Array, out: number[]): void {
  const count = symbols.length;
  const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1));
  const before = Int32Array.from({ length: count }, (_, i) => i - 1);
  const heap: number[] = [];
  const offer = (at: number): void => {
    const right = at < 0 ? -1 : (next[at] ?? -1);
    if (right < 0) return;
    const rank = rankOf(symbols[at] ?? -1, symbols[right] ?? -1);
    if (rank >= 0) push(heap, rank * positions + at);
  };
  for (let i = 0; i + 1 < count; i += 1) offer(i);
  while (heap.length > 0) {
    const key = pop(heap);
    const rank = Math.floor(key / positions);
    const at = key - rank * positions;
    const right = next[at] ?? -1;
    // Stale: one of the two has become part of another merge.
    if (symbols[at] === -1 || right < 0 || rankOf(symbols[at] ?? -1, symbols[right] ?? -1) !== rank) continue;
    symbols[at] = merged[rank] ?? 0;
    symbols[right] = -1;
    const after = next[right] ?? -1;
    next[at] = after;
    if (after >= 0) before[after] = at;
    offer(before[at] ?? -1);
    offer(at);
  }
  for (let at = 0; at >= 0; at = next[at] ?? -1) out.push(symbols[at] ?? 0);
}

function push(heap: number[], key: number): void {
  let at = heap.length;
  heap.push(key);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] ?? 0;
    if (above <= key) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = key;
}

function pop(heap: number[]): number {
  const top = heap[0] ?? 0;
  const last = heap.pop() ?? 0;
  const { length } = heap;
  if (length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= length) break;
    if (child + 1 < length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
    const below = heap[child] ?? 0;
    if (below >= last) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return top;
}
