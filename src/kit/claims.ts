/** Whether what a text says is in the text it is about, by its content words. */
import { functionWords, wordsOf } from './language.ts';

/** Words of speaking about a text rather than of its content. */
const telling = new Set(
  (
    'text passage story article summary sentence paragraph author writer says said say tells tell told describes described describe about mentions mentioned talks ' +
    'explains states stated important facts main fact known also however called named located used using uses made make makes known including includes place time ' +
    'people person someone something thing things'
  ).split(' '),
);

/** A word without its inflection: enough to take "painted", "paints" and "painter" for one. */
const stemOf = (word: string): string =>
  word
    .replace(/'s$/, '')
    .replace(/(?:ies|ied)$/, 'y')
    .replace(/(?:ingly|edly|ing|ed|es|s|er|ers|ly|ion|ions|ment|ments)$/, '')
    .slice(0, 6);

/** Content words of a text by their stems: no function words, no words about texts, four letters or more. */
export function contentOf(text: string): string[] {
  const common = functionWords.en;
  return wordsOf(text)
    .filter((word) => word.length >= 4 && !/\d/.test(word) && !common?.has(word) && !telling.has(word))
    .map(stemOf);
}

/** Share of a text's content words that its source does not hold; null for fewer than three of them. */
export function strangeShare(text: string, source: string): number | null {
  const own = contentOf(text);
  const held = new Set(contentOf(source));
  return own.length < 3 ? null : own.filter((word) => !held.has(word)).length / own.length;
}

/** Statements of a text: its sentences, cut at semicolons and before "and", "but" or "which" that begin a clause. */
const statementsOf = (text: string): string[] =>
  text.split(/(?<=[.!?;])\s+|\n+|,\s+(?=(?:and|but|which|who|where|while)\b)/).filter((part) => /\p{L}/u.test(part));

/** The statements of a text of whose content words (three or more) more than half are strange to the source. */
export const unsupportedClaimsIn = (text: string, source: string): string[] =>
  statementsOf(text).filter((statement) => (strangeShare(statement, source) ?? 0) > 0.5);
