/** A judge: a model that answers a yes/no question about a text by the log-probabilities of the two answers, asked twice with their order swapped. */
import type { Request, Response } from '../types.ts';
import { scoresOf } from './asking.ts';

export interface JudgeQuestion {
  /** What is judged, laid out. */
  readonly text: string;
  /** A question that yes or no answers. */
  readonly question: string;
  /** Right and wrong verdict, for the scripted runner: true is yes. */
  readonly perfect?: boolean;
}

const answers = [' yes', ' no'];

/** The two requests of one judgement. Raw text, so that base and chat models are asked alike. */
export function judgeRequests({ text, question, perfect }: JudgeQuestion): Request[] {
  return [
    ['yes', 'no'],
    ['no', 'yes'],
  ].map(([first, second], turn) => ({
    to: 'judge',
    prompt: `${text}\n\n${question} Answer "${first}" or "${second}".\nVerdict:`,
    want: { kind: 'choice', options: turn === 0 ? answers : answers.toReversed() },
    ...(perfect !== undefined && { script: { perfect: Number(perfect === (turn === 1)), worst: Number(perfect === (turn === 0)) } }),
  }));
}

export interface Judgement {
  readonly yes: boolean;
  /** Mean over both orders of log p(yes) − log p(no). */
  readonly logOdds: number;
  /** Both orders give the same verdict. */
  readonly consistent: boolean;
}

/** What the two answers say; null when one cannot be read. */
export function judgementIn(replies: readonly (Response | undefined)[]): Judgement | null {
  const [first, second] = replies.map((reply, turn) => {
    const scores = scoresOf(reply, turn);
    const [yes, no] = scores ?? [];
    return yes === undefined || no === undefined || !Number.isFinite(yes - no) ? null : yes - no;
  });
  if (first === null || first === undefined || second === null || second === undefined) return null;
  const logOdds = (first + second) / 2;
  return { yes: logOdds > 0, logOdds, consistent: first > 0 === second > 0 };
}
