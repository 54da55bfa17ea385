import type { Identity, Prompt, Request, Response, WantKind } from '../../src/types.ts';

/** What the parent and the child that holds the model say to each other. */
export interface Opening {
  readonly path: string;
  readonly device: string;
  readonly rows: number;
  readonly context: number | null;
  readonly threads: number | null;
  readonly system: string | undefined;
  /** `--protocol`; null: as the template tells. */
  readonly protocol: About['protocol'] | null;
  readonly thinkingTokens: number;
}

export interface About {
  readonly name: string;
  readonly identity: Identity;
  readonly protocol: 'base' | 'instruct' | 'reasoning';
  readonly wants: readonly WantKind[];
  readonly facts: { readonly [key: string]: string | number };
}

export type ToChild =
  | { readonly kind: 'open'; readonly opening: Opening }
  | { readonly kind: 'ask'; readonly batch: number; readonly requests: readonly (readonly [index: number, request: Request])[] }
  | { readonly kind: 'cancel'; readonly batch: number }
  | { readonly kind: 'show'; readonly id: number; readonly prompt: Prompt };

export type FromChild =
  | { readonly kind: 'opened'; readonly about: About }
  | { readonly kind: 'answer'; readonly batch: number; readonly index: number; readonly response: Response }
  | { readonly kind: 'done'; readonly batch: number }
  | { readonly kind: 'shown'; readonly id: number; readonly text: string; readonly ids: readonly number[] }
  /** `hint`: a user can repair it. */
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | null; readonly stack?: string };
