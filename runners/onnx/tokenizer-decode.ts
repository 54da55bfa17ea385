import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../../src/types.ts';
import { byteAlphabet } from './pretokenizers.ts';
import type { Bpe } from './tokenizer-bpe.ts';
import type { TokenizerShell } from './tokenizer-tables.ts';

type Config = Readonly<Record<string, unknown>>;

/** Grows a text token by token; characters whose bytes are not all there yet wait. */
export interface TextStream {
  /** Text that this token completes, perhaps ''. */
  push(id: number): string;
  /** What was still waiting, broken characters as U+FFFD. */
  end(): string;
}

export interface Decoder {
  /** `start`: the ids begin a text, so a tokenizer that put a space before it takes it away again. */
  decode(ids: readonly number[], start: boolean): string;
  stream(): TextStream;
}

function flatten(config: Config | null): readonly Config[] {
  if (!config) return [];
  return config.type === 'Sequence' ? ((config.decoders ?? []) as readonly Config[]).flatMap(flatten) : [config];
}

/** The decoder a tokenizer.json describes, over bytes where it is byte-level or SentencePiece-like, else the tokenizers library's own. */
export function openDecoder(shell: TokenizerShell, bpe: Bpe): Decoder {
  const steps = flatten(shell.decoder);
  const types = steps.map((step) => String(step.type));
  if (types.includes('ByteLevel')) return byteLevel(shell, bpe);
  const known = ['Replace', 'ByteFallback', 'Fuse', 'Strip', 'Metaspace'];
  if (types.length > 0 && types.every((type) => known.includes(type)) && plainReplaces(steps)) return sentencePiece(steps, bpe);
  return library(shell, bpe);
}

const plainReplaces = (steps: readonly Config[]): boolean =>
  steps.every((step) => step.type !== 'Replace' || typeof (step.pattern as Config | undefined)?.String === 'string');

const utf8 = () => new TextDecoder('utf-8', { ignoreBOM: true });

function streamOf(bytesOf: (id: number) => Uint8Array): TextStream {
  const decoder = utf8();
  return { push: (id) => decoder.decode(bytesOf(id), { stream: true }), end: () => decoder.decode() };
}

function byteLevel(shell: TokenizerShell, bpe: Bpe): Decoder {
  const bytes = new Map(byteAlphabet().map((character, byte) => [character, byte]));
  const added = new Set(shell.added_tokens.map((token) => token.id));
  const known = new Map<number, Uint8Array>();
  const bytesOf = (id: number): Uint8Array => {
    let found = known.get(id);
    if (!found) {
      const piece = bpe.pieceOf(id) ?? '';
      const spelt = added.has(id) ? [] : [...piece].map((character) => bytes.get(character));
      const whole = spelt.length > 0 && spelt.every((byte) => byte !== undefined);
      found = whole ? Uint8Array.from(spelt) : new Uint8Array(Buffer.from(piece, 'utf8'));
      known.set(id, found);
    }
    return found;
  };
  return { decode: (ids) => utf8().decode(Buffer.concat(ids.map(bytesOf))), stream: () => streamOf(bytesOf) };
}

const byteToken = /^<0x([0-9A-Fa-f]{2})>$/;

/** What a token of a SentencePiece vocabulary stands for: a byte, or text. */
function partReader(steps: readonly Config[], bpe: Bpe): (id: number) => number | string {
  const replaces = steps.flatMap((step): [string, string][] => {
    if (step.type === 'Metaspace') return [[typeof step.replacement === 'string' ? step.replacement : '▁', ' ']];
    return step.type === 'Replace' ? [[String((step.pattern as Config).String), String(step.content ?? '')]] : [];
  });
  const fallback = steps.some((step) => step.type === 'ByteFallback');
  return (id) => {
    const piece = bpe.pieceOf(id) ?? '';
    const byte = fallback ? byteToken.exec(piece)?.[1] : undefined;
    return byte ? Number.parseInt(byte, 16) : replaces.reduce((text, [from, to]) => text.replaceAll(from, to), piece);
  };
}

/** As the tokenizers library: a run of bytes is valid as a whole, or every byte of it is one replacement character. */
function textOfRun(run: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(run));
  } catch {
    return '\ufffd'.repeat(run.length);
  }
}

function sentencePiece(steps: readonly Config[], bpe: Bpe): Decoder {
  const partOf = partReader(steps, bpe);
  const stripped = steps.some((step) => step.type === 'Strip' || (step.type === 'Metaspace' && step.prepend_scheme !== 'never'));
  const decode = (ids: readonly number[], start: boolean): string => {
    let text = '';
    let run: number[] = [];
    for (const part of [...ids.map(partOf), '']) {
      if (typeof part === 'number') {
        run.push(part);
        continue;
      }
      text += textOfRun(run) + part;
      run = [];
    }
    return start && stripped && text.startsWith(' ') ? text.slice(1) : text;
  };
  const bytesOf = (id: number): Uint8Array => {
    const part = partOf(id);
    return typeof part === 'number' ? Uint8Array.of(part) : new Uint8Array(Buffer.from(part, 'utf8'));
  };
  return { decode, stream: () => streamOf(bytesOf) };
}

function library(shell: TokenizerShell, bpe: Bpe): Decoder {
  const json = { model: { type: 'BPE', vocab: {}, merges: [] }, normalizer: null, pre_tokenizer: null, post_processor: null };
  let decoder: ((pieces: string[]) => string) | null;
  try {
    ({ decoder } = new LibraryTokenizer({ ...json, decoder: shell.decoder, added_tokens: [] } as never, {} as never) as unknown as {
      readonly decoder: ((pieces: string[]) => string) | null;
    });
  } catch (error) {
    throw new UserError(`the tokenizer's decoder is not known (${(error as Error).message})`, 'use a GGUF of the model');
  }
  const decode = (ids: readonly number[]): string => {
    const pieces = ids.map((id) => bpe.pieceOf(id) ?? '');
    return pieces.length === 0 ? '' : decoder ? decoder(pieces) : pieces.join(' ');
  };
  return {
    decode,
    stream() {
      const ids: number[] = [];
      let given = '';
      return {
        push(id) {
          ids.push(id);
          const text = decode(ids);
          if (text.endsWith('\ufffd') || !text.startsWith(given)) return '';
          const fresh = text.slice(given.length);
          given = text;
          return fresh;
        },
        end: () => decode(ids).slice(given.length),
      };
    },
  };
}
