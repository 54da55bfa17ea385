import { answerText, budgetOf, type Endings, endsWith } from '../../src/kit/answer-text.ts';
import { randomOf } from '../../src/kit/random.ts';
import type { Request, Response } from '../../src/types.ts';
import { notFinite, rounded } from './answer-score.ts';
import { type Finished, type GenerateOptions, generate, type Job } from './generate.ts';
import type { AnswerHooks } from './hooks.ts';
import type { LocalModel } from './model.ts';
import { tokenizerIn } from './prompt-ids.ts';
import type { Rendered } from './prompts.ts';

export function endingsOf(model: LocalModel, request: Request, shown: Rendered): Endings {
  const tokenizer = tokenizerIn(model);
  const stops = request.want.kind === 'text' ? (request.want.stop ?? []) : [];
  return {
    decode: (ids) => tokenizer.decode(ids, { continuation: true }),
    endTokens: new Set(tokenizer.stops),
    stops: [...stops, ...shown.stops],
    thinks: model.speech.reasons ? { open: shown.thinking } : null,
  };
}

export function jobOf(
  model: LocalModel,
  { index, request, ids, endings }: { index: number; request: Request; ids: number[]; endings: Endings },
): Job {
  const { want } = request;
  if (want.kind !== 'text') {
    const top = want.kind === 'next' ? Math.min(want.top, model.vocabulary) : 0;
    return { request: index, ids, maxTokens: 0, temperature: 0, random: () => () => 0, top, ends: () => true };
  }
  const budget = { answer: want.maxTokens, thinking: model.speech.thinkingTokens };
  const spent = budgetOf(endings, budget);
  return {
    request: index,
    ids,
    maxTokens: Math.max(1, Math.min(budget.answer + budget.thinking, model.context - ids.length + 1)),
    temperature: want.temperature,
    random: () => randomOf(want.seed),
    top: 0,
    ends: (tokens) => endsWith(tokens, endings) || spent(tokens),
  };
}

/**
 * Laying matrices out anew makes steps of few rows faster by a quarter to a third and costs about as much as fifteen steps save (SmolLM2); it takes the weights a second time,
 * so it is done where that is little of the free memory.
 */
const worthwhile = 32;

/** Whether so many steps of generation would have the matrices laid out anew. */
export const prepacks = (model: LocalModel, steps: number): boolean => model.roomy && steps > worthwhile;

/** Generates with what is best for this many steps. */
export async function* generated(
  model: LocalModel,
  jobs: readonly Job[],
  hooks: AnswerHooks & Pick<GenerateOptions, 'gaveUp'>,
): AsyncGenerator<Finished> {
  const steps = jobs.reduce((sum, job) => sum + job.maxTokens, 0) / Math.min(jobs.length, model.limits.rows);
  const session = await model.session('generate', { prepack: prepacks(model, steps) });
  yield* generate(session, jobs, {
    rows: model.limits.rows,
    cacheBytes: model.limits.cacheBytes,
    prefillTokens: model.limits.tokens,
    busy: hooks.busy,
    stopped: hooks.stopped,
    spent: hooks.meter.spent,
    say: hooks.say,
    ...(hooks.gaveUp && { gaveUp: hooks.gaveUp }),
  });
}

export function answerOf(
  model: LocalModel,
  done: Finished,
  { endings, promptTokens, trim }: { endings: Endings; promptTokens: number; trim: boolean },
): Response {
  const { job, ms } = done;
  if ([...done.logprobs, ...done.top.map((next) => next.logprob)].some((value) => !Number.isFinite(value))) return notFinite(model);
  if (job.maxTokens === 0) {
    const tokenizer = tokenizerIn(model);
    const top = done.top.map((next) => tokenizer.decode([next.token], { continuation: true, skipSpecial: false }));
    return {
      ok: true,
      text: '',
      top,
      logprobs: done.top.map((next) => rounded(next.logprob)),
      stop: 'end',
      tokens: 1,
      promptTokens,
      ms: rounded(ms),
    };
  }
  const { text, thinking, ended } = answerText(done.tokens, endings);
  return {
    ok: true,
    text: trim ? text.trimStart() : text,
    logprobs: done.logprobs.map(rounded),
    stop: ended ? 'end' : 'length',
    tokens: done.tokens.length,
    promptTokens,
    ...(thinking === undefined ? {} : { thinking }),
    ms: Math.round(ms),
  };
}
