/** How long a plan takes at a measured pace: what it reads, less what is shared, and what it is likely to write. Pure. */
import { type Plan, requestsOf } from '../engine/plan.ts';
import { keyOf } from '../kit/key.ts';
import type { Answer, Request, Response, WantKind } from '../types.ts';

export const kinds = ['choice', 'trace', 'next', 'text'] as const satisfies readonly WantKind[];

/** What a request has a model read: its prompt, with each of its options. */
function textsOf({ prompt, want }: Request): string[] {
  const text = typeof prompt === 'string' ? prompt : prompt.map(({ role, content }) => `\n${role}:\n${content}`).join('');
  return want.kind === 'choice' ? want.options.map((option) => `${text}${option}`) : [text];
}

/** Prompts to continue share a beginning only when it is long: about 96 tokens. Scored ones share any. */
const leastShared: Readonly<Record<WantKind, number>> = { choice: 1, trace: 1, next: 384, text: 384 };

/** Characters to read: what requests of one kind begin with alike is read once. */
export function freshCharacters(requests: readonly Request[]): number {
  const least = requests[0] ? leastShared[requests[0].want.kind] : 1;
  const sorted = requests.flatMap(textsOf).sort();
  let [fresh, last] = [0, ''];
  for (const text of sorted) {
    const most = Math.min(last.length, text.length);
    let shared = 0;
    while (shared < most && text[shared] === last[shared]) shared++;
    // Each prompt has a token or two of its own to compute.
    fresh += Math.max(4, text.length - (shared >= least ? shared : 0));
    last = text;
  }
  return fresh;
}

/** An answer that tells nothing, to see what later rounds would ask. */
function blank({ prompt, want }: Request): Answer {
  const head = { ok: true, text: want.kind === 'text' ? 'I am not sure.' : '', stop: 'end', tokens: 5, ms: 0 } as const;
  if (want.kind === 'choice') return { ...head, logprobs: want.options.map((_, i) => -1 - i), optionTokens: want.options.map(() => 1) };
  if (want.kind === 'next') return { ...head, logprobs: [-1], top: ['the'] };
  if (want.kind === 'text') return head;
  const ids = Array.from({ length: Math.ceil(prompt.length / 4) }, (_, i) => i);
  return { ...head, ids, logprobs: ids.map((_, i) => (i === 0 ? null : -1)) };
}

/** Items looked at in all; of more, every so many-th. */
const mostItems = 20_000;

/** What plans ask of the model, each request once. `every`: one of so many items was looked at. */
export interface Planned {
  readonly requests: Readonly<Record<WantKind, readonly Request[]>>;
  readonly every: number;
}

/** Later rounds are as they follow on answers that tell nothing. */
export function plannedRequests(plans: readonly Plan[]): Planned {
  const every = Math.ceil(plans.reduce((sum, { items }) => sum + items.length, 0) / mostItems) || 1;
  const requests: Record<WantKind, Request[]> = { choice: [], trace: [], next: [], text: [] };
  const seen = new Set<string>();
  const add = (request: Request): void => {
    const key = keyOf('', request);
    if (request.to !== 'target' || seen.has(key)) return;
    seen.add(key);
    requests[request.want.kind].push(request);
  };
  for (const plan of plans) {
    for (const sign of plan.signs ?? []) sign.requests.forEach(add);
    let at = 0;
    for (const item of plan.items) {
      if (at++ % every !== 0) continue;
      const replies: Response[][] = [];
      for (let round = 0; round < plan.suite.rounds.length; round++) {
        const asked = requestsOf(plan, item, round, { replies, judge: false });
        asked.forEach(add);
        replies.push(asked.map(blank));
      }
    }
  }
  return { requests, every };
}

/** Some of a list, evenly over it. */
export const spreadOver = <T>(list: readonly T[], count: number): T[] =>
  list.filter((_, i) => Math.floor((i * count) / list.length) !== Math.floor(((i - 1) * count) / list.length));

/** What was measured on a few requests. */
export interface Pace {
  /** Seconds a character read, by kind; absent: none was measured. */
  readonly read: Partial<Readonly<Record<WantKind, number>>>;
  /** Seconds a token written, with as many rows at once as there will be. */
  readonly write: number;
  /** The chance that an answer ends with a token: answers that ended, over tokens written. */
  readonly ending: number;
}

/** Tokens of an answer that may have `most`, when each is the last with probability `ending`. */
export const expectedTokens = (most: number, ending: number): number => (ending <= 0 ? most : (1 - (1 - ending) ** most) / ending);

/** Seconds that requests take; null where the pace of a kind is not known. */
export function secondsOf({ requests, every }: Planned, { read, write, ending }: Pace): number | null {
  let seconds = 0;
  for (const kind of kinds) {
    const asked = requests[kind];
    if (asked.length === 0) continue;
    const pace = read[kind];
    if (pace === undefined) return null;
    seconds += freshCharacters(asked) * pace;
    for (const { want } of asked) if (want.kind === 'text') seconds += expectedTokens(want.maxTokens, ending) * write;
  }
  return seconds * every;
}
