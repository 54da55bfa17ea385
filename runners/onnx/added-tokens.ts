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

/** `guarded`: tokens that must never come from user text. */
export function openMatcher(tokens: readonly (readonly [text: string, token: AddedToken])[], guarded: ReadonlySet<number>): AddedMatcher {
  const byText = new Map(tokens.filter(([text]) => text !== '').toReversed());
  /** Lengths of the tokens that start with a code unit, longest first. */
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

  const matchAt = (
    text: string,
    at: number,
    plain: readonly Span[],
  ): { readonly token: AddedToken; readonly length: number } | undefined => {
    for (const length of lengths.get(text.charCodeAt(at)) ?? []) {
      const token = byText.get(text.slice(at, at + length));
      if (!token || at + length > text.length) continue;
      if (guarded.has(token.id) && plain.some(([start, end]) => at < end && at + length > start)) continue;
      if (token.single_word && (wordCharacter.test(text[at - 1] ?? '') || wordCharacter.test(text[at + length] ?? ''))) continue;
      return { token, length };
    }
    return undefined;
  };

  return {
    guardedStarts(text) {
      const starts: number[] = [];
      for (let at = 0; at < text.length; at += 1) {
        const spelt = (lengths.get(text.charCodeAt(at)) ?? []).map((length) => byText.get(text.slice(at, at + length)));
        if (spelt.some((token) => token && guarded.has(token.id))) starts.push(at);
      }
      return starts;
    },
    cut(text, plain) {
      if (byText.size === 0) return [{ text, at: 0 }];
      const sections: Section[] = [];
      let start = 0;
      for (let at = 0; at < text.length; ) {
        const found = matchAt(text, at, plain);
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
    },
  };
}
