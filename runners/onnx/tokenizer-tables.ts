/** A BPE vocabulary as typed arrays: built once, written to the cache, read back in milliseconds. */
import { UserError } from '../../src/types.ts';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
}

/** Tokens that look like control tokens, whatever their file says of them. */
const looksControl =
  /^(<\|.*\|>|<｜.*｜>|<\/?(s|pad|unk|bos|eos|mask|start_of_turn|end_of_turn|think|tool_call|tool_response)>|\[\/?INST\])$/;

/** Is this a token that must never come out of users' text? */
export const isControl = (token: AddedToken): boolean => token.special || looksControl.test(token.content);

type Config = Readonly<Record<string, unknown>>;

/** The parts of tokenizer.json around its model. */
export interface TokenizerShell {
  readonly normalizer: Config | null;
  readonly pre_tokenizer: Config | null;
  readonly decoder: Config | null;
  readonly post_processor: Config | null;
  readonly added_tokens: readonly AddedToken[];
}

export interface BpeModel {
  readonly byteFallback: boolean;
  readonly fuseUnk: boolean;
  readonly ignoreMerges: boolean;
  /** -1: characters outside the vocabulary are dropped. */
  readonly unk: number;
}

export interface Tables {
  readonly shell: TokenizerShell;
  readonly model: BpeModel;
  /** UTF-8 of all pieces, one after the other; piece i ends at ends[i]. */
  readonly text: Uint8Array;
  readonly ends: Uint32Array;
  /** Open-addressing table of (left, right, rank); left -1: empty. Its length / 3 is a power of two. */
  readonly merges: Int32Array;
  /** Piece made by the merge of each rank. */
  readonly merged: Int32Array;
  /** Open-addressing table of (hash, id); id -1: empty. Its length / 2 is a power of two. */
  readonly vocabulary: Int32Array;
}

/** FNV-1a over UTF-16 code units. */
export function hashOf(piece: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < piece.length; i += 1) hash = Math.imul(hash ^ piece.charCodeAt(i), 0x01000193);
  return hash;
}

export function pairSlot(left: number, right: number, mask: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & mask;
}

const slotsFor = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(count * 1.6, 4)));

/** Triples (left, right, merged) by rank. */
function mergeTable(triples: Int32Array): Pick<Tables, 'merges' | 'merged'> {
  const count = triples.length / 3;
  const slots = slotsFor(count);
  const merges = new Int32Array(slots * 3).fill(-1);
  const merged = new Int32Array(count);
  for (let rank = 0; rank < count; rank += 1) {
    const left = triples[rank * 3] ?? 0;
    const right = triples[rank * 3 + 1] ?? 0;
    merged[rank] = triples[rank * 3 + 2] ?? 0;
    let slot = pairSlot(left, right, slots - 1);
    while (merges[slot * 3] !== -1 && !(merges[slot * 3] === left && merges[slot * 3 + 1] === right)) slot = (slot + 1) & (slots - 1);
    if (merges[slot * 3] !== -1) continue;
    merges[slot * 3] = left;
    merges[slot * 3 + 1] = right;
    merges[slot * 3 + 2] = rank;
  }
  return { merges, merged };
}

function vocabularyTable(pieces: readonly (string | undefined)[]): Int32Array {
  const slots = slotsFor(pieces.length);
  const table = new Int32Array(slots * 2).fill(-1);
  pieces.forEach((piece, id) => {
    if (piece === undefined) return;
    const hash = hashOf(piece);
    let slot = hash & (slots - 1);
    while (table[slot * 2 + 1] !== -1) {
      const other = table[slot * 2 + 1] ?? 0;
      if (table[slot * 2] === hash && pieces[other] === piece) return;
      slot = (slot + 1) & (slots - 1);
    }
    table[slot * 2] = hash;
    table[slot * 2 + 1] = id;
  });
  return table;
}

/** Merges must not spell out a control token: sentencepiece keeps them apart, lists of merges made from its vocabularies do not. */
function withoutControl(triples: Int32Array, shell: TokenizerShell): Int32Array {
  const control = new Set(shell.added_tokens.filter(isControl).map((token) => token.id));
  const kept: number[] = [];
  for (let at = 0; at < triples.length; at += 3) {
    if (!control.has(triples[at + 2] ?? -1)) kept.push(triples[at] ?? 0, triples[at + 1] ?? 0, triples[at + 2] ?? 0);
  }
  return Int32Array.from(kept);
}

/** `pieces` by id (undefined: an id without a piece); `triples`: (left, right, merged) ids by rank. */
export function buildTables(shell: TokenizerShell, model: BpeModel, pieces: readonly (string | undefined)[], triples: Int32Array): Tables {
  const parts = pieces.map((piece) => Buffer.from(piece ?? '', 'utf8'));
  const ends = new Uint32Array(parts.length);
  let at = 0;
  parts.forEach((part, id) => {
    at += part.length;
    ends[id] = at;
  });
  return {
    shell,
    model,
    text: new Uint8Array(Buffer.concat(parts)),
    ends,
    ...mergeTable(withoutControl(triples, shell)),
    vocabulary: vocabularyTable(pieces),
  };
}

const magic = 'plumbline-tokenizer/1\n';
const sections = ['text', 'ends', 'merges', 'merged', 'vocabulary'] as const;

/** One file: magic, length of the head, head (JSON), then the arrays at multiples of 8. */
export function packTables(tables: Tables): Uint8Array {
  const sizes = sections.map((name) => tables[name].byteLength);
  const head = Buffer.from(JSON.stringify({ shell: tables.shell, model: tables.model, sizes }), 'utf8');
  const start = Math.ceil((magic.length + 4 + head.length) / 8) * 8;
  const total = sizes.reduce((sum, size) => sum + Math.ceil(size / 8) * 8, start);
  const file = Buffer.alloc(total);
  file.write(magic, 0, 'latin1');
  file.writeUInt32LE(head.length, magic.length);
  head.copy(file, magic.length + 4);
  let at = start;
  for (const name of sections) {
    const part = tables[name];
    file.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += Math.ceil(part.byteLength / 8) * 8;
  }
  return file;
}

/** Reads what `packTables` wrote; undefined when the bytes are of another version or torn. */
export function unpackTables(bytes: Uint8Array): Tables | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < magic.length + 4 || file.toString('latin1', 0, magic.length) !== magic) return undefined;
  const length = file.readUInt32LE(magic.length);
  const start = Math.ceil((magic.length + 4 + length) / 8) * 8;
  if (start > file.length) return undefined;
  const head = JSON.parse(file.toString('utf8', magic.length + 4, magic.length + 4 + length)) as {
    shell: TokenizerShell;
    model: BpeModel;
    sizes: [number, number, number, number, number];
  };
  const [text, ends, merges, merged, vocabulary] = head.sizes;
  const offsets = [start];
  for (const size of head.sizes) offsets.push((offsets.at(-1) ?? 0) + Math.ceil(size / 8) * 8);
  if (offsets[5] !== file.length) return undefined;
  // A copy when the buffer came from a pool at an odd place: typed arrays need aligned starts.
  const whole = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const place = (index: number) => whole.byteOffset + (offsets[index] ?? 0);
  return {
    shell: head.shell,
    model: head.model,
    text: new Uint8Array(whole.buffer, place(0), text),
    ends: new Uint32Array(whole.buffer, place(1), ends / 4),
    merges: new Int32Array(whole.buffer, place(2), merges / 4),
    merged: new Int32Array(whole.buffer, place(3), merged / 4),
    vocabulary: new Int32Array(whole.buffer, place(4), vocabulary / 4),
  };
}

/** Ids of a list of merges given as strings (`a b` or [a, b]); UserError naming the first that makes no piece. */
export function mergeTriples(merges: readonly (string | readonly string[])[], ids: ReadonlyMap<string, number>, path: string): Int32Array {
  const triples = new Int32Array(merges.length * 3);
  merges.forEach((merge, rank) => {
    if (typeof merge !== 'string' && !Array.isArray(merge))
      throw new UserError(`${path}: merge ${rank + 1} is neither a text nor a pair`, 'fetch the tokenizer again');
    const space = typeof merge === 'string' ? merge.indexOf(' ', 1) : 0;
    const left = typeof merge === 'string' ? merge.slice(0, space) : (merge[0] ?? '');
    const right = typeof merge === 'string' ? merge.slice(space + 1) : (merge[1] ?? '');
    const found = [ids.get(left), ids.get(right), ids.get(left + right)];
    found.forEach((id, part) => {
      if (id === undefined) {
        throw new UserError(
          `${path}: merge ${rank + 1} (${JSON.stringify(merge)}) names a piece outside the vocabulary`,
          'fetch the tokenizer again',
        );
      }
      triples[rank * 3 + part] = id;
    });
  });
  return triples;
}
