import { below1, choosing, hasInput, joined, lengths, needOf, only, type Picked, pickedFrom, span } from './generate-feeds.ts';
import { type KvCache, openCache, slotsFor } from './kv-cache.ts';
import { sharedLength } from './schedule.ts';
import { int64, type Session } from './session.ts';

/** One prompt to continue, or to tell the likeliest next tokens of. */
export interface Job {
  readonly request: number;
  readonly ids: readonly number[];
  /** 0: only the likeliest next tokens are asked for. */
  readonly maxTokens: number;
  readonly temperature: number;
  /** Uniform numbers in [0, 1): this job's own stream, so that its neighbours cannot change it. Made anew when the job starts over. */
  readonly random: () => () => number;
  /** How many of the likeliest next tokens are wanted, 0 while generating. */
  readonly top: number;
  /** Whether the tokens so far are a whole answer: the end token came, a stop string appeared. */
  readonly ends: (tokens: readonly number[]) => boolean;
}
export interface Finished {
  readonly job: Job;
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  readonly top: readonly { readonly token: number; readonly logprob: number }[];
  /** Ended by itself, or cut at maxTokens. */
  readonly ended: boolean;
  readonly ms: number;
}

export interface GenerateOptions {
  /** Rows decoded together. */
  readonly rows: number;
  /** Bytes the cache may take. */
  readonly cacheBytes: number;
  /** New tokens in one prefill run. */
  readonly prefillTokens: number;
  /** The span of a job (models whose rope depends on the length). */
  readonly busy: (requests: readonly number[]) => void;
  readonly stopped: () => boolean;
  readonly spent: (what: 'prefill' | 'decode', tokens: number, ms: number, rows: number) => void;
  readonly say: (message: string) => void;
  /** A job for which memory ran out even in the smallest run; without it that error is thrown. */
  readonly gaveUp?: (job: Job) => void;
}

export interface Row {
  readonly job: Job;
  readonly random: () => number;
  readonly tokens: number[];
  readonly logprobs: number[];
  /** Tokens in the cache. */
  used: number;
  readonly started: number;
}

export interface State {
  readonly session: Session;
  readonly options: GenerateOptions;
  readonly queue: Job[];
  readonly active: Row[];
  cache: KvCache;
  /** What the next prompts begin with, in a cache of one row. */
  spare: { readonly ids: readonly number[]; readonly cache: KvCache } | null;
}

/** Prompts that begin alike are computed from where they part when that saves this many tokens each. */
const worthSharing = 96;

/** Computes the prompts of rows just admitted (the last ones of the active) into their cache rows; picks each one's next token. */
export async function prefill(state: State, rows: readonly Row[]): Promise<Picked> {
  const base = state.active.length - rows.length;
  const [first] = rows;
  const common = first ? sharing(state, first.job) : 0;
  const longest = Math.max(...rows.map((row) => row.job.ids.length));
  if (common === 0 && longest <= state.options.prefillTokens) return together(state, rows, base);
  const parts: Picked[] = [];
  for (const [i, row] of rows.entries()) {
    if (common > 0 && state.spare) state.cache.copy(state.spare.cache, 0, base + i, common);
    row.used = common;
    parts.push(await alone(state, row, base + i));
  }
  return joined(parts);
}

/** How many of a prompt's tokens lie in the spare row: all that it holds, or none. */
export function sharing({ spare }: State, job: Job): number {
  return spare !== null && sharedLength(spare.ids, job.ids.slice(0, -1)) === spare.ids.length ? spare.ids.length : 0;
}

/** Computes what the next prompt shares with at least three others of the queue, where that pays, into the spare row. */
export async function shareAhead(state: State): Promise<void> {
  const { session, queue } = state;
  const [first, ...others] = queue;
  const stateful = session.graph.caches.some((value) => !value.shape.includes('C'));
  if (!first || stateful || hasInput(session, 'span') || sharing(state, first) > 0) return;
  const own = first.ids.slice(0, -1);
  const alike = others.slice(0, 512).map((job) => sharedLength(job.ids.slice(0, -1), own));
  const enough = alike.filter((length) => length >= worthSharing);
  if (enough.length < 3) return;
  const ids = own.slice(0, Math.min(...enough));
  state.spare?.cache[Symbol.dispose]();
  state.spare = null;
  const cache = openCache(session, 1, ids.length);
  await chunks(state, { ids, cache, at: 0, used: 0, row: null });
  state.spare = { ids, cache };
}

/** All prompts in one run, shorter ones padded on the right. */
async function together(state: State, rows: readonly Row[], base: number): Promise<Picked> {
  const { session, cache, options } = state;
  const { ort } = session;
  const lengthsOf = rows.map((row) => row.job.ids.length);
  const size = Math.max(...lengthsOf);
  const padded = rows.flatMap(({ job }) => [...job.ids, ...new Array<number>(size - job.ids.length).fill(0)]);
  const shape = [rows.length, size];
  const feeds = only(session, {
    input_ids: int64(ort, padded, shape),
    position_ids: int64(
      ort,
      rows.flatMap(() => [...Array(size).keys()]),
      shape,
    ),
    ...lengths(session, lengthsOf),
    ...span(
      session,
      rows.map((row) => needOf(row.job)),
      size,
    ),
    ...choosing(
      session,
      rows.map(drawOf),
      lengthsOf.map((length, b) => b * size + length - 1),
    ),
    ...(await cache.past(base, rows.length)),
  });
  const started = performance.now();
  const out = await session.run(feeds, { ...everything, ...cache.wanted });
  cache.keep(
    out,
    base,
    lengthsOf.map((count) => ({ start: 0, count })),
  );
  options.spent(
    'prefill',
    lengthsOf.reduce((a, b) => a + b, 0),
    performance.now() - started,
    rows.length,
  );
  for (const row of rows) row.used = row.job.ids.length;
  return pickedFrom(out);
}

const everything = { token: null, logprob: null, top: null, top_logprob: null } as const;

/** One prompt by itself, from where its cache ends, in pieces that fit. */
async function alone(state: State, row: Row, at: number): Promise<Picked> {
  const picked = await chunks(state, { ids: row.job.ids, cache: state.cache, at, used: row.used, row });
  row.used = row.job.ids.length;
  return picked;
}

interface Piece {
  readonly ids: readonly number[];
  readonly cache: KvCache;
  /** Row of the cache. */
  readonly at: number;
  readonly used: number;
  /** Whose next token is drawn after the last piece; null: the tokens only fill the cache. */
  readonly row: Row | null;
}

async function chunks(state: State, { ids, cache, at, used, row }: Piece): Promise<Picked> {
  const { session, options } = state;
  const { ort } = session;
  let last: Picked | null = null;
  for (let from = used; from < ids.length; ) {
    const size = Math.min(options.prefillTokens, ids.length - from);
    const total = from + size;
    const draw = row && total === ids.length ? drawOf(row) : { temperature: 0, uniform: 0, top: 0 };
    const feeds = only(session, {
      input_ids: int64(ort, ids.slice(from, total), [1, size]),
      position_ids: int64(
        ort,
        Array.from({ length: size }, (_, i) => from + i),
        [1, size],
      ),
      ...lengths(session, [total]),
      ...span(session, [row ? needOf(row.job) : total], size),
      ...choosing(session, [draw], [size - 1]),
      ...(await cache.past(at, 1)),
    });
    const started = performance.now();
    const out = await session.run(feeds, { ...everything, ...cache.wanted });
    cache.keep(out, at, [{ start: from, count: size }]);
    options.spent('prefill', size, performance.now() - started, 1);
    options.busy(state.active.map((active) => active.job.request));
    last = pickedFrom(out);
    from = total;
  }
  if (!last) throw new Error('a prompt of no tokens');
  return last;
}

/** One new token for every active row. */
export async function step(state: State): Promise<Picked> {
  const { session, active, cache, options } = state;
  const { ort } = session;
  const shape = [active.length, 1];
  makeRoom(state);
  const feeds = only(session, {
    input_ids: int64(
      ort,
      active.map((row) => row.tokens.at(-1) ?? 0),
      shape,
    ),
    position_ids: int64(
      ort,
      active.map((row) => row.used),
      shape,
    ),
    ...lengths(
      session,
      active.map((row) => row.used + 1),
    ),
    ...span(
      session,
      active.map((row) => needOf(row.job)),
      1,
    ),
    ...choosing(
      session,
      active.map(drawOf),
      active.map((_, i) => i),
    ),
    ...(await cache.past(0, active.length)),
  });
  const started = performance.now();
  const out = await session.run(feeds, { token: null, logprob: null, ...cache.wanted });
  cache.keep(
    out,
    0,
    active.map(({ used }) => ({ start: used, count: 1 })),
  );
  options.spent('decode', active.length, performance.now() - started, active.length);
  for (const row of active) row.used++;
  return pickedFrom(out);
}

/** Slots are added as rows come to need them: what a run reads and copies grows with their number. */
function makeRoom({ active, cache }: State): void {
  const needed = Math.max(...active.map(({ used }) => used)) + 1;
  if (needed > cache.slots)
    cache.grow(
      slotsFor(needed, Math.max(...active.map(({ job }) => needOf(job)))),
      active.map(({ used }) => used),
    );
}

/** How a row's next token is chosen; takes one of its random numbers where it samples. */
function drawOf({ job, random, tokens }: Row) {
  return { temperature: job.temperature, uniform: job.temperature > 0 ? below1(random()) : 0, top: tokens.length === 0 ? job.top : 0 };
}
