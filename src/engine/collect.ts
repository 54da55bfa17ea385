import { keyOf } from '../kit/key.ts';
import type { Item, Request, Response, Runner } from '../types.ts';
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
  readonly request: Request;
  readonly suite: string;
}
interface Keyed extends Ask {
  readonly key: string;
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
 * Asks every round of every plan, round after round, in windows of thousands of requests, less what the recording holds. Items are read anew and
 * nothing but a window is held. Returns when all is answered or the signal aborts.
 */
export async function collect(plans: readonly Plan[], roles: Roles, recording: Recording, options: CollectOptions): Promise<void> {
  const keyed = (request: Request) => keyOf(request.to === 'judge' && roles.judge ? roles.judge.hash : roles.target.hash, request);
  const recorded = { look: (request: Request) => recording.get(keyed(request)), judge: roles.judge !== null };
  const known = (request: Request) => {
    const place = recording.placeOf(keyed(request));
    return place !== null && !(options.retryErrors && place.failed);
  };
  const rounds = Math.max(0, ...plans.map((plan) => plan.suite.rounds.length));
  for (let round = 0; round < rounds && !options.signal.aborted; round++) {
    const asks = () => asksOf(plans, round, recorded);
    const fresh = recording.size === 0;
    const state = { round, rounds, done: 0, total: 0, work: 0, workTotal: 0 };
    for (const { request } of asks()) {
      if (!fresh && known(request)) continue;
      state.total++;
      state.workTotal += workOf(request);
    }
    if (state.total > 0) await askAll(asks, { roles, recording, options, state, keyed, since: recording.end });
  }
  if (roles.toxicity && !options.signal.aborted) await label(plans, recorded, { classifier: roles.toxicity, recording, options });
  recording.flush();
}

/** Has the user's classifier label every text that a suite wants measured. What an item wants may depend on earlier labels: it is asked until nothing is missing. */
export async function label(
  plans: readonly Plan[],
  recorded: Recorded,
  { classifier, recording, options }: Pick<Asking, 'recording' | 'options'> & { readonly classifier: Role },
): Promise<void> {
  const keyed = (request: Request) => keyOf(classifier.hash, request);
  const asks = function* (): Generator<Ask> {
    for (const plan of plans)
      for (const item of plan.items) {
        const replies = repliesOf(plan, item, plan.suite.rounds.length, recorded);
        if (!replies) continue;
        const { detectors, missing } = recordedLabels((request) => recording.get(keyed(request)));
        plan.suite.observe(item, replies, detectors);
        for (const text of missing) yield { request: labelRequest(text), suite: plan.id };
      }
  };
  const rounds = Math.max(1, ...plans.map((plan) => plan.suite.rounds.length));
  // Nothing here goes to the target.
  const roles = { target: classifier, judge: null, toxicity: classifier };
  for (let pass = 0; pass < 4 && !options.signal.aborted; pass++) {
    const wanted = [...asks()];
    if (wanted.length === 0) return;
    const workTotal = wanted.reduce((sum, { request }) => sum + workOf(request), 0);
    const state = { round: rounds, rounds: rounds + 1, done: 0, total: wanted.length, work: 0, workTotal };
    await askAll(() => wanted, { roles, recording, options, state, keyed, since: recording.end });
  }
}

function* asksOf(plans: readonly Plan[], round: number, { look, judge }: Recorded): Generator<Ask> {
  for (const plan of plans) {
    if (round >= plan.suite.rounds.length) continue;
    if (round === 0) for (const { requests } of plan.signs ?? []) for (const request of requests) yield { request, suite: plan.id };
    for (const item of plan.items) {
      const replies = repliesOf(plan, item, round, { look, judge });
      if (!replies) continue;
      for (const request of requestsOf(plan, item, round, { replies, judge })) yield { request, suite: plan.id };
    }
  }
}

interface Asking {
  readonly roles: Roles;
  readonly recording: Recording;
  readonly options: CollectOptions;
  readonly state: { round: number; rounds: number; done: number; total: number; work: number; workTotal: number };
  readonly keyed: (request: Request) => string;
  /** Answers from this byte on were given in this round. */
  readonly since: number;
}

async function askAll(asks: () => Iterable<Ask>, asking: Asking): Promise<void> {
  const { recording, options, keyed, state, since } = asking;
  const size = options.window ?? 4096;
  for (const to of ['target', 'judge', 'toxicity'] as const) {
    if (asking.roles[to] === null) continue;
    let window = new Map<string, Keyed>();
    for (const ask of asks()) {
      if (ask.request.to !== to) continue;
      const key = keyed(ask.request);
      const work = workOf(ask.request);
      const place = recording.placeOf(key);
      const answered = place !== null && !(options.retryErrors && place.failed && place.at < since);
      if (answered || window.has(key)) {
        // Asked twice in this round: answered once, and done twice.
        if (answered && place.at < since) continue;
        state.done++;
        state.work += work;
        continue;
      }
      window.set(key, { ...ask, key, work });
      if (window.size < size) continue;
      await askWindow([...window.values()], to, asking);
      window = new Map();
      if (options.signal.aborted) return;
    }
    if (window.size > 0) await askWindow([...window.values()], to, asking);
    if (options.signal.aborted) return;
  }
}

async function askWindow(window: readonly Keyed[], to: Request['to'], { roles, recording, options, state }: Asking): Promise<void> {
  const role = roles[to];
  if (!role) return;
  const requests = window.map(({ request }) => request);
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
