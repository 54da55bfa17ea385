/** Asking a judge: a model that answers by constrained choice, in both orders of the answers, so that no text has to be read and no place preferred. */
import type { Request, Response } from '../types.ts';
import { scoresOf, sharesOf, user } from './asking.ts';

export interface JudgeQuestion {
  /** What is judged and what is asked about it, in the judge's own turn. */
  readonly ask: string;
  /** The allowed answers. */
  readonly options: readonly string[];
  /** Indices of the answers of a judge that is right, and of one that is wrong, for the scripted runner. */
  readonly right?: number;
  readonly wrong?: number;
}

export const yesNo = ['Yes', 'No'] as const;

/** The two requests of one judgement: the answers offered in the given order, and backwards. */
export function askJudge({ ask, options, right = 0, wrong = options.length - 1 - right }: JudgeQuestion): Request[] {
  return [false, true].map((backwards) => {
    const offered = backwards ? options.toReversed() : options;
    const place = (index: number) => (backwards ? options.length - 1 - index : index);
    return {
      to: 'judge',
      prompt: [user(`${ask}\nAnswer with one of these and nothing else: ${offered.join(', ')}.`)],
      want: { kind: 'choice', options: offered },
      script: { perfect: place(right), worst: place(wrong) },
    };
  });
}

/** The scores of both orders, each in the order of `askJudge`'s options; null: not asked, or not to be read. */
function ordersOf([forwards, backwards]: readonly (Response | undefined)[]): [number[], number[]] | null {
  const [first, second] = [scoresOf(forwards), scoresOf(backwards)?.reverse()];
  return first && second && first.length === second.length ? [first, second] : null;
}

/** How likely the judge finds each option, in the order of `askJudge`'s options, meaned over both orders; null: not asked, or not to be read. */
export function judgementOf(replies: readonly (Response | undefined)[]): number[] | null {
  const [first, second] = ordersOf(replies)?.map(sharesOf) ?? [];
  if (!first || !second || ![...first, ...second].every(Number.isFinite)) return null;
  return first.map((share, i) => (share + (second[i] ?? 0)) / 2);
}

/** A judgement between two options. */
export interface Judgement {
  /** log p(first) − log p(second) in each order. */
  readonly orders: readonly [number, number];
  /** Their mean, in nats: above 0 for the first option. */
  readonly logOdds: number;
  /** Both orders give the same verdict. */
  readonly consistent: boolean;
}

/** What two answers between two options say; null when one cannot be read. */
export function judgementIn(replies: readonly (Response | undefined)[]): Judgement | null {
  const [first, second] = ordersOf(replies)?.map(([a = 0, b = 0]) => a - b) ?? [];
  if (first === undefined || second === undefined || !Number.isFinite(first + second)) return null;
  return { orders: [first, second], logOdds: (first + second) / 2, consistent: first > 0 === second > 0 };
}

/** 1 when the first of two options is found the likelier, 0 when the second; null without a judge, or when neither is (a judge that goes by the place). */
export function saysFirst(replies: readonly (Response | undefined)[]): 0 | 1 | null {
  const odds = judgementIn(replies)?.logOdds ?? 0;
  return Math.abs(odds) < 1e-6 ? null : odds > 0 ? 1 : 0;
}

/** The expected number where options are numbers; null without a judge. */
export function ratingOf(replies: readonly (Response | undefined)[], numbers: readonly number[]): number | null {
  return judgementOf(replies)?.reduce((sum, share, i) => sum + share * (numbers[i] ?? 0), 0) ?? null;
}
