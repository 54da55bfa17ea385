import { randomOf } from '../../src/kit/random.ts';
import { type Answer, type Failure, type Prompt, type Request, type Response, UserError } from '../../src/types.ts';
import { answerText, type Endings, endsWith } from './answer-text.ts';
import type { Meter } from './cost.ts';
import { type Finished, generate, type Job } from './generate.ts';
import type { LocalModel } from './model.ts';
import { choicePaths, type Rendered, tracePath, transcriptOf, withSystem } from './prompts.ts';
import { type Limits, type Path, planRuns } from './schedule.ts';
import { scoreRun } from './score.ts';
import { openKv, outOfMemory } from './session.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface AnswerHooks {
  readonly system: string | undefined;
  readonly meter: Meter;
  readonly say: (message: string) => void;
  readonly stopped: () => boolean;
  /** About to block on these requests. */
  readonly busy: (requests: readonly number[]) => void;
}
export type Asked = readonly [index: number, request: Request];

/** A scored request: what to compute, how many slots it reads, and how they become an answer. */
interface Scored {
  readonly index: number;
  readonly paths: readonly Path[];
  readonly slots: number;
  readonly finish: (values: readonly number[], ms: number) => Answer;
}

const failure = (error: string): Response => ({ ok: false, error });
/** Six decimals: below what float32 carries, and short in the recording. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** A prompt as the model sees it. */
export function rendered(model: LocalModel, prompt: Prompt, system: string | undefined): Rendered {
  const whole = withSystem(prompt, system);
  if (typeof whole === 'string') return { text: whole, plain: null, bos: true, stops: [], thinking: false };
  return model.chat ? model.chat(whole) : transcriptOf(whole);
}

/** What the model sees, or the failure of a conversation that its template refuses. */
function shownOr(model: LocalModel, request: Request, system: string | undefined): Rendered | Failure {
  try {
    return rendered(model, request.prompt, system);
  } catch (error) {
    if (error instanceof UserError) return { ok: false, error: error.message };
    throw error;
  }
}

export function tokenizerIn(model: LocalModel): Tokenizer {
  if (model.tokenizer) return model.tokenizer;
  throw new UserError(`${model.name} has no tokenizer: ${model.noTokenizer}`, 'ask by token ids: plumbline trace <model> --ids 1,2,3');
}

const encodeOptions = ({ plain, bos }: Rendered, tokenizer: Tokenizer) => ({
  bos: bos && tokenizer.addBos,
  ...(plain ? { special: true, plain } : {}),
});

/** A prompt's token ids. */
export function promptIds(model: LocalModel, shown: Rendered): number[] {
  const tokenizer = tokenizerIn(model);
  return tokenizer.encode(shown.text, encodeOptions(shown, tokenizer));
}

/** Answers requests in any order. Throws UserError for damaged weights, and what onnxruntime throws that is not about memory. */
export async function* answer(model: LocalModel, asked: readonly Asked[], hooks: AnswerHooks): AsyncGenerator<readonly [number, Response]> {
  const scored: Scored[] = [];
  const jobs: Job[] = [];
  const endings = new Map<number, { endings: Endings; promptTokens: number; trim: boolean }>();
  let slot = 0;
  for (const [index, request] of asked) {
    const shown = shownOr(model, request, hooks.system);
    if ('ok' in shown) {
      yield [index, shown];
      continue;
    }
    if (request.want.kind === 'choice' || request.want.kind === 'trace') {
      const one = scoredOf(model, { index, request, shown, slot });
      const long = Math.max(0, ...one.paths.map((path) => path.ids.length));
      if (long > model.context) yield [index, tooLong(model, long)];
      else {
        scored.push(one);
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
    const ending = endingsOf(model, request, shown);
    endings.set(index, { endings: ending, promptTokens: ids.length, trim: !model.chat && typeof request.prompt !== 'string' });
    jobs.push(jobOf(model, { index, request, ids, endings: ending }));
  }
  if (scored.length > 0) yield* score(model, scored, hooks);
  if (jobs.length === 0 || hooks.stopped()) return;
  for await (const finished of generated(model, jobs, hooks)) {
    const job = endings.get(finished.job.request);
    if (job) yield [finished.job.request, answerOf(model, finished, job)];
  }
}

function tooLong(model: LocalModel, tokens: number): Response {
  return failure(`the prompt has ${tokens} tokens, the model's context holds ${model.context}`);
}

/** What stands for an empty prompt: the begin token, else the end token. */
function beginning(model: LocalModel): number[] {
  const { bos, eos } = tokenizerIn(model);
  return [bos ?? eos ?? 0];
}

function scoredOf(
  model: LocalModel,
  { index, request, shown, slot }: { index: number; request: Request; shown: Rendered; slot: number },
): Scored {
  const tokenizer = tokenizerIn(model);
  const { want } = request;
  if (want.kind === 'choice') {
    const pairs = want.options.map((option) => tokenizer.encodePair(shown.text, option, encodeOptions(shown, tokenizer)));
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
        for (const one of left) yield [one.index, failure('memory ran out even for the smallest run')];
        return;
      }
      tokens = Math.ceil(tokens / 2);
      hooks.say(`memory ran out while scoring: ${tokens} tokens at a time from here on`);
    }
  }
}

async function* scoreAll(
  model: LocalModel,
  scored: readonly Scored[],
  hooks: AnswerHooks & { tokens: number },
): AsyncGenerator<readonly [number, Response]> {
  const session = await model.session('score');
  const { graph } = session;
  const limits: Limits = {
    tokens: hooks.tokens,
    picks: 512,
    requests: model.limits.requests,
    area: 4e6,
    packs: graph.packs,
    cache: graph.caches.length > 0,
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
    const kv = openKv(graph, graph.caches.length > 0 ? 1 : 0, Math.max(1, ...runs.map((run) => run.past + run.ids.length)));
    for (const run of runs) {
      if (hooks.stopped()) return;
      hooks.busy(run.requests);
      const answered: number[] = [];
      const started = performance.now();
      await scoreRun(session, run, kv, {
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
  const beyond = Math.min(...model.spec.ropes.map((rope) => rope.long?.beyond ?? Number.POSITIVE_INFINITY));
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
function notFinite(model: LocalModel): Response {
  const damage = model.damage();
  if (damage) throw new UserError(`${model.name}: ${damage}`, 'the file is damaged: fetch or convert it again', 3);
  return failure('the model gives numbers that are not finite here, though its weights are');
}

function endingsOf(model: LocalModel, request: Request, shown: Rendered): Endings {
  const tokenizer = tokenizerIn(model);
  const stops = request.want.kind === 'text' ? (request.want.stop ?? []) : [];
  return {
    decode: (ids) => tokenizer.decode(ids, { continuation: true }),
    endTokens: new Set(tokenizer.stops),
    stops: [...stops, ...shown.stops],
    thinks: model.reasons ? { open: shown.thinking } : null,
  };
}

function jobOf(
  model: LocalModel,
  { index, request, ids, endings }: { index: number; request: Request; ids: number[]; endings: Endings },
): Job {
  const { want } = request;
  if (want.kind !== 'text') {
    const top = want.kind === 'next' ? Math.min(want.top, model.spec.vocabulary) : 0;
    return { request: index, ids, maxTokens: 0, temperature: 0, random: () => () => 0, top, ends: () => true };
  }
  return {
    request: index,
    ids,
    maxTokens: Math.max(1, Math.min(want.maxTokens, model.context - ids.length + 1)),
    temperature: want.temperature,
    random: () => randomOf(want.seed),
    top: 0,
    ends: (tokens) => endsWith(tokens, endings),
  };
}

/** Generates with the cache in place; matrices are laid out anew for long jobs. */
export async function* generated(model: LocalModel, jobs: readonly Job[], hooks: AnswerHooks): AsyncGenerator<Finished> {
  const steps = jobs.reduce((sum, job) => sum + job.maxTokens, 0) / Math.min(jobs.length, model.limits.rows);
  const session = await model.session('generate', { prepack: steps > 256 });
  yield* generate(session, jobs, {
    rows: model.limits.rows,
    cacheBytes: model.limits.cacheBytes,
    prefillTokens: model.limits.tokens,
    busy: hooks.busy,
    stopped: hooks.stopped,
    spent: hooks.meter.spent,
    say: hooks.say,
  });
}

function answerOf(
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
