import type { Endings } from '../../src/kit/answer-text.ts';
import type { Response } from '../../src/types.ts';
import { answerOf, endingsOf, generated, jobOf } from './answer-generate.ts';
import { failure, noMemory, type Scored, score, scoredOf } from './answer-score.ts';
import { type Spread, spreadTraces } from './answer-spread.ts';
import type { Job } from './generate.ts';
import type { AnswerHooks, Asked } from './hooks.ts';
import type { LocalModel } from './model.ts';
import { beginning, promptIds, shownOr } from './prompt-ids.ts';

/** Answers requests in any order. Throws UserError for damaged weights, and what onnxruntime throws that is not about memory. */
export async function* answer(model: LocalModel, asked: readonly Asked[], hooks: AnswerHooks): AsyncGenerator<readonly [number, Response]> {
  const scored: Scored[] = [];
  const spread: Spread[] = [];
  const jobs: Job[] = [];
  const endings = new Map<number, { endings: Endings; promptTokens: number; trim: boolean }>();
  let slot = 0;
  for (const [index, request] of asked) {
    const shown = shownOr(model, request, hooks.system);
    if ('ok' in shown) {
      yield [index, shown];
      continue;
    }
    if (!model.scores && request.want.kind !== 'text') {
      yield [index, failure('the fast weights stray too far from exact compute for log-probabilities')];
      continue;
    }
    if (request.want.kind === 'trace' && request.want.spread && model.spreads) {
      const ids = promptIds(model, shown);
      if (ids.length > model.context) yield [index, tooLong(model, ids.length)];
      else spread.push({ index, ids });
      continue;
    }
    if (request.want.kind === 'choice' || request.want.kind === 'trace') {
      const one = scoredOf(model, { index, request, shown, slot });
      const long = Math.max(0, ...one.paths.map((path) => path.ids.length));
      if (long > model.context) yield [index, tooLong(model, long)];
      else {
        scored.push(one);
        hooks.meter.asked(one.paths.reduce((sum, { ids }) => sum + ids.length, 0));
        slot += one.slots;
      }
      continue;
    }
    const ids = promptIds(model, shown);
    if (ids.length === 0) ids.push(...beginning(model));
    if (ids.length > model.context) {
      yield [index, tooLong(model, ids.length)];
      continue;
    }
    hooks.meter.asked(ids.length);
    const ending = endingsOf(model, request, shown);
    endings.set(index, { endings: ending, promptTokens: ids.length, trim: !model.speech.chat && typeof request.prompt !== 'string' });
    jobs.push(jobOf(model, { index, request, ids, endings: ending }));
  }
  if (scored.length > 0) yield* score(model, scored, hooks);
  if (spread.length > 0) yield* spreadTraces(model, spread, hooks);
  if (jobs.length === 0 || hooks.stopped()) return;
  const givenUp: number[] = [];
  for await (const finished of generated(model, jobs, { ...hooks, gaveUp: (job) => givenUp.push(job.request) })) {
    const job = endings.get(finished.job.request);
    if (job) yield [finished.job.request, answerOf(model, finished, job)];
  }
  for (const index of givenUp) yield [index, failure(noMemory)];
}

function tooLong(model: LocalModel, tokens: number): Response {
  return failure(`the prompt has ${tokens} tokens, the model's context holds ${model.context}`);
}
