import { needOf, type Picked } from './generate-feeds.ts';
import {
  type Finished,
  type GenerateOptions,
  type Job,
  prefill,
  type Row,
  type State,
  shareAhead,
  sharing,
  step,
} from './generate-runs.ts';
import { openCache, slotsFor } from './kv-cache.ts';
import { outOfMemory, type Session } from './session.ts';

export type { Finished, GenerateOptions, Job } from './generate-runs.ts';

/** Tokens of a prompt in one run, below which no smaller run is tried when memory runs out. */
const fewest = 16;

/**
 * Continues prompts in batches of ragged rows; a finished row makes room for the next prompt at once. Longest needs first, so that the cache only shrinks.
 * Yields jobs as they finish; ends early when `stopped`. Throws what onnxruntime throws, but for memory running out: then smaller runs are tried, and
 * a job for which the smallest is too large is given up.
 */
export async function* generate(session: Session, jobs: readonly Job[], options: GenerateOptions): AsyncGenerator<Finished> {
  let { rows, prefillTokens } = options;
  let left = [...jobs].sort((a, b) => needOf(b) - needOf(a));
  while (left.length > 0 && !options.stopped()) {
    const done = new Set<Job>();
    try {
      for await (const finished of decodeAll(session, left, { ...options, rows, prefillTokens })) {
        done.add(finished.job);
        yield finished;
      }
      return;
    } catch (error) {
      if (!outOfMemory(error)) throw error;
      left = left.filter((job) => !done.has(job));
      if (rows > 1 || prefillTokens > fewest) {
        rows = Math.ceil(rows / 2);
        prefillTokens = Math.max(fewest, Math.ceil(prefillTokens / 2));
        options.say(`memory ran out while generating: ${rows} rows and ${prefillTokens} tokens of prompts at a time from here on`);
        continue;
      }
      // One row at a time: the first of the queue was worked on.
      const job = left.shift();
      if (!job || !options.gaveUp) throw error;
      options.gaveUp(job);
    }
  }
}

async function* decodeAll(session: Session, jobs: readonly Job[], options: GenerateOptions): AsyncGenerator<Finished> {
  const state: State = { session, options, queue: [...jobs], active: [], cache: openCache(session, 0, 0), spare: null };
  try {
    while ((state.queue.length > 0 || state.active.length > 0) && !options.stopped()) {
      if (roomFor(state) > 0) {
        await shareAhead(state);
        const admitted = admit(state);
        yield* settle(state, admitted, await prefill(state, admitted));
      }
      if (state.active.length > 0) yield* settle(state, state.active.slice(), await step(state));
    }
  } finally {
    state.cache[Symbol.dispose]();
    state.spare?.cache[Symbol.dispose]();
  }
}

/** Rows free for prompts that wait: a few at a time, as each prefill costs a pass over the weights. */
function roomFor({ queue, active, options, session, cache }: State): number {
  const [next] = queue;
  if (!next) return 0;
  if (active.length === 0) {
    const perRow = Math.max(1, session.graph.kvBytesPerToken * needOf(next));
    return Math.max(1, Math.min(options.rows, Math.floor(options.cacheBytes / perRow)));
  }
  const free = cache.rows - active.length;
  return free >= Math.min(queue.length, Math.ceil(cache.rows / 4)) ? free : 0;
}

/** Moves prompts from the queue to rows behind the active ones, as many as one prefill run takes, all or none of them with the shared beginning. */
function admit(state: State): Row[] {
  const { queue, active, options } = state;
  const free = roomFor(state);
  const [first] = queue;
  const common = first ? sharing(state, first) : 0;
  const rows: Row[] = [];
  let longest = 0;
  if (active.length === 0) relayout(state, free, queue.slice(0, free));
  for (let job = queue[0]; job && rows.length < free; job = queue[0]) {
    longest = Math.max(longest, job.ids.length - common);
    if (rows.length > 0 && (longest * (rows.length + 1) > options.prefillTokens || sharing(state, job) !== common)) break;
    queue.shift();
    rows.push({ job, random: job.random(), tokens: [], logprobs: [], used: 0, started: performance.now() });
  }
  active.push(...rows);
  const longestPrompt = Math.max(...rows.map((row) => row.job.ids.length));
  if (longestPrompt > state.cache.slots)
    state.cache.grow(
      slotsFor(longestPrompt, Math.max(...active.map(({ job }) => needOf(job)))),
      active.map((row) => row.used),
    );
  options.busy(active.map((row) => row.job.request));
  return rows;
}

/** A fresh cache for these jobs when the present one has too few rows, or is more than twice too large. */
function relayout(state: State, rows: number, jobs: readonly Job[]): void {
  const slots = slotsFor(Math.max(...jobs.map((job) => job.ids.length), 1), Math.max(...jobs.map(needOf), 1));
  const { cache } = state;
  if (cache.rows >= rows && cache.rows * cache.slots <= 2 * rows * slots) return;
  cache[Symbol.dispose](); // freed before the new one is made
  state.cache = openCache(state.session, rows, slots);
}

/** Takes each row's new token; rows that are finished leave, the last row moving into the gap. */
function* settle(state: State, rows: readonly Row[], picked: Picked): Generator<Finished> {
  const { active, cache } = state;
  for (const [i, row] of rows.entries()) {
    const { job } = row;
    const top = Array.from({ length: job.top }, (_, k) => ({
      token: picked.top[i * picked.wide + k] ?? 0,
      logprob: picked.topLogprobs[i * picked.wide + k] ?? Number.NaN,
    }));
    if (job.maxTokens > 0) {
      row.tokens.push(picked.tokens[i] ?? 0);
      row.logprobs.push(picked.logprobs[i] ?? Number.NaN);
    }
    const broken = Number.isNaN(picked.logprobs[i] ?? Number.NaN);
    const ended = job.maxTokens > 0 && job.ends(row.tokens);
    if (!ended && !broken && row.tokens.length < job.maxTokens) continue;
    const at = active.indexOf(row);
    const last = active.pop();
    if (last && last !== row) {
      active[at] = last;
      cache.copy(cache, active.length, at, last.used);
    }
    yield { job, tokens: row.tokens, logprobs: row.logprobs, top, ended, ms: performance.now() - row.started };
  }
}
