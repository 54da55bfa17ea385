import type { Tensor } from 'onnxruntime-node';
import { sharedLength } from './schedule.ts';
import { copyRow, type Feeds, int64, type Kv, kvTensors, openKv, outOfMemory, type Session } from './session.ts';

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
}

interface Row {
  readonly job: Job;
  readonly random: () => number;
  readonly tokens: number[];
  readonly logprobs: number[];
  /** Tokens in the cache. */
  used: number;
  readonly started: number;
}
interface Picked {
  readonly tokens: number[];
  readonly logprobs: Float32Array;
  readonly top: number[];
  readonly topLogprobs: Float32Array;
  readonly wide: number;
}

/** Cache slots a job may come to need. */
const needOf = (job: Job): number => job.ids.length + job.maxTokens;
/** Prompts that begin alike are computed from where they part when that saves this many tokens each. */
const worthSharing = 96;

/**
 * Continues prompts in batches of ragged rows; a finished row makes room for the next prompt at once. Longest needs first, so that the cache only shrinks.
 * Yields jobs as they finish; ends early when `stopped`. Throws what onnxruntime throws, but for memory running out: then fewer rows are tried, down to one.
 */
export async function* generate(session: Session, jobs: readonly Job[], options: GenerateOptions): AsyncGenerator<Finished> {
  let rows = options.rows;
  let left = [...jobs].sort((a, b) => needOf(b) - needOf(a));
  while (left.length > 0 && !options.stopped()) {
    const done = new Set<Job>();
    try {
      for await (const finished of decodeAll(session, left, { ...options, rows })) {
        done.add(finished.job);
        yield finished;
      }
      return;
    } catch (error) {
      if (!outOfMemory(error) || rows <= 1) throw error;
      rows = Math.ceil(rows / 2);
      options.say(`memory ran out while generating: ${rows} rows at a time from here on`);
      left = left.filter((job) => !done.has(job));
    }
  }
}

interface State {
  readonly session: Session;
  readonly options: GenerateOptions;
  readonly queue: Job[];
  readonly active: Row[];
  kv: Kv;
  /** The prompt whose cache lies in the spare row behind all others, and how much of it. */
  spare: { readonly ids: readonly number[]; readonly kv: Kv } | null;
}

async function* decodeAll(session: Session, jobs: readonly Job[], options: GenerateOptions): AsyncGenerator<Finished> {
  const state: State = { session, options, queue: [...jobs], active: [], kv: openKv(session.graph, 0, 0), spare: null };
  while ((state.queue.length > 0 || state.active.length > 0) && !options.stopped()) {
    if (roomFor(state) > 0) {
      const admitted = admit(state);
      yield* settle(state, admitted, await prefill(state, admitted));
    }
    if (state.active.length > 0) yield* settle(state, state.active.slice(), await step(state));
  }
}

/** Rows free for prompts that wait: a few at a time, as each prefill costs a pass over the weights. */
function roomFor({ queue, active, options, session, kv }: State): number {
  const [next] = queue;
  if (!next) return 0;
  const most = Math.max(
    1,
    Math.min(options.rows, Math.floor(options.cacheBytes / Math.max(1, session.graph.kvBytesPerToken * needOf(next)))),
  );
  const limit = active.length > 0 && kv.rows > 0 ? Math.max(kv.rows, Math.min(most, kv.rows)) : most;
  const free = limit - active.length;
  const enough = active.length === 0 || free >= Math.min(queue.length, Math.ceil(limit / 4));
  return enough ? Math.max(0, free) : 0;
}

/** Moves prompts from the queue to rows behind the active ones, as many as one prefill run takes. */
function admit(state: State): Row[] {
  const { queue, active, options, session } = state;
  const free = roomFor(state);
  const first = queue[0];
  const rows: Row[] = [];
  const longest = first?.ids.length ?? 1;
  if (state.active.length === 0) relayout(state, free, queue.slice(0, free));
  while (rows.length < free && queue.length > 0) {
    const wide = Math.max(longest, queue[0]?.ids.length ?? 0);
    if (rows.length > 0 && wide * (rows.length + 1) > options.prefillTokens) break;
    const job = queue.shift();
    if (job) rows.push({ job, random: job.random(), tokens: [], logprobs: [], used: 0, started: performance.now() });
  }
  active.push(...rows);
  options.busy(active.map((row) => row.job.request));
  void session;
  return rows;
}

/** A fresh cache for these jobs when the present one is too small, or more than twice too large. */
function relayout(state: State, rows: number, jobs: readonly Job[]): void {
  const slots = Math.ceil(Math.max(...jobs.map(needOf), 1) / 16) * 16;
  const { kv } = state;
  if (kv.rows >= rows && kv.slots >= slots && kv.rows * kv.slots <= 2 * rows * slots) return;
  state.kv = { rows: 0, slots: 0, values: [] }; // freed before the new one is made
  state.kv = openKv(state.session.graph, rows, slots);
}

/** Computes the prompts of rows just admitted (the last ones of the active) into their cache rows; picks each one's next token. */
async function prefill(state: State, rows: readonly Row[]): Promise<Picked> {
  const base = state.active.length - rows.length;
  const common = await shareable(state, rows);
  const longest = Math.max(...rows.map((row) => row.job.ids.length));
  if (common === 0 && longest <= state.options.prefillTokens) return together(state, rows, base);
  const parts: Picked[] = [];
  for (const [i, row] of rows.entries()) {
    if (common > 0 && state.spare) copyRow(state.spare.kv, 0, state.kv, base + i, common);
    row.used = common;
    parts.push(await alone(state, row, base + i));
  }
  return joined(parts);
}

/** Tokens that all rows (and most of the queue) begin with, computed once and kept in the spare row; 0 where that does not pay. */
async function shareable(state: State, rows: readonly Row[]): Promise<number> {
  const { session, queue } = state;
  const [first] = rows;
  if (!first || session.graph.caches.some((value) => !value.shape.includes('C'))) return 0;
  const held = state.spare ? Math.min(...rows.map((row) => sharedLength(state.spare?.ids ?? [], row.job.ids.slice(0, -1)))) : 0;
  if (held >= worthSharing && held >= (state.spare?.ids.length ?? 0) * 0.75) return held;
  const others = [...rows.map((row) => row.job), ...queue.slice(0, 16)];
  if (others.length < 4) return 0;
  const common = Math.min(...others.map((job) => sharedLength(job.ids.slice(0, -1), first.job.ids)));
  if (common < worthSharing) return 0;
  const ids = first.job.ids.slice(0, common);
  const kv = openKv(session.graph, 1, common);
  await chunks(state, { ids, kv, row: 0, used: 0, rows: [first], draws: false });
  state.spare = { ids, kv };
  return common;
}

/** All prompts in one run, shorter ones padded on the right. */
async function together(state: State, rows: readonly Row[], base: number): Promise<Picked> {
  const { session, kv } = state;
  const { ort } = session;
  const size = Math.max(...rows.map((row) => row.job.ids.length));
  const ids = new Array<number>(size * rows.length).fill(0);
  const positions = new Array<number>(size * rows.length).fill(0);
  rows.forEach((row, b) => {
    row.job.ids.forEach((id, i) => {
      ids[b * size + i] = id;
      positions[b * size + i] = i;
    });
    row.used = row.job.ids.length;
  });
  const feeds: Feeds = {
    input_ids: int64(ort, ids, [rows.length, size]),
    position_ids: int64(ort, positions, [rows.length, size]),
    ...ends(state, rows),
    ...span(state, rows, size),
    ...choosing(
      state,
      rows,
      rows.map((row, b) => b * size + row.job.ids.length - 1),
    ),
  };
  const tensors = kvTensors(ort, kv, base, rows.length);
  const started = performance.now();
  const out = await session.run(
    { ...feeds, ...tensors.past },
    { token: null, logprob: null, top: null, top_logprob: null, ...tensors.present },
  );
  state.options.spent(
    'prefill',
    rows.reduce((n, row) => n + row.job.ids.length, 0),
    performance.now() - started,
    rows.length,
  );
  return pickedFrom(out);
}

/** One prompt by itself, from where its cache ends, in pieces that fit. */
async function alone(state: State, row: Row, at: number): Promise<Picked> {
  const out = await chunks(state, { ids: row.job.ids, kv: state.kv, row: at, used: row.used, rows: [row], draws: true });
  row.used = row.job.ids.length;
  return out;
}

interface Piece {
  readonly ids: readonly number[];
  readonly kv: Kv;
  readonly row: number;
  readonly used: number;
  readonly rows: readonly Row[];
  /** Whether the last token's successor is drawn; a prefix only fills the cache. */
  readonly draws: boolean;
}

async function chunks(state: State, piece: Piece): Promise<Picked> {
  const { session, options } = state;
  const { ort } = session;
  const tensors = kvTensors(ort, piece.kv, piece.row, 1);
  let last: Picked | null = null;
  for (let from = piece.used; from < piece.ids.length; ) {
    const size = Math.min(options.prefillTokens, piece.ids.length - from);
    const total = from + size;
    const feeds: Feeds = {
      input_ids: int64(ort, piece.ids.slice(from, total), [1, size]),
      position_ids: int64(
        ort,
        Array.from({ length: size }, (_, i) => from + i),
        [1, size],
      ),
      ...lengths(state, [total]),
      ...span(state, piece.rows, size),
      ...choosing(state, piece.rows, [size - 1], { draw: piece.draws && total === piece.ids.length }),
    };
    const started = performance.now();
    const out = await session.run(
      { ...feeds, ...tensors.past },
      { token: null, logprob: null, top: null, top_logprob: null, ...tensors.present },
    );
    options.spent('prefill', size, performance.now() - started, 1);
    options.busy(state.active.map((row) => row.job.request));
    last = pickedFrom(out);
    from = total;
  }
  if (!last) throw new Error('a prompt of no tokens');
  return last;
}

/** One new token for every active row. */
async function step(state: State): Promise<Picked> {
  const { session, active, options } = state;
  const { ort } = session;
  const n = active.length;
  const feeds: Feeds = {
    input_ids: int64(
      ort,
      active.map((row) => row.tokens.at(-1) ?? 0),
      [n, 1],
    ),
    position_ids: int64(
      ort,
      active.map((row) => row.used),
      [n, 1],
    ),
    ...lengths(
      state,
      active.map((row) => row.used + 1),
    ),
    ...span(state, active, 1),
    ...choosing(
      state,
      active,
      active.map((_, i) => i),
    ),
  };
  const tensors = kvTensors(ort, state.kv, 0, n);
  const started = performance.now();
  const out = await session.run({ ...feeds, ...tensors.past }, { token: null, logprob: null, ...tensors.present });
  options.spent('decode', n, performance.now() - started, n);
  for (const row of active) row.used++;
  return pickedFrom(out);
}

/** Takes each row's new token; rows that are finished leave, the last row moving into the gap. */
function* settle(state: State, rows: readonly Row[], picked: Picked): Generator<Finished> {
  const { active, kv } = state;
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
      copyRow(kv, active.length, kv, at, last.used);
    }
    yield { job, tokens: row.tokens, logprobs: row.logprobs, top, ended, ms: performance.now() - row.started };
  }
}

const ends = (state: State, rows: readonly Row[]): Feeds =>
  lengths(
    state,
    rows.map((row) => row.used),
  );

function lengths({ session: { ort } }: State, totals: readonly number[]): Feeds {
  return {
    seqlens_k: new ort.Tensor(
      'int32',
      Int32Array.from(totals, (total) => total - 1),
      [totals.length],
    ),
    total_sequence_length: new ort.Tensor('int32', Int32Array.of(Math.max(...totals)), []),
  };
}

function span({ session: { ort, graph } }: State, rows: readonly Row[], size: number): Feeds {
  if (!graph.inputs.some((input) => input.name === 'span')) return {};
  return {
    span: int64(
      ort,
      rows.flatMap((row) => new Array<number>(size).fill(needOf(row.job))),
      [rows.length, size],
    ),
  };
}

function choosing({ session: { ort } }: State, rows: readonly Row[], picks: readonly number[], { draw = true } = {}): Feeds {
  const n = rows.length;
  return {
    pick: int64(ort, picks, [n]),
    temperature: new ort.Tensor(
      'float32',
      Float32Array.from(rows, (row) => (draw ? row.job.temperature : 0)),
      [n],
    ),
    uniform: new ort.Tensor(
      'float32',
      Float32Array.from(rows, (row) => (draw && row.job.temperature > 0 ? below1(row.random()) : 0)),
      [n],
    ),
    top_k: int64(ort, [Math.max(1, ...rows.map((row) => (row.tokens.length === 0 ? row.job.top : 0)))], [1]),
  };
}

/** The nearest float32 below 1 is the largest a uniform number may be. */
const below1 = (u: number): number => Math.min(u, 1 - 2 ** -24);

function pickedFrom(out: Readonly<Record<string, Tensor>>): Picked {
  const top = numbers(out.top);
  const tokens = numbers(out.token);
  return {
    tokens,
    logprobs: (out.logprob?.data as Float32Array | undefined) ?? new Float32Array(),
    top,
    topLogprobs: (out.top_logprob?.data as Float32Array | undefined) ?? new Float32Array(),
    wide: tokens.length > 0 ? top.length / tokens.length : 0,
  };
}

const numbers = (tensor: Tensor | undefined): number[] => (tensor ? Array.from(tensor.data as BigInt64Array, Number) : []);

function joined(parts: readonly Picked[]): Picked {
  return {
    tokens: parts.flatMap((part) => part.tokens),
    logprobs: Float32Array.from(parts.flatMap((part) => [...part.logprobs])),
    top: parts.flatMap((part) => [...part.top, ...new Array<number>(Math.max(...parts.map((p) => p.wide)) - part.wide).fill(0)]),
    topLogprobs: Float32Array.from(
      parts.flatMap((part) => [
        ...part.topLogprobs,
        ...new Array<number>(Math.max(...parts.map((p) => p.wide)) - part.wide).fill(Number.NaN),
      ]),
    ),
    wide: Math.max(...parts.map((part) => part.wide)),
  };
}
