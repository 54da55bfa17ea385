import { UserError } from '../../src/types.ts';
import { type AddedToken, buildTables, mergeTriples, type Tables, type TokenizerShell } from './tokenizer-tables.ts';

type Config = Readonly<Record<string, unknown>>;

const configOrNull = (value: unknown): Config | null => (typeof value === 'object' && value !== null ? (value as Config) : null);

function added(value: unknown): AddedToken[] {
  return (Array.isArray(value) ? (value as readonly Config[]) : []).flatMap((token) =>
    typeof token.id === 'number' && typeof token.content === 'string' && token.content !== ''
      ? [
          {
            id: token.id,
            content: token.content,
            special: token.special === true,
            normalized: token.normalized === true,
            lstrip: token.lstrip === true,
            rstrip: token.rstrip === true,
            single_word: token.single_word === true,
          },
        ]
      : [],
  );
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
    normalizer: configOrNull(json.normalizer),
    pre_tokenizer: configOrNull(json.pre_tokenizer),
    decoder: configOrNull(json.decoder),
    post_processor: configOrNull(json.post_processor),
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
