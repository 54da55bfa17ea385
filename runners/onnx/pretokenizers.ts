import * as library from '@huggingface/tokenizers';
import { UserError } from '../../src/types.ts';

type Config = Readonly<Record<string, unknown>>;
/** Cuts pieces of text into smaller ones; `first`: the text stands at the very start. */
type Stage = (pieces: readonly string[], first: boolean) => string[];

export interface PreTokenizer {
  /** Words of a normalised text, in order. */
  readonly split: (text: string, first: boolean) => string[];
  /** Words are spelt in GPT-2's byte alphabet before they meet the vocabulary. */
  readonly byteLevel: boolean;
}

/** GPT-2's pattern (encoder.py of openai/gpt-2). */
export const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const punctuation = '[\\p{P}!-/:-@\\[-`{-~]';

/** Its type declarations are out of reach of Node's module resolution. */
const { SplitPreTokenizer } = library as unknown as {
  readonly SplitPreTokenizer: new (config: Config) => { readonly pattern: RegExp | null };
};

/** `SplitPreTokenizer` rewrites Oniguruma's syntax for JavaScript; only its pattern is used, as it knows fewer behaviours than the original. */
function compiled(pattern: Config): RegExp {
  let regex: RegExp | null = null;
  try {
    regex = new SplitPreTokenizer({ type: 'Split', pattern, behavior: 'Isolated', invert: true }).pattern;
  } catch (error) {
    throw unreadable(pattern, (error as Error).message);
  }
  if (!regex) throw unreadable(pattern, 'neither Regex nor String');
  return regex;
}

function unreadable(pattern: Config, why: string): UserError {
  return new UserError(
    `the tokenizer cuts text by ${(JSON.stringify(pattern) ?? 'nothing').slice(0, 200)}, which cannot be read: ${why}`,
    'use a GGUF of the model',
  );
}

/** Matches and the text between them, in order. */
function cut(text: string, regex: RegExp): { text: string; match: boolean }[] {
  const parts: { text: string; match: boolean }[] = [];
  let at = 0;
  for (const found of text.matchAll(regex)) {
    if (found[0] === '') continue;
    if (found.index > at) parts.push({ text: text.slice(at, found.index), match: false });
    parts.push({ text: found[0], match: true });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), match: false });
  return parts;
}

/** The five behaviours of the tokenizers library's `SplitDelimiterBehavior`. */
function behave(parts: readonly { text: string; match: boolean }[], behavior: string): string[] {
  const out: string[] = [];
  let pending = '';
  let last: boolean | null = null;
  for (const { text, match } of parts) {
    if (behavior === 'removed') {
      if (!match) out.push(text);
    } else if (behavior === 'mergedwithprevious' && match && last === false) {
      out.push(`${out.pop() ?? ''}${text}`);
    } else if (behavior === 'mergedwithnext') {
      if (match) {
        if (pending) out.push(pending);
        pending = text;
      } else {
        out.push(pending + text);
        pending = '';
      }
    } else if (behavior === 'contiguous' && last === match) {
      out.push(`${out.pop() ?? ''}${text}`);
    } else out.push(text);
    last = match;
  }
  if (pending) out.push(pending);
  return out;
}

function splitStage(pattern: Config, behavior: string, invert: boolean): Stage {
  const regex = compiled(pattern);
  const kind = behavior.toLowerCase();
  return (pieces) =>
    pieces.flatMap((piece) => {
      const parts = cut(piece, regex);
      return behave(invert ? parts.map((part) => ({ ...part, match: !part.match })) : parts, kind);
    });
}

/** llama's way: spaces become ▁, and one is put before the text. */
function metaspace(config: Config): Stage {
  const mark = typeof config.replacement === 'string' ? config.replacement : '▁';
  const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always');
  const split = config.split !== false;
  return (pieces, first) =>
    pieces.flatMap((piece) => {
      let text = piece.replaceAll(' ', mark);
      if (!text.startsWith(mark) && (scheme === 'always' || (scheme === 'first' && first))) text = mark + text;
      return split ? behave(cut(text, new RegExp(mark, 'gu')), 'mergedwithnext') : [text];
    });
}

const regexStage = (regex: string, behavior = 'Isolated'): Stage => splitStage({ Regex: regex }, behavior, false);

function byteLevelStages(config: Config): Stage[] {
  const prefix: Stage = (pieces) => pieces.map((piece, i) => (i === 0 && !piece.startsWith(' ') ? ` ${piece}` : piece));
  return [...(config.add_prefix_space === true ? [prefix] : []), ...(config.use_regex === false ? [] : [regexStage(gpt2Pattern)])];
}

/** Words in GPT-2's byte alphabet. */
export function speller(): (word: string) => string {
  const alphabet = byteAlphabet();
  return (word) => Array.from(Buffer.from(word, 'utf8'), (byte) => alphabet[byte] ?? '').join('');
}

function spelling(): Stage {
  const spell = speller();
  return (pieces) => pieces.map(spell);
}

function stagesOf(config: Config): { stages: Stage[]; byteLevel: boolean } {
  const plain = (...stages: Stage[]) => ({ stages, byteLevel: false });
  switch (config.type) {
    case 'Sequence': {
      const parts = ((config.pretokenizers ?? []) as readonly Config[]).map(stagesOf);
      // What follows a byte-level stage sees its alphabet; where it comes last, spelling is left to who looks the words up.
      const stages = parts.flatMap((part, i) => (part.byteLevel && i + 1 < parts.length ? [...part.stages, spelling()] : part.stages));
      return { stages, byteLevel: parts.at(-1)?.byteLevel ?? false };
    }
    case 'ByteLevel':
      return { stages: byteLevelStages(config), byteLevel: true };
    case 'Split':
      return plain(splitStage(config.pattern as Config, String(config.behavior ?? 'Isolated'), config.invert === true));
    case 'Digits':
      return plain(regexStage(config.individual_digits === true ? '\\p{N}' : '\\p{N}+'));
    case 'Punctuation':
      return plain(regexStage(punctuation, String(config.behavior ?? 'Isolated')));
    case 'Metaspace':
      return plain(metaspace(config));
    case 'Whitespace':
      return plain(splitStage({ Regex: '\\w+|[^\\w\\s]+' }, 'Removed', true));
    case 'WhitespaceSplit':
      return plain(regexStage('\\s+', 'Removed'));
    default:
      throw new UserError(`the tokenizer's pre-tokenizer is of type ${String(config.type)}, which is not known`, 'use a GGUF of the model');
  }
}

/** The pre-tokenizer that a tokenizer.json describes. UserError names a type that is not known. */
export function openPreTokenizer(config: Config | null): PreTokenizer {
  const { stages, byteLevel } = config ? stagesOf(config) : { stages: [], byteLevel: false };
  return { byteLevel, split: (text, first) => stages.reduce<string[]>((pieces, stage) => stage(pieces, first), [text]).filter(Boolean) };
}

/** GPT-2's alphabet: a printable character for each byte. */
export function byteAlphabet(): string[] {
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : spare++);
  });
}
