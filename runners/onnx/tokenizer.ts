import { createHash } from 'node:crypto';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../../src/types.ts';
import { openMatcher, type Span } from './added-tokens.ts';
import { publishedPatterns } from './gguf-pretokenizers.ts';
import { openPreTokenizer, speller } from './pretokenizers.ts';
import { limited } from './time-limit.ts';
import type { Bpe } from './tokenizer-bpe.ts';
import { openDecoder, type TextStream } from './tokenizer-decode.ts';
import { type LoadedTokenizer, loadTokenizer, type SpecialIds, type TokenizerFiles } from './tokenizer-load.ts';
import { type AddedToken, isControl, type TokenizerShell } from './tokenizer-tables.ts';

export interface EncodeOptions {
  /** Special tokens written in the text are recognised (default false: they are plain text). */
  readonly special?: boolean;
  /** With `special`: stretches of the text, [start, end) in UTF-16 units, in which they are plain text all the same. */
  readonly plain?: readonly Span[];
  /** Adds what the model's tokenizer puts around a text: its begin token where it has one (default false). */
  readonly bos?: boolean;
}

export interface Tokenizer {
  /** Ids are below this. */
  readonly size: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly unk: number | null;
  readonly pad: number | null;
  /** Every id that ends an answer: end of text, end of turn. */
  readonly stops: readonly number[];
  /** The tokenizer puts its begin token before a text. */
  readonly addBos: boolean;
  /** sha256 (hex) over all that decides how text becomes ids. */
  readonly hash: string;
  /** Ids of special tokens, left out by `skipSpecial`. */
  readonly special: ReadonlySet<number>;
  /** Where the spelling of a special token starts in a text. */
  specialStarts(text: string): number[];
  encode(text: string, options?: EncodeOptions): number[];
  /** `skipSpecial` (default true) leaves special tokens out. `continuation`: the ids follow others, so a leading space is theirs. */
  decode(ids: readonly number[], options?: { readonly skipSpecial?: boolean; readonly continuation?: boolean }): string;
  /** Text token by token, special tokens left out; incomplete characters wait for their last byte. */
  stream(): TextStream;
  /** A token as the vocabulary spells it. */
  pieceOf(id: number): string | undefined;
  idOf(piece: string): number | undefined;
  /**
   * Context and continuation as lm-evaluation-harness encodes them (lm_eval/api/model.py, _encode_pair): together, the continuation's tokens are
   * those after the context's own; the context's trailing white space belongs to the continuation; an empty context is the begin token (or the
   * end token). `options` as for `encode`, over the context; the continuation's special tokens are plain text.
   */
  encodePair(
    context: string,
    continuation: string,
    options?: EncodeOptions,
  ): { readonly context: number[]; readonly continuation: number[] };
}

/** White space as Python's str.rstrip sees it: JavaScript's lacks U+001C–U+001F and U+0085 and has U+FEFF. */
const trailingSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/;
/** The normaliser of a tokenizer.json; UserError for a type the tokenizers library does not know. */
function normaliserOf(shell: TokenizerShell): (text: string) => string {
  if (!shell.normalizer) return (text) => text;
  const json = {
    model: { type: 'BPE', vocab: {}, merges: [] },
    decoder: null,
    pre_tokenizer: null,
    post_processor: null,
    added_tokens: [],
  };
  try {
    const { normalizer } = new LibraryTokenizer({ ...json, normalizer: shell.normalizer } as never, {} as never) as unknown as {
      readonly normalizer: ((text: string) => string) | null;
    };
    return (text) => (text && normalizer ? normalizer(text) : text);
  } catch (error) {
    throw new UserError(`the tokenizer's normaliser is not known (${(error as Error).message})`, 'use a GGUF of the model');
  }
}

/** Encodes single words, remembering the common ones. */
function wordEncoder(bpe: Bpe, byteLevel: boolean): (word: string, out: number[]) => void {
  const spell = byteLevel ? speller() : (word: string) => word;
  const known = new Map<string, readonly number[]>();
  return (word, out) => {
    let ids = known.get(word);
    if (!ids) {
      const fresh: number[] = [];
      bpe.encode(spell(word), fresh);
      ids = fresh;
      if (word.length <= 64) {
        if (known.size >= 50_000) known.clear();
        known.set(word, ids);
      }
    }
    for (const id of ids) out.push(id);
  };
}

interface Encoder {
  encode(text: string, plain: readonly Span[]): number[];
  starts(text: string): number[];
}

function encoderOf(loaded: LoadedTokenizer): Encoder {
  const { shell, bpe } = loaded;
  const pre = openPreTokenizer(shell.pre_tokenizer);
  const normalise = normaliserOf(shell);
  const inTime = limited([shell.normalizer, shell.pre_tokenizer], publishedPatterns);
  const encodeWord = wordEncoder(bpe, pre.byteLevel);
  const guards = (token: AddedToken): boolean => isControl(token) || loaded.template.includes(token.content);
  const guarded = new Set(shell.added_tokens.filter((token) => token.content.trim() !== '' && guards(token)).map((token) => token.id));
  const late = (token: AddedToken): boolean => token.normalized && !guarded.has(token.id) && shell.normalizer !== null;
  const raw = openMatcher(
    shell.added_tokens.filter((token) => !late(token)).map((token) => [token.content, token]),
    guarded,
  );
  const normalised = openMatcher(
    shell.added_tokens.filter(late).map((token) => [inTime(() => normalise(token.content), token.content.length), token]),
    new Set(),
  );
  const encode: Encoder['encode'] = (text, plain) => {
    const ids: number[] = [];
    for (const section of raw.cut(text, plain)) {
      if ('id' in section) {
        ids.push(section.id);
        continue;
      }
      for (const part of normalised.cut(normalise(section.text), [])) {
        if ('id' in part) ids.push(part.id);
        else for (const word of pre.split(part.text, section.at === 0 && part.at === 0)) encodeWord(word, ids);
      }
    }
    return ids;
  };
  return { encode: (text, plain) => inTime(() => encode(text, plain), text.length), starts: raw.guardedStarts };
}

/** Context and continuation, over an encoder: see Tokenizer.encodePair. */
function pairOf(encode: Encoder['encode'], ids: SpecialIds, [context, continuation]: readonly [string, string], options: EncodeOptions) {
  const tail = trailingSpace.exec(context)?.[0] ?? '';
  const head = tail ? context.slice(0, -tail.length) : context;
  const rest = tail + continuation;
  const last: Span = [head.length, head.length + rest.length];
  if (head === '') {
    const start = ids.bos ?? ids.eos;
    return { context: start === null ? [] : [start], continuation: encode(rest, [last]) };
  }
  const plain: readonly Span[] = options.special ? (options.plain ?? []) : [[0, head.length]];
  const own = encode(head, plain);
  const whole = encode(head + rest, [...plain, last]);
  return { context: [...(options.bos ? ids.before : []), ...own], continuation: whole.slice(own.length) };
}

/**
 * Opens the tokenizer of a model: from a GGUF file's metadata, or a folder's tokenizer.json (tokenizer.model, vocab.json). The compiled
 * vocabulary is kept in the cache. UserError names what is missing or not known.
 */
export async function openTokenizer(files: TokenizerFiles, cacheDir: string): Promise<Tokenizer> {
  const loaded = await loadTokenizer(files, cacheDir);
  const { bpe, shell, ids } = loaded;
  const encoder = encoderOf(loaded);
  const decoder = openDecoder(shell, bpe);
  const special = new Set(shell.added_tokens.filter((token) => token.special).map((token) => token.id));
  return {
    size: bpe.size,
    bos: ids.bos,
    eos: ids.eos,
    unk: ids.unk,
    pad: ids.pad,
    stops: ids.stops,
    addBos: ids.before.length > 0,
    hash: createHash('sha256')
      .update(JSON.stringify([loaded.key, ids]))
      .digest('hex'),
    special,
    specialStarts: encoder.starts,
    encode(text, options = {}) {
      const body = encoder.encode(text, options.special ? (options.plain ?? []) : [[0, text.length]]);
      return options.bos ? [...ids.before, ...body, ...ids.after] : body;
    },
    encodePair: (context, continuation, options = {}) => pairOf(encoder.encode, ids, [context, continuation], options),
    decode(list, { skipSpecial = true, continuation = false } = {}) {
      const visible = skipSpecial ? list.filter((id) => !special.has(id)) : list;
      return decoder.decode(visible, !continuation);
    },
    stream() {
      const inner = decoder.stream();
      return { push: (id) => (special.has(id) ? '' : inner.push(id)), end: () => inner.end() };
    },
    pieceOf: (id) => bpe.pieceOf(id),
    idOf(piece) {
      const id = bpe.idOf(piece);
      return id < 0 ? undefined : id;
    },
  };
}
