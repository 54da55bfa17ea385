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

/** Pieces by id and ids by piece. */
function vocabularyOf({ ends, vocabulary, text }: Tables): Pick<Bpe, 'idOf' | 'pieceOf'> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const mask = vocabulary.length / 2 - 1;
  const pieceOf = (id: number): string | undefined =>
    id >= 0 && id < ends.length ? bytes.toString('utf8', id === 0 ? 0 : ends[id - 1], ends[id]) : undefined;
  const idOf = (piece: string): number => {
    const hash = hashOf(piece);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = vocabulary[slot * 2 + 1] ?? -1;
      if (id === -1) return -1;
      if (vocabulary[slot * 2] === hash && pieceOf(id) === piece) return id;
    }
  };
  return { idOf, pieceOf };
}

/** The rank of a merge, -1 where there is none. */
function rankTable({ merges }: Tables): (left: number, right: number) => number {
  const mask = merges.length / 3 - 1;
  return (left, right) => {
    for (let slot = pairSlot(left, right, mask); ; slot = (slot + 1) & mask) {
      const found = merges[slot * 3];
      if (found === -1) return -1;
      if (found === left && merges[slot * 3 + 1] === right) return merges[slot * 3 + 2] ?? -1;
    }
  };
}

/** A word's characters as ids: a character's own, else its bytes', else the unknown token's. */
function symboliser({ model }: Tables, idOf: Bpe['idOf']): (word: string) => number[] {
  const known = new Map<string, readonly number[]>();
  const idsOf = (character: string): readonly number[] => {
    const id = idOf(character);
    if (id >= 0) return [id];
    if (model.byteFallback) {
      const bytes = [...Buffer.from(character, 'utf8')].map((byte) => idOf(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`));
      if (bytes.every((byte) => byte >= 0)) return bytes;
    }
    return model.unk >= 0 ? [model.unk] : [];
  };
  return (word) => {
    const symbols: number[] = [];
    for (const character of word) {
      const ids = known.get(character) ?? idsOf(character);
      known.set(character, ids);
      const fused = model.fuseUnk && ids.length === 1 && ids[0] === model.unk && symbols.at(-1) === model.unk;
      if (!fused) symbols.push(...ids);
    }
    return symbols;
  };
}

export function openBpe(tables: Tables): Bpe {
  const { merged, model, shell } = tables;
  const { idOf, pieceOf } = vocabularyOf(tables);
  const rankOf = rankTable(tables);
  const symbolsOf = symboliser(tables, idOf);
  const control = new Set(shell.added_tokens.filter(isControl).map((token) => token.id));
  return {
    size: tables.ends.length,
    idOf,
    pieceOf,
    encode(word, out) {
      const whole = model.ignoreMerges ? idOf(word) : -1;
      if (whole >= 0 && !control.has(whole)) {
        out.push(whole);
        return;
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
