/** Multiple-choice questions asked as lm-evaluation-harness asks them: the right option stands first in the item, and is shown in turn at every place. */
import type { Item, Request, Response, Row } from '../types.ts';
import { mentions, normalised } from './answers.ts';
import { choose, scoresOf } from './asking.ts';
import { functionWords } from './language.ts';

/** A question with its options, the right one first. */
export interface Question extends Item {
  readonly topic: string;
  readonly question: string;
  /** The same question in other words. */
  readonly paraphrase?: string;
  readonly options: readonly [right: string, ...wrong: string[]];
}

/** The raw prompt of a question: "Question: …\nAnswer:", or the same in Chinese. */
export const cloze = (question: string, lang = 'en'): string =>
  lang === 'zh' ? `问题\uff1a${question}\n答案\uff1a` : `Question: ${question}\nAnswer:`;

/** Options as continuations: a space before each, none in Chinese. */
export const continuations = (options: readonly string[], lang = 'en'): string[] => options.map((o) => (lang === 'zh' ? o : ` ${o}`));

/** A choice among options whose first is right; shown rotated by `turn`. The worst answer is another one, not always the same; `worst` sets it. */
export function pick(
  prompt: Request['prompt'],
  options: readonly string[],
  turn: number,
  script: { perfect?: number; worst?: number } = {},
): Request {
  const { perfect = 0, worst = options.length < 2 ? 0 : 1 + (Math.abs(turn) % (options.length - 1)) } = script;
  return choose(prompt, options, { perfect, worst, turn });
}

/** Index of the likeliest option in the item's own order; -1 where two are equally likely (nothing was chosen); null: no answer. */
export function picked(response: Response | undefined, turn: number): number | null {
  const scores = scoresOf(response, turn);
  if (!scores) return null;
  const top = Math.max(...scores);
  return scores.filter((s) => s === top).length > 1 ? -1 : scores.indexOf(top);
}

/** 1 when the first option is likelier than every other, 0 when not, null without an answer. */
export function pickedRight(response: Response | undefined, turn: number): number | null {
  const index = picked(response, turn);
  return index === null ? null : index === 0 ? 1 : 0;
}

/** Items with a running number in their language, for turning options so that keys fall on every place equally often. */
export function numbered<I extends Item>(items: readonly I[]): (I & { readonly turn: number })[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const part = item.lang ?? 'en';
    const turn = seen.get(part) ?? 0;
    seen.set(part, turn + 1);
    return { ...item, turn };
  });
}

/** The mean of what is not null; null when nothing is or any is. */
export function meanAll(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.some((v) => v === null)) return null;
  return values.reduce<number>((sum, v) => sum + (v as number), 0) / values.length;
}

/** The weighted mean of a value over the rows that tell it; null when none does. */
export function meanIn(rows: readonly Row[], name: string): number | null {
  let sum = 0;
  let weight = 0;
  for (const row of rows) {
    const value = row.values[name];
    if (typeof value !== 'number') continue;
    sum += value * (row.weight ?? 1);
    weight += row.weight ?? 1;
  }
  return weight === 0 ? null : sum / weight;
}

/**
 * Share of the accuracy above chance that is lost: (before − after) / (before − chance), kept within 0..1; the performance drop rate of PromptBench
 * (Zhu et al. 2023, arXiv:2306.04528, section 3.3) with the level of guessing taken off, so that a model which guesses has nothing to keep.
 * 1 where the accuracy before is no better than chance; null without rows.
 */
export function lostAboveChance(rows: readonly Row[], before: string, after: string, chance: number): number | null {
  const [a, b] = [meanIn(rows, before), meanIn(rows, after)];
  if (a === null || b === null) return null;
  if (a <= chance) return 1;
  return Math.min(1, Math.max(0, (a - b) / (a - chance)));
}

/** The share of pairs among the choices that are equal; -1 (nothing chosen) equals nothing. null when one is missing. */
export function agreement(choices: readonly (number | string | null)[]): number | null {
  if (choices.length < 2 || choices.some((c) => c === null)) return null;
  let equal = 0;
  let pairs = 0;
  for (let i = 0; i < choices.length; i++)
    for (let j = i + 1; j < choices.length; j++) {
      pairs++;
      if (choices[i] === choices[j] && choices[i] !== -1) equal++;
    }
  return equal / pairs;
}

const idle = new Set(
  'answer question answers please sure course well okay think believe typically usually often generally called known located considered m s'.split(
    ' ',
  ),
);

/** What a short answer amounts to, for telling whether two say the same: the first option that it names, else the first two words of its first clause (Chinese: four characters) that neither the question nor grammar gave. */
export function gistOf(answer: string, question: string, options: readonly string[]): string {
  const named = options.find((option) => mentions(answer, option));
  if (named !== undefined) return named;
  if (/[\u3400-\u9fff]/.test(answer)) {
    const own = [...normalised(answer)].filter((c) => c !== ' ' && !question.includes(c) && !'是的有为在了'.includes(c));
    return own.slice(0, 4).join('') || normalised(answer);
  }
  const asked = new Set(normalised(question).split(' '));
  const common = functionWords.en;
  // The clause that says it: the first with a word of its own ("Well, it is a kangaroo, but …").
  for (const clause of answer.split(/[.,;:!?()\n]+/)) {
    const own = normalised(clause)
      .split(' ')
      .filter((word) => word !== '' && !asked.has(word) && !idle.has(word) && !common?.has(word));
    if (own.length > 0) return own.slice(0, 2).join(' ');
  }
  return normalised(answer);
}
