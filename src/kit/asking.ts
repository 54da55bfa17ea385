/** Making requests and reading scored options: what nearly every suite does. */
import type { Message, Outcome, Prompt, Request, Response, Scripted } from '../types.ts';

interface Script {
  readonly perfect: Scripted;
  readonly worst: Scripted;
}

export interface ChooseOptions {
  /** Index in `options` of the best and of the worst answer, for the scripted runner. */
  readonly perfect: number;
  readonly worst: number;
  /** The options are shown to the runner rotated left by this many, so that keys are balanced over positions. Default 0. */
  readonly turn?: number;
}

const at = (length: number, turn: number): number => ((turn % length) + length) % length;

/** A question answered by the log-probability of each option as the continuation of `prompt`. */
export function choose(prompt: Prompt, options: readonly string[], { perfect, worst, turn = 0 }: ChooseOptions): Request {
  const n = options.length;
  const by = at(n, turn);
  return {
    to: 'target',
    prompt,
    want: { kind: 'choice', options: [...options.slice(by), ...options.slice(0, by)] },
    script: { perfect: at(n, perfect - by), worst: at(n, worst - by) },
  };
}

/** The options' log-probabilities in the order given to `choose`; per token where `perToken`. null: not answered, or not a number. */
export function scoresOf(response: Response | undefined, turn = 0, perToken = false): number[] | null {
  if (!response?.ok || !response.logprobs || response.logprobs.length === 0) return null;
  const n = response.logprobs.length;
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    const from = at(n, i - at(n, turn));
    const score = response.logprobs[from];
    if (score === null || score === undefined || Number.isNaN(score)) return null;
    out.push(perToken ? score / Math.max(1, response.optionTokens?.[from] ?? 1) : score);
  }
  return out;
}

/** Probabilities of the options among themselves (softmax of log-probabilities). */
export function sharesOf(scores: readonly number[]): number[] {
  const top = Math.max(...scores);
  const raised = scores.map((s) => Math.exp(s - top));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((r) => r / sum);
}

/** A short greedy answer to a conversation, or the continuation of a raw text. */
export function tell(prompt: Prompt, maxTokens: number, script: Script): Request {
  return { to: 'target', prompt, want: { kind: 'text', maxTokens, temperature: 0, seed: 0 }, script };
}

/** The log-probability of every token of a text, with the spread over the vocabulary where asked. The script's numbers are mean log-probabilities of a token. */
export function traced(text: string, script: Script, spread = false): Request {
  return { to: 'target', prompt: text, want: { kind: 'trace', ...(spread && { spread }) }, script };
}

export const user = (content: string): Message => ({ role: 'user', content });
export const system = (content: string): Message => ({ role: 'system', content });
export const assistant = (content: string): Message => ({ role: 'assistant', content });

/** Outcomes of scored requests: `answered`, or `error` where nothing came back. */
export const outcomesOfChoices = (replies: readonly Response[]): Outcome[] => replies.map((reply) => (reply.ok ? 'answered' : 'error'));
