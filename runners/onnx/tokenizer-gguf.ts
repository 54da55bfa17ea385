import { UserError } from '../../src/types.ts';
import { numbersOf, stringsOf } from './gguf.ts';
import { ggufPre } from './gguf-pretokenizers.ts';
import type { OpenedModel } from './open-model.ts';
import { type AddedToken, buildTables, mergeTriples, type Tables, type TokenizerShell } from './tokenizer-tables.ts';

/** `tokenizer.ggml.token_type`. */
const unknown = 2;
const control = 3;
const userDefined = 4;

interface Vocabulary {
  readonly path: string;
  readonly pieces: readonly string[];
  readonly types: Float64Array;
  readonly ids: ReadonlyMap<string, number>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Gemma's files write runs of spaces as spaces, and its scores do not follow its merges: the order of the pieces does. */
const isGemma = (files: OpenedModel): boolean => /^gemma[23]?$/.test(String(files.config['general.architecture']));

function vocabularyOf(files: OpenedModel): Vocabulary {
  const tokens = files.arrays.get('tokenizer.ggml.tokens');
  if (!tokens) throw new UserError(`${files.path}: holds no tokenizer`, 'give token ids with --ids, or use a file with its tokenizer');
  const spelt = stringsOf(tokens);
  const pieces = isGemma(files) ? spelt.map((piece) => (/^ +$/.test(piece) ? '▁'.repeat(piece.length) : piece)) : spelt;
  const typeArray = files.arrays.get('tokenizer.ggml.token_type');
  const types = typeArray ? numbersOf(typeArray) : new Float64Array(pieces.length).fill(1);
  const ids = new Map<string, number>();
  pieces.forEach((piece, id) => {
    if (!ids.has(piece)) ids.set(piece, id);
  });
  return { path: files.path, pieces, types, ids, config: files.config };
}

/** Phi-3's special tokens swallow the white space after them; GGUF does not carry that. */
function swallowsSpace(vocabulary: Vocabulary, piece: string): boolean {
  return vocabulary.config['general.architecture'] === 'phi3' && !['<unk>', '<s>', '<|endoftext|>'].includes(piece);
}

function addedTokens(vocabulary: Vocabulary): AddedToken[] {
  const added: AddedToken[] = [];
  vocabulary.types.forEach((type, id) => {
    const content = vocabulary.pieces[id];
    // Runs of ▁ come out of the merges; in the text they never stand.
    if (!content || /^▁+$/.test(content) || (type !== control && type !== userDefined && type !== unknown)) return;
    const special = type !== userDefined;
    const flags = { normalized: false, lstrip: false, rstrip: special && swallowsSpace(vocabulary, content), single_word: false };
    added.push({ id, content, special, ...flags });
  });
  return added;
}

/** Type `gpt2`: byte-level BPE with its merges in the file. */
function gpt2Tables(files: OpenedModel, vocabulary: Vocabulary): Tables {
  const name = files.config['tokenizer.ggml.pre'];
  const pre = ggufPre(typeof name === 'string' ? name : 'default');
  const merges = files.arrays.get('tokenizer.ggml.merges');
  if (!merges) throw new UserError(`${files.path}: the tokenizer has no merges`, 'convert the model again with a recent converter');
  const shell = {
    normalizer: pre.nfc ? { type: 'NFC' } : null,
    pre_tokenizer: pre.preTokenizer,
    decoder: { type: 'ByteLevel' },
    post_processor: null,
    added_tokens: addedTokens(vocabulary),
  };
  const model = { byteFallback: false, fuseUnk: false, ignoreMerges: pre.ignoreMerges, unk: -1 };
  return buildTables(shell, model, vocabulary.pieces, mergeTriples(stringsOf(merges), vocabulary.ids, files.path));
}

/**
 * SentencePiece's BPE has scores instead of merges: every way to cut a piece into two others is a merge, the best score first. Ties as the
 * `transformers` converter breaks them (convert_slow_tokenizer.py, generate_merges): longer left part, longer right part, order of the pieces.
 */
export function mergesFromScores(pieces: readonly string[], ids: ReadonlyMap<string, number>, scores: Float64Array): Int32Array {
  const left: number[] = [];
  const right: number[] = [];
  const merged: number[] = [];
  const lengths: number[] = [];
  pieces.forEach((piece, id) => {
    const found: [left: number, right: number, leftLength: number][] = [];
    const characters = [...piece];
    let at = 0;
    for (let i = 0; i + 1 < characters.length; i += 1) {
      at += characters[i]?.length ?? 0;
      const a = ids.get(piece.slice(0, at));
      const b = a === undefined ? undefined : ids.get(piece.slice(at));
      if (a !== undefined && b !== undefined) found.push([a, b, i + 1]);
    }
    for (const [a, b, length] of found.toSorted((x, y) => x[0] - y[0] || x[1] - y[1])) {
      left.push(a);
      right.push(b);
      merged.push(id);
      lengths.push(length * 1024 + (characters.length - length));
    }
  });
  const order = new Uint32Array(left.length).map((_, i) => i);
  const scoreOf = (i: number): number => scores[merged[i] ?? 0] ?? 0;
  order.sort((x, y) => scoreOf(y) - scoreOf(x) || (lengths[y] ?? 0) - (lengths[x] ?? 0) || x - y);
  const triples = new Int32Array(order.length * 3);
  order.forEach((from, rank) => {
    triples[rank * 3] = left[from] ?? 0;
    triples[rank * 3 + 1] = right[from] ?? 0;
    triples[rank * 3 + 2] = merged[from] ?? 0;
  });
  return triples;
}

/** What surrounds a SentencePiece vocabulary: spaces become ▁, one is put before the text, and decoding takes it away again. */
export function spmShell(prefix: boolean, added: readonly AddedToken[]): TokenizerShell {
  const mark = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const unmark = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  const strip = prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  return {
    normalizer: { type: 'Sequence', normalizers: [...(prefix ? [{ type: 'Prepend', prepend: '▁' }] : []), mark] },
    pre_tokenizer: null,
    decoder: { type: 'Sequence', decoders: [unmark, { type: 'ByteFallback' }, { type: 'Fuse' }, ...strip] },
    post_processor: null,
    added_tokens: added,
  };
}

/** Type `llama`: SentencePiece with byte fallback. */
function spmTables(files: OpenedModel, vocabulary: Vocabulary): Tables {
  const scoreArray = files.arrays.get('tokenizer.ggml.scores');
  if (!scoreArray) throw new UserError(`${files.path}: the tokenizer has no scores`, 'convert the model again with a recent converter');
  const shell = spmShell(files.config['tokenizer.ggml.add_space_prefix'] !== false, addedTokens(vocabulary));
  const unk = files.config['tokenizer.ggml.unknown_token_id'];
  const model = { byteFallback: true, fuseUnk: true, ignoreMerges: false, unk: typeof unk === 'number' ? unk : -1 };
  const scores = isGemma(files) ? new Float64Array(vocabulary.pieces.length).map((_, id) => -id) : numbersOf(scoreArray);
  return buildTables(shell, model, vocabulary.pieces, mergesFromScores(vocabulary.pieces, vocabulary.ids, scores));
}

/** Builds the tokenizer that lies in a GGUF file's metadata. UserError names a type or pre-tokenizer that is not known. */
export function tablesOfGguf(files: OpenedModel): Tables {
  const type = files.config['tokenizer.ggml.model'];
  const vocabulary = vocabularyOf(files);
  if (type === 'gpt2') return gpt2Tables(files, vocabulary);
  if (type === 'llama') return spmTables(files, vocabulary);
  throw new UserError(
    `${files.path}: its tokenizer is of type ${String(type)}; gpt2 and llama are read`,
    'use the safetensors folder of the model, with its tokenizer.json',
  );
}
