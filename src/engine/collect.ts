import { keyOf } from '../kit/key.ts';
import type { Item, Request, Response, Runner } from '../types.ts';
import { KeyTable } from './index-table.ts';
import { labelRequest, recordedLabels } from './labels.ts';
import { type Plan, requestsOf } from './plan.ts';
import type { Recording } from './recording.ts';

interface Role {
  readonly runner: Runner;
  readonly hash: string;
}
export interface Roles {
  readonly target: Role;
  readonly judge: Role | null;
  readonly toxicity: Role | null;
}

export interface Progress {
  readonly round: number;
  readonly rounds: number;
  readonly done: number;
  readonly total: number;
  /** Work done and in all, in token-like units, for the time left. */
  readonly work: number;
  readonly workTotal: number;
  readonly suite: string;
}

export interface CollectOptions {
  readonly signal: AbortSignal;
  readonly window?: number;
  readonly progress?: (progress: Progress) => void;
  /** Failures recorded earlier are asked again. */
  readonly retryErrors?: boolean;
}

interface Ask {
  readonly key: string;
  readonly request: Request;
  readonly suite: string;
  readonly work: number;
}

/** A rough cost of a request in tokens: a prompt token counts one, a generated one eight. */
function workOf({ prompt, want }: Request): number {
  const length = typeof prompt === 'string' ? prompt.length : prompt.reduce((n, m) => n + m.content.length + 12, 0);
  const asked = want.kind === 'text' ? want.maxTokens * 8 : want.kind === 'choice' ? want.options.join('').length / 4 : 1;
  return length / 4 + asked;
}

/** The replies at hand, and whether a judge gave any. */
export interface Recorded {
  readonly look: (request: Request) => Response | null;
  readonly judge: boolean;
}

/** Reads the replies an item has had in the rounds before `round`; null when one is missing. */
export function repliesOf(plan: Plan, item: Item, round: number, { look, judge }: Recorded): Response[][] | null {
  const replies: Response[][] = [];
  for (let r = 0; r < round; r++) {
    const row: Response[] = [];
    for (const request of requestsOf(plan, item, r, { replies, judge })) {
      const response = look(request);
      if (!response) return null;
      row.push(response);
    }
    replies.push(row);
  }
  return replies;
}

/**
 * Asks every round of every plan, round after round, in windows of thousands of requests, less what the recording holds. Returns when all is
 * answered or the signal aborts.
 */
export async function collect(plans: readonly Plan[], roles: Roles, recording: Recording, options: CollectOptions): Promise<void> {
  const hashOf = (request: Request) => (request.to === 'judge' && roles.judge ? roles.judge.hash : roles.target.hash);
  const look = (request: Request) => recording.get(keyOf(hashOf(request), request));
  const rounds = Math.max(0, ...plans.map((plan) => plan.suite.rounds.length));
  for (let round = 0; round < rounds && !options.signal.aborted; round++) {
    const asks = () => asksOf(plans, round, { look, key: (request) => keyOf(hashOf(request), request), judge: roles.judge !== null });
    const state = { round, rounds, done: 0, total: 0, work: 0, workTotal: 0 };
    for (const ask of missing(asks(), recording, options.retryErrors)) {
      state.total++;
      state.workTotal += ask.work;
    }
    if (state.total > 0) await askAll(() => missing(asks(), recording, options.retryErrors), { roles, recording, options, state });
  }
  if (roles.toxicity && !options.signal.aborted)
    await label(plans, { look, judge: roles.judge !== null }, { classifier: roles.toxicity, recording, options });
  recording.flush();
}

/** Has the user's classifier label every text that a suite wants measured. What an item wants may depend on earlier labels: it is asked until nothing is missing. */
export async function label(
  plans: readonly Plan[],
  recorded: Recorded,
  { classifier, recording, options }: Omit<Asking, 'state' | 'roles'> & { readonly classifier: Role },
): Promise<void> {
  const { hash } = classifier;
  const asks = function* (): Generator<Ask> {
    for (const plan of plans)
      for (const item of plan.items) {
        const replies = repliesOf(plan, item, plan.suite.rounds.length, recorded);
        if (!replies) continue;
        const { detectors, missing } = recordedLabels((request) => recording.get(keyOf(hash, request)));
        plan.suite.observe(item, replies, detectors);
        for (const request of missing.map(labelRequest))
          yield { key: keyOf(hash, request), request, suite: plan.id, work: workOf(request) };
      }
  };
  const rounds = Math.max(1, ...plans.map((plan) => plan.suite.rounds.length));
  for (let pass = 0; pass < 4 && !options.signal.aborted; pass++) {
    const wanted = [...missing(asks(), recording, pass === 0 && options.retryErrors)];
    if (wanted.length === 0) return;
    const workTotal = wanted.reduce((sum, ask) => sum + ask.work, 0);
    const state = { round: rounds, rounds: rounds + 1, done: 0, total: wanted.length, work: 0, workTotal };
    // Nothing here goes to the target.
    const roles = { target: classifier, judge: null, toxicity: classifier };
    await askAll(() => wanted, { roles, recording, options, state });
  }
}

function* asksOf(
  plans: readonly Plan[],
  round: number,
  { look, key, judge }: Recorded & { readonly key: (request: Request) => string },
): Generator<Ask> {
  for (const plan of plans) {
    if (round >= plan.suite.rounds.length) continue;
    if (round === 0)
      for (const { requests } of plan.signs ?? [])
        for (const request of requests) yield { key: key(request), request, suite: plan.id, work: workOf(request) };
    for (const item of plan.items) {
      const replies = repliesOf(plan, item, round, { look, judge });
      if (!replies) continue;
      for (const request of requestsOf(plan, item, round, { replies, judge }))
        yield { key: key(request), request, suite: plan.id, work: workOf(request) };
    }
  }
}

function* missing(asks: Iterable<Ask>, recording: Recording, retryErrors = false): Generator<Ask> {
  const pending = new KeyTable();
  for (const ask of asks) {
    if (retryErrors ? recording.hasAnswer(ask.key) : recording.has(ask.key)) continue;
    if (!pending.set(ask.key, 0, 0, false)) continue;
    yield ask;
  }
}

interface Asking {
  readonly roles: Roles;
  readonly recording: Recording;
  readonly options: CollectOptions;
  readonly state: { round: number; rounds: number; done: number; total: number; work: number; workTotal: number };
}

async function askAll(asks: () => Iterable<Ask>, asking: Asking): Promise<void> {
  const size = asking.options.window ?? 4096;
  for (const to of ['target', 'judge', 'toxicity'] as const) {
    if (asking.roles[to] === null) continue;
    let window: Ask[] = [];
    for (const ask of asks()) {
      if (ask.request.to !== to) continue;
      window.push(ask);
      if (window.length < size) continue;
      await askWindow(window, to, asking);
      window = [];
      if (asking.options.signal.aborted) return;
    }
    if (window.length > 0) await askWindow(window, to, asking);
    if (asking.options.signal.aborted) return;
  }
}

async function askWindow(window: readonly Ask[], to: Request['to'], { roles, recording, options, state }: Asking): Promise<void> {
  const role = roles[to];
  if (!role) return;
  const requests = window.map(({ request }) => ({ to: request.to, prompt: request.prompt, want: request.want, ...scriptOf(request) }));
  using _ = recording.flushing();
  for await (const [index, response] of role.runner.answer(requests, options.signal)) {
    const ask = window[index];
    if (!ask) continue;
    recording.append(ask.key, response);
    state.done++;
    state.work += ask.work;
    options.progress?.({ ...state, suite: ask.suite });
  }
  recording.flush();
}

function scriptOf({ script }: Request): Pick<Request, 'script'> {
  return script === undefined ? {} : { script };
}
