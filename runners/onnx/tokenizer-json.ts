import { UserError } from '../../src/types.ts';
import { type AddedToken, buildTables, mergeTriples, type Tables, type TokenizerShell } from './tokenizer-tables.ts';

type Config = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Config => typeof value === 'object' && value !== null && !Array.isArray(value);
const configOrNull = (value: unknown): Config | null => (isObject(value) ? value : null);

function damaged(what: string, value: unknown): UserError {
  return new UserError(
    `the tokenizer’s ${what} cannot be read (${(JSON.stringify(value) ?? 'nothing').slice(0, 80)})`,
    'fetch the tokenizer again',
  );
}

const lists = ['normalizers', 'pretokenizers', 'decoders', 'processors'];

/** A part of the pipeline with the parts inside it; null where there is none. UserError for what is no part. */
function part(value: unknown, what: string, depth = 0): Config | null {
  if (value === null || value === undefined) return null;
  if (!isObject(value) || typeof value.type !== 'string' || depth > 8) throw damaged(what, value);
  for (const key of lists) {
    const inner = value[key];
    if (inner === undefined) continue;
    if (!Array.isArray(inner)) throw damaged(`${what} (${key})`, inner);
    for (const each of inner) if (part(each, what, depth + 1) === null) throw damaged(what, each);
  }
  return value;
}

function added(value: unknown): AddedToken[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw damaged('added tokens', value);
  return (value as readonly unknown[]).flatMap((token) => {
    if (!isObject(token) || typeof token.id !== 'number' || typeof token.content !== 'string') throw damaged('added tokens', token);
    if (token.content === '') return [];
    return [
      {
        id: token.id,
        content: token.content,
        special: token.special === true,
        normalized: token.normalized === true,
        lstrip: token.lstrip === true,
        rstrip: token.rstrip === true,
        single_word: token.single_word === true,
      },
    ];
  });
}

/** Pieces by id; ids that are no small whole numbers are refused. */
function piecesOf(vocab: Readonly<Record<string, unknown>>, tokens: readonly AddedToken[], path: string): (string | undefined)[] {
  const pieces: (string | undefined)[] = [];
  const place = (piece: string, id: unknown): void => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 10_000_000) {
      throw new UserError(`${path}: piece ${JSON.stringify(piece.slice(0, 40))} has the id ${String(id)}`, 'fetch the tokenizer again');
    }
    while (pieces.length < id) pieces.push(undefined);
    pieces[id] = piece;
  };
  for (const [piece, id] of Object.entries(vocab)) place(piece, id);
  for (const token of tokens) place(token.content, token.id);
  return pieces;
}

/** All of a tokenizer.json but its model. */
export function shellOf(json: Config): TokenizerShell {
  return {
    normalizer: part(json.normalizer, 'normaliser'),
    pre_tokenizer: part(json.pre_tokenizer, 'pre-tokenizer'),
    decoder: part(json.decoder, 'decoder'),
    post_processor: part(json.post_processor, 'post-processor'),
    added_tokens: added(json.added_tokens),
  };
}

/**
 * The tables of a parsed tokenizer.json whose model is BPE; undefined for other models (WordPiece, Unigram) and for BPE with word suffixes,
 * which go through the tokenizers library itself.
 */
export function tablesOfJson(json: Config, path: string): Tables | undefined {
  const model = configOrNull(json.model);
  const vocab = configOrNull(model?.vocab);
  if (!model || !vocab || (model.type !== undefined && model.type !== 'BPE') || !Array.isArray(model.merges)) return undefined;
  if (model.end_of_word_suffix || model.continuing_subword_prefix) return undefined;
  const tokens = added(json.added_tokens);
  const ids = new Map(Object.entries(vocab as Readonly<Record<string, number>>));
  const unk = typeof model.unk_token === 'string' ? (ids.get(model.unk_token) ?? -1) : -1;
  const flags = {
    byteFallback: model.byte_fallback === true,
    fuseUnk: model.fuse_unk === true,
    ignoreMerges: model.ignore_merges === true,
    unk,
  };
  return buildTables(shellOf(json), flags, piecesOf(vocab, tokens, path), mergeTriples(model.merges as (string | string[])[], ids, path));
}
