/** Traces with the spread of every token's distribution: one text a run, on a score graph of their own. */
import type { Response } from '../../src/types.ts';
import { failure, notFinite, rounded } from './answer-score.ts';
import type { AnswerHooks } from './hooks.ts';
import type { LocalModel } from './model.ts';
import { tracePath } from './prompts.ts';
import { planRuns } from './schedule.ts';
import { feedsOf } from './score.ts';
import { outOfMemory } from './session.ts';

export interface Spread {
  readonly index: number;
  readonly ids: readonly number[];
}

const picks = 256;

export async function* spreadTraces(
  model: LocalModel,
  asked: readonly Spread[],
  hooks: AnswerHooks,
): AsyncGenerator<readonly [number, Response]> {
  for (const { index, ids } of asked) {
    if (hooks.stopped()) return;
    hooks.busy([index]);
    try {
      yield [index, await spreadTrace(model, { index, ids }, hooks)];
    } catch (error) {
      if (!outOfMemory(error)) throw error;
      yield [index, failure('memory ran out while scoring the whole vocabulary')];
    }
  }
}

async function spreadTrace(model: LocalModel, { index, ids }: Spread, { meter }: AnswerHooks): Promise<Response> {
  const session = await model.session('score', { spread: true });
  const started = performance.now();
  const logprobs: number[] = [];
  const spreads: (readonly [number, number])[] = [];
  // Every run reads the text up to its picked positions: positions are read in parts, so that few rows of the vocabulary are alive.
  for (let from = 1; from < ids.length; from += picks) {
    const to = Math.min(ids.length, from + picks);
    const paths = tracePath(ids.slice(0, to), index, 0).map((path) => ({ ...path, picks: path.picks.slice(from - 1) }));
    const [run] = planRuns(paths, { tokens: to, picks, requests: 1, area: Number.POSITIVE_INFINITY, packs: false, cache: false });
    if (!run) break;
    const begun = performance.now();
    const out = await session.run(feedsOf(session, run, to), { logprob: null, mean: null, deviation: null });
    meter.spent('prefill', run.ids.length, performance.now() - begun, 1);
    const [values, means, deviations] = [out.logprob, out.mean, out.deviation].map((tensor) => tensor?.data as Float32Array | undefined);
    run.picks.forEach(({ slots }, i) => {
      for (const slot of slots) {
        logprobs[slot] = rounded(values?.[i] ?? Number.NaN);
        spreads[slot] = [rounded(means?.[i] ?? Number.NaN), rounded(deviations?.[i] ?? Number.NaN)];
      }
    });
  }
  if (![...logprobs, ...spreads.flat()].every(Number.isFinite)) return notFinite(model);
  const ms = rounded(performance.now() - started);
  const tokens = Math.max(0, ids.length - 1);
  const whole = ids.length === 0 ? { logprobs: [], spreads: [] } : { logprobs: [null, ...logprobs], spreads: [null, ...spreads] };
  return { ok: true, text: '', ...whole, ids, stop: 'end', tokens, promptTokens: ids.length, ms };
}
