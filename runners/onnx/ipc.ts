import {
  type Facts,
  type Identity,
  type Prompt,
  type Request,
  type Response,
  type RunnerOptions,
  UserError,
  type WantKind,
} from '../../src/types.ts';

/** What the parent and the child that holds the model say to each other. Numbers and text only: logits never cross. */

/** The part of RunnerOptions a child can be told, and what the parent learnt from earlier children. */
export interface Opening {
  readonly target: string;
  /** One device: `cpu`, `cuda:1`, `auto` … */
  readonly device: string;
  readonly batchSize: number | 'auto';
  readonly system?: string;
  readonly seed: number;
  readonly cacheDir: string;
  readonly offline: boolean;
  readonly env: RunnerOptions['env'];
  readonly settings: RunnerOptions['settings'];
  /** Runs are made this many times smaller than usual: doubled whenever memory ran out. */
  readonly shrink: number;
}

/** What the child knows of the model once it is open. */
export interface About {
  readonly name: string;
  readonly identity: Identity;
  readonly protocol: 'base' | 'instruct' | 'reasoning';
  readonly wants: readonly WantKind[];
  /** The device in use, e.g. `cpu`. */
  readonly device: string;
  readonly hasTokenizer: boolean;
}

/** Questions by token ids, for looking at a model by hand. */
export type Question =
  | { readonly ask: 'render'; readonly prompt: Prompt }
  | { readonly ask: 'facts' }
  | { readonly ask: 'trace'; readonly ids: readonly number[] }
  | {
      readonly ask: 'generate';
      readonly ids: readonly number[];
      readonly maxTokens: number;
      readonly temperature: number;
      readonly seed: number;
    }
  | { readonly ask: 'prompt'; readonly prompt: Prompt }
  | { readonly ask: 'pieces'; readonly ids: readonly number[] }
  | { readonly ask: 'bench'; readonly lengths: readonly number[]; readonly rows: readonly number[] };

export interface Replies {
  render: string;
  facts: Facts;
  trace: { ids: number[]; logprobs: (number | null)[] };
  generate: { ids: number[]; text: string; stop: 'end' | 'length' };
  prompt: { ids: number[] };
  /** The text of each token, where there is a tokenizer. */
  pieces: string[];
  bench: BenchLine[];
}
/** One measured speed: tokens/s at a length (prefill) or a number of rows (decode). */
export interface BenchLine {
  readonly what: 'prefill' | 'decode';
  readonly length: number;
  readonly rows: number;
  readonly tokensPerSecond: number;
  readonly ms: number;
}

export type ToChild =
  | { readonly kind: 'open'; readonly opening: Opening }
  | { readonly kind: 'probe'; readonly device: string }
  | { readonly kind: 'ask'; readonly batch: number; readonly requests: readonly (readonly [index: number, request: Request])[] }
  | { readonly kind: 'cancel'; readonly batch: number }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question };

export type FromChild =
  | { readonly kind: 'opened'; readonly about: About }
  /** Something a user can repair: a UserError of the child. `id`: of the question it answers; none while opening or asking. */
  | { readonly kind: 'refused'; readonly id?: number; readonly message: string; readonly hint?: string; readonly exit: 2 | 3 }
  /** A bug: an exception of any other kind. */
  | { readonly kind: 'broken'; readonly id?: number; readonly message: string; readonly stack?: string }
  | { readonly kind: 'say'; readonly message: string }
  | { readonly kind: 'progress'; readonly what: string; readonly done: number; readonly total: number }
  /** The child is about to block on these requests (by index). */
  | { readonly kind: 'busy'; readonly batch: number; readonly indices: readonly number[] }
  | { readonly kind: 'answer'; readonly batch: number; readonly answers: readonly (readonly [index: number, response: Response])[] }
  | { readonly kind: 'done'; readonly batch: number }
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown };

/** An exception of the child as a message. */
export function errorMessage(error: unknown, id?: number): FromChild {
  const from = id === undefined ? {} : { id };
  if (error instanceof UserError)
    return { kind: 'refused', ...from, message: error.message, ...(error.hint ? { hint: error.hint } : {}), exit: error.exit };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'broken', ...from, message, ...(stack ? { stack } : {}) };
}

/** The exception that a message of the child stands for. */
export function errorIn(event: { readonly kind: string }): Error | null {
  const told = event as FromChild;
  if (told.kind === 'refused') return new UserError(told.message, told.hint, told.exit);
  if (told.kind !== 'broken') return null;
  const error = new Error(told.message);
  if (told.stack) error.stack = told.stack;
  return error;
}
