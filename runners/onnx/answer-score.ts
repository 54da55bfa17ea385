import { saidInTranscript } from '../../src/kit/transcript.ts';
import { type Answer, type Request, type Response, UserError } from '../../src/types.ts';
import type { AnswerHooks } from './hooks.ts';
import { openCache, slotsFor } from './kv-cache.ts';
import type { LocalModel } from './model.ts';
import { encodeOptions, promptIds, tokenizerIn } from './prompt-ids.ts';
import { choicePaths, type Rendered, tracePath } from './prompts.ts';
import { type Limits, type Path, planRuns } from './schedule.ts';
import { scoreRun } from './score.ts';
import { outOfMemory } from './session.ts';

/** A scored request: what to compute, how many slots it reads, and how they become an answer. */
export interface Scored {
  readonly index: number;
  readonly paths: readonly Path[];
  readonly slots: number;
  readonly finish: (values: readonly number[], ms: number) => Answer;
}

export const failure = (error: string): Response => ({ ok: false, error });
export const noMemory = 'memory ran out even for the smallest run';
/** Six decimals: below what float32 carries, and short in the recording. */
export const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

export function scoredOf(
  model: LocalModel,
  { index, request, shown, slot }: { index: number; request: Request; shown: Rendered; slot: number },
): Scored {
  const tokenizer = tokenizerIn(model);
  const { want } = request;
  if (want.kind === 'choice') {
    const pairs = want.options.map((option) =>
      tokenizer.encodePair(shown.text, shown.transcript ? saidInTranscript(option) : option, encodeOptions(shown, tokenizer)),
    );
    const counts = pairs.map((pair) => pair.continuation.length);
    const slots = counts.reduce((a, b) => a + b, 0);
    return {
      index,
      paths: choicePaths(pairs, index, slot),
      slots,
      finish: (values, ms) => ({
        ok: true,
        text: '',
        logprobs: sums(values, counts),
        optionTokens: counts,
        stop: 'end',
        tokens: slots,
        promptTokens: pairs[0]?.context.length ?? 0,
        ms,
      }),
    };
  }
  const ids = promptIds(model, shown);
  return {
    index,
    paths: tracePath(ids, index, slot),
    slots: Math.max(0, ids.length - 1),
    finish: (values, ms) => ({
      ok: true,
      text: '',
      logprobs: ids.length === 0 ? [] : [null, ...values.map(rounded)],
      ids,
      stop: 'end',
      tokens: Math.max(0, ids.length - 1),
      promptTokens: ids.length,
      ms,
    }),
  };
}

function sums(values: readonly number[], counts: readonly number[]): number[] {
  let at = 0;
  return counts.map((count) => {
    const part = values.slice(at, at + count);
    at += count;
    return rounded(part.reduce((a, b) => a + b, 0));
  });
}

/** Computes the paths in few runs; fewer tokens a run when memory runs out. */
export async function* score(
  model: LocalModel,
  scored: readonly Scored[],
  hooks: AnswerHooks,
): AsyncGenerator<readonly [number, Response]> {
  let tokens = model.limits.tokens;
  let left = [...scored];
  while (left.length > 0 && !hooks.stopped()) {
    const done = new Set<number>();
    try {
      for await (const pair of scoreAll(model, left, { ...hooks, tokens })) {
        done.add(pair[0]);
        yield pair;
      }
      return;
    } catch (error) {
      if (!outOfMemory(error)) throw error;
      left = left.filter((one) => !done.has(one.index));
      if (tokens <= 16) {
        for (const one of left) yield [one.index, failure(noMemory)];
        return;
      }
      tokens = Math.ceil(tokens / 2);
      hooks.say(`memory ran out while scoring: ${tokens} tokens at a time from here on`);
    }
  }
}

/** A run clears as many slots as the cache has: longer ones grow with their text. */
const fewSlots = 2048;

async function* scoreAll(
  model: LocalModel,
  scored: readonly Scored[],
  hooks: AnswerHooks & { tokens: number },
): AsyncGenerator<readonly [number, Response]> {
  const session = await model.session('score');
  const limits: Limits = {
    tokens: hooks.tokens,
    picks: 512,
    requests: model.limits.requests,
    area: 4e6,
    packs: session.graph.packs,
    cache: session.graph.caches.length > 0,
  };
  const pending = new Map<number, { one: Scored; first: number; missing: number; ms: number }>();
  const owner: number[] = [];
  const values: number[] = [];
  for (const one of scored) {
    const first = Math.min(...one.paths.flatMap((path) => path.picks.map((pick) => pick.slot)));
    pending.set(one.index, { one, first, missing: one.slots, ms: 0 });
    for (let slot = first; slot < first + one.slots; slot++) owner[slot] = one.index;
    if (one.slots === 0) yield [one.index, one.finish([], 0)];
  }
  for (const { runs, span } of plans(model, scored, limits)) {
    const longest = Math.max(1, ...runs.map((run) => run.past + run.ids.length));
    using cache = limits.cache ? openCache(session, 1, Math.min(longest, fewSlots)) : null;
    for (const run of runs) {
      if (hooks.stopped()) return;
      const needed = run.past + run.ids.length;
      if (cache && needed > cache.slots) cache.grow(slotsFor(needed), [run.past]);
      hooks.busy(run.requests);
      const answered: number[] = [];
      const started = performance.now();
      await scoreRun(session, run, cache, {
        span,
        hand: (slot, value) => {
          values[slot] = value;
          const state = pending.get(owner[slot] ?? -1);
          if (state && --state.missing === 0) answered.push(state.one.index);
        },
      });
      const ms = performance.now() - started;
      hooks.meter.spent('prefill', run.ids.length, ms, run.requests.length);
      for (const index of run.requests) {
        const state = pending.get(index);
        if (state) state.ms += ms / run.requests.length;
      }
      for (const index of answered) {
        const state = pending.get(index);
        if (state) yield [index, finished(model, state, values)];
      }
    }
  }
}

/** Runs for requests that may be computed together: each by itself with a batch size of 1, and where the rotation depends on the length. */
function* plans(
  model: LocalModel,
  scored: readonly Scored[],
  limits: Limits,
): Generator<{ runs: ReturnType<typeof planRuns>; span: number }> {
  const lengthOf = (one: Scored): number => Math.max(0, ...one.paths.map((path) => path.ids.length + 1));
  const beyond = model.rotatesBeyond;
  if (limits.requests === 1) {
    for (const one of scored) yield { runs: planRuns(one.paths, limits), span: lengthOf(one) };
    return;
  }
  for (const part of [scored.filter((one) => lengthOf(one) <= beyond), scored.filter((one) => lengthOf(one) > beyond)]) {
    if (part.length > 0)
      yield {
        runs: planRuns(
          part.flatMap((one) => one.paths),
          limits,
        ),
        span: Math.max(...part.map(lengthOf)),
      };
  }
}

function finished(model: LocalModel, { one, first, ms }: { one: Scored; first: number; ms: number }, values: readonly number[]): Response {
  const own = values.slice(first, first + one.slots);
  if (own.every((value) => Number.isFinite(value))) return one.finish(own, rounded(ms));
  return notFinite(model);
}

/** Damaged weights are the user's to repair; finite weights whose answers overflow are this request's failure. */
export function notFinite(model: LocalModel): Response {
  const damage = model.damage();
  if (damage) throw new UserError(`${model.name}: ${damage}`, 'the file is damaged: fetch or convert it again', 3);
  return failure('the model gives numbers that are not finite here, though its weights are');
}
