/** Telling what an answer says from what it only repeats of its prompt. */
import { mentions, normalised } from './answers.ts';

const isHan = /[\u3400-\u9fff]/;

/**
 * An answer without the sentences that it only repeats of its prompt (four words or six Chinese characters and more, also when cut at the budget) and
 * without questions back: what is left is its own. Base models continue a prompt by repeating it, and a repeated "say that you do not know" is no answer.
 */
export function withoutEcho(answer: string, prompt: string): string {
  const asked = normalised(prompt);
  const own = answer.split(/(?<=[.!?])\s+|(?<=[。\uff01\uff1f])|\n+/).filter((part) => {
    const said = normalised(part);
    if (said === '' || /[?\uff1f]\s*$/.test(part)) return false;
    const isLong = isHan.test(said) ? said.length >= 6 : said.split(' ').length >= 4;
    return !(isLong && asked.includes(said));
  });
  return own.join(' ').trim();
}

/** Whether an answer copies the beginning of a text at length (fifteen words) instead of answering. */
export const copiesBeginning = (answer: string, text: string): boolean =>
  normalised(answer).split(' ').length >= 15 && mentions(answer, text.split(/\s+/).slice(0, 6).join(' '));
