/** Asking a judge: by constrained choice, in both orders of the answers, so that no text has to be read and no place preferred. */
import type { Request, Response } from '../types.ts';
import { sharesOf, user } from './asking.ts';

export interface JudgeQuestion {
  /** What is judged and what is asked about it, in the judge's own turn. */
  readonly ask: string;
  /** The allowed answers. */
  readonly options: readonly string[];
  /** Indices of the answers of a judge that is right, and of one that is wrong, for the scripted runner. */
  readonly right?: number;
  readonly wrong?: number;
}

/** Two requests: the answers offered in the given order, and backwards. */
export function askJudge({ ask, options, right = 0, wrong = options.length - 1 - right }: JudgeQuestion): Request[] {
  return [false, true].map((backwards) => {
    const offered = backwards ? [...options].reverse() : options;
    const place = (index: number) => (backwards ? options.length - 1 - index : index);
    return {
      to: 'judge',
      prompt: [user(`${ask}\nAnswer with one of these and nothing else: ${offered.join(', ')}.`)],
      want: { kind: 'choice', options: offered },
      script: { perfect: place(right), worst: place(wrong) },
    };
  });
}

/** How likely the judge finds each option, in the order of `askJudge`'s options, meaned over both orders; null: not asked, or not to be read. */
export function judgementOf(replies: readonly (Response | undefined)[]): number[] | null {
  const [forwards, backwards] = replies.map((reply) => {
    if (!reply?.ok || !reply.logprobs) return null;
    const shares = sharesOf(reply.logprobs.map((value) => value ?? Number.NaN));
    return shares.every(Number.isFinite) ? shares : null;
  });
  if (!forwards || !backwards || forwards.length !== backwards.length) return null;
  return forwards.map((share, i) => (share + (backwards[backwards.length - 1 - i] ?? 0)) / 2);
}

/** 1 when the first option is found the likelier of two, 0 when the second; null without a judge, or when neither is (a judge that goes by the place). */
export function saysFirst(replies: readonly (Response | undefined)[]): 0 | 1 | null {
  const shares = judgementOf(replies);
  const first = shares?.[0] ?? 0.5;
  return Math.abs(first - 0.5) < 1e-6 ? null : first > 0.5 ? 1 : 0;
}

/** The expected number where options are numbers; null without a judge. */
export function ratingOf(replies: readonly (Response | undefined)[], numbers: readonly number[]): number | null {
  return judgementOf(replies)?.reduce((sum, share, i) => sum + share * (numbers[i] ?? 0), 0) ?? null;
}

export const yesNo = ['Yes', 'No'] as const;
