import type { AddedToken } from './tokenizer-tables.ts';

/** A stretch of text that user messages fill: [start, end) in UTF-16 units. */
export type Span = readonly [start: number, end: number];

/** A piece of a text: an added token's id, or text to encode; `at`: where it starts in the text that was cut. */
export type Section = { readonly text: string; readonly at: number } | { readonly id: number };

export interface AddedMatcher {
  /** Where a guarded token's spelling starts in a text, overlapping ones too. */
  guardedStarts(text: string): number[];
  /** Cuts a text at added tokens, leftmost-longest. A guarded token that touches one of `plain` is text. */
  cut(text: string, plain: readonly Span[]): Section[];
}

const wordCharacter = /[\p{L}\p{N}_]/u;
const spaces = /^\s+/;

/** Tokens by their spelling, found by first code unit and length. */
interface Spellings {
  readonly byText: ReadonlyMap<string, AddedToken>;
  /** Lengths of the spellings that start with a code unit, longest first. */
  readonly lengths: ReadonlyMap<number, readonly number[]>;
}

function spellingsOf(tokens: readonly (readonly [text: string, token: AddedToken])[]): Spellings {
  const byText = new Map(tokens.filter(([text]) => text !== '').toReversed());
  const lengths = new Map<number, number[]>();
  for (const text of byText.keys()) {
    const first = text.charCodeAt(0);
    const known = lengths.get(first) ?? [];
    if (!known.includes(text.length))
      lengths.set(
        first,
        [...known, text.length].toSorted((a, b) => b - a),
      );
  }
  return { byText, lengths };
}

/** The tokens whose spelling stands at a place, longest first. */
function* tokensAt(
  { byText, lengths }: Spellings,
  text: string,
  at: number,
): Generator<{ readonly token: AddedToken; readonly length: number }> {
  for (const length of lengths.get(text.charCodeAt(at)) ?? []) {
    const token = at + length <= text.length ? byText.get(text.slice(at, at + length)) : undefined;
    if (token) yield { token, length };
  }
}

/** `guarded`: tokens that must never come from user text. */
export function openMatcher(tokens: readonly (readonly [text: string, token: AddedToken])[], guarded: ReadonlySet<number>): AddedMatcher {
  const spellings = spellingsOf(tokens);
  const matchAt = (
    text: string,
    at: number,
    plain: readonly Span[],
  ): { readonly token: AddedToken; readonly length: number } | undefined => {
    if (!spellings.lengths.has(text.charCodeAt(at))) return undefined;
    for (const found of tokensAt(spellings, text, at)) {
      const end = at + found.length;
      if (guarded.has(found.token.id) && plain.some(([start, stop]) => at < stop && end > start)) continue;
      if (found.token.single_word && (wordCharacter.test(text[at - 1] ?? '') || wordCharacter.test(text[end] ?? ''))) continue;
      return found;
    }
    return undefined;
  };
  return {
    guardedStarts: (text) =>
      Array.from(text.split('').keys()).filter((at) => [...tokensAt(spellings, text, at)].some(({ token }) => guarded.has(token.id))),
    cut: (text, plain) => (spellings.byText.size === 0 ? [{ text, at: 0 }] : cut(text, (at) => matchAt(text, at, plain))),
  };
}

function cut(text: string, matchAt: (at: number) => { readonly token: AddedToken; readonly length: number } | undefined): Section[] {
  const sections: Section[] = [];
  let start = 0;
  for (let at = 0; at < text.length; ) {
    const found = matchAt(at);
    if (!found) {
      at += 1;
      continue;
    }
    const { token, length } = found;
    const before = token.lstrip ? text.slice(start, at).trimEnd() : text.slice(start, at);
    if (before) sections.push({ text: before, at: start });
    sections.push({ id: token.id });
    at += length;
    if (token.rstrip) at += spaces.exec(text.slice(at))?.[0].length ?? 0;
    start = at;
  }
  if (start < text.length) sections.push({ text: text.slice(start), at: start });
  return sections;
}
