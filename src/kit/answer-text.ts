/** From generated tokens to an answer's text: stop strings, end tokens, thinking. Pure. */
import { UserError } from '../types.ts';

/** Decodes ids that follow others, special tokens left out. */
export type Decode = (ids: readonly number[]) => string;

/** Where the first of `stops` begins in `text`; −1: nowhere. */
export function stopAt(text: string, stops: readonly string[]): number {
  const found = stops.map((stop) => (stop === '' ? -1 : text.indexOf(stop))).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : -1;
}

export interface Endings {
  readonly decode: Decode;
  /** Tokens that end a text or a turn. */
  readonly endTokens: ReadonlySet<number>;
  readonly stops: readonly string[];
  /** Stop strings count only after the thinking is over. `open`: the prompt itself began it. */
  readonly thinks: { readonly open: boolean } | null;
}

/** Whether the tokens so far are a whole answer. Looks at the newest tokens only. */
export function endsWith(tokens: readonly number[], endings: Endings): boolean {
  const last = tokens.at(-1);
  if (last !== undefined && endings.endTokens.has(last)) return true;
  if (endings.stops.length === 0) return false;
  // A stop string of n characters has at most 4 n bytes, and a token at least one.
  const reach = 4 * Math.max(...endings.stops.map((stop) => stop.length)) + 8;
  if (stopAt(endings.decode(tokens.slice(-reach)), endings.stops) < 0) return false;
  const text = endings.decode(tokens);
  return stopAt(endings.thinks ? (partThinking(text, endings.thinks.open).text ?? '') : text, endings.stops) >= 0;
}

const opening = /^\s*<think(?:ing)?>\s*/;
const closing = /\s*<\/think(?:ing)?>\s*/;

/** Cuts the thinking off. `text` null: the thinking never ended. `open`: the prompt began it. */
export function partThinking(whole: string, open: boolean): { readonly thinking: string | null; readonly text: string | null } {
  const begins = opening.exec(whole);
  const end = closing.exec(whole);
  if (end) {
    const thinking = whole.slice(begins?.[0].length ?? 0, end.index).trim();
    return { thinking: thinking === '' ? null : thinking, text: whole.slice(end.index + end[0].length) };
  }
  if (begins || open) return { thinking: whole.slice(begins?.[0].length ?? 0).trim(), text: null };
  return { thinking: null, text: whole };
}

/** How many tokens a reasoning model may think before its answer begins, beside the answer's own: `--set thinkingTokens=<n>`. */
export function thinkingTokensOf(settings: Readonly<Record<string, unknown>>): number {
  const given = Number(settings.thinkingTokens ?? 1024);
  if (Number.isInteger(given) && given >= 0) return given;
  throw new UserError(`--set thinkingTokens=${String(settings.thinkingTokens)}: expected a whole number`, '--set thinkingTokens=1024');
}

/** Tokens before the answer begins: of its thinking, 0 where it does not think; null while that is not known. */
function thought(tokens: readonly number[], { decode, thinks }: Endings): number | null {
  const begun = decode(tokens.slice(0, 12)).trimStart();
  const mayThink = thinks?.open || begun.startsWith('<think') || '<think'.startsWith(begun);
  if (!mayThink) return 0;
  return /<\/think(?:ing)?>/.test(decode(tokens.slice(-12))) ? tokens.length : null;
}

/** Whether the tokens of one growing text have used up `thinking`, or after it `answer`. Without thinking: `answer` alone. */
export function budgetOf(endings: Endings, { answer, thinking }: { readonly answer: number; readonly thinking: number }) {
  let before: number | null = null;
  let seen = 0;
  return (tokens: readonly number[]): boolean => {
    if (!endings.thinks) return tokens.length >= answer;
    if (tokens.length <= seen) before = null; // begun anew
    seen = tokens.length;
    before ??= thought(tokens, endings);
    return before === null ? tokens.length >= thinking : tokens.length - before >= answer;
  };
}

/** Whether a chat template is one of a model that thinks before it answers. */
export const speaksOfThinking = (template: string): boolean => /<\/?think(?:ing)?>/.test(template);
/** Whether a prompt has already opened the model's thinking. */
export const opensThinking = (prompt: string): boolean => /<think(?:ing)?>\s*$/.test(prompt);

export interface AnswerText {
  readonly text: string;
  readonly thinking?: string;
  /** Ended by an end token or a stop string, not by its length. */
  readonly ended: boolean;
}

/** The answer in generated tokens: without its end token, cut before the first stop string, thinking apart. */
export function answerText(tokens: readonly number[], endings: Endings): AnswerText {
  const last = tokens.at(-1);
  const endToken = last !== undefined && endings.endTokens.has(last);
  const whole = endings.decode(endToken ? tokens.slice(0, -1) : tokens);
  const parted = endings.thinks ? partThinking(whole, endings.thinks.open) : { thinking: null, text: whole };
  const text = parted.text ?? '';
  const at = stopAt(text, endings.stops);
  return {
    text: at < 0 ? text : text.slice(0, at),
    ended: endToken || at >= 0,
    ...(parted.thinking === null ? {} : { thinking: parted.thinking }),
  };
}
