/** Runs a ready-made decoder as if it were our own graph: the same feeds, the cache in place, numbers instead of logits. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { CacheValue, Graph, GraphValue, Purpose } from './contract.ts';
import { halfTable } from './dequantise.ts';
import { loadOrt, type Ort } from './ort.ts';
import { drawToken, logSumOf, topOf } from './pick-token.ts';
import { type ReadyMade, type Signature, signatureOf } from './ready-made.ts';
import type { Feeds, Session } from './session.ts';

type Outputs = Readonly<Record<string, Tensor>>;

interface Opened {
  readonly ort: Ort;
  readonly session: InferenceSession;
  readonly signature: Signature;
  readonly half: Float32Array;
}

/** Rows of one run: tokens behind and new tokens of each, and the most of any. */
interface Group {
  readonly rows: readonly { readonly row: number; readonly past: number; readonly fresh: number }[];
  readonly past: number;
  readonly fresh: number;
}

const numbersOf = (tensor: Tensor | undefined): number[] => Array.from((tensor?.data ?? []) as ArrayLike<number | bigint>, Number);

/** Rows of all lengths go together where the export tells places apart by its mask; else those of equal lengths. */
function groupsOf({ signature }: Opened, feeds: Feeds, { rows, size }: { rows: number; size: number }): Group[] {
  const lengths = feeds.seqlens_k === undefined ? new Array<number>(rows).fill(size - 1) : numbersOf(feeds.seqlens_k);
  const ragged = signature.grouped || signature.positions !== null;
  const groups = new Map<string, { row: number; past: number; fresh: number }[]>();
  for (let row = 0; row < rows; row += 1) {
    const total = (lengths[row] ?? 0) + 1;
    const past = feeds.seqlens_k !== undefined && (rows === 1 || size === 1) ? total - size : 0;
    const key = ragged ? '' : `${past}:${total}`;
    groups.set(key, [...(groups.get(key) ?? []), { row, past, fresh: total - past }]);
  }
  return [...groups.values()].map((each) => ({
    rows: each,
    past: Math.max(...each.map(({ past }) => past)),
    fresh: Math.max(...each.map(({ fresh }) => fresh)),
  }));
}

type Numbers = Float32Array | Uint16Array;

/** The slots of the group's rows that are used, each from its beginning. */
function pastOf(opened: Opened, cache: CacheValue, feeds: Feeds, group: Group): Tensor {
  const [heads, width] = [Number(cache.shape[1]), Number(cache.shape[3])];
  const dims = [group.rows.length, heads, group.past, width];
  const size = dims.reduce((a, b) => a * b, 1);
  const out: Numbers = cache.type === 'float32' ? new Float32Array(size) : new Uint16Array(size);
  const held = feeds[cache.past];
  if (held !== undefined && group.past > 0) {
    const slots = held.dims[2] ?? 0;
    group.rows.forEach(({ row, past }, i) => {
      for (let head = 0; head < heads; head += 1) {
        const from = (row * heads + head) * slots * width;
        out.set((held.data as Numbers).subarray(from, from + past * width), (i * heads + head) * group.past * width);
      }
    });
  }
  return cache.type === 'float32'
    ? new opened.ort.Tensor('float32', out as Float32Array, dims)
    : new opened.ort.Tensor('float16', out as Uint16Array, dims);
}

/** Writes what is new in the cache back into its slots. Grouped attention puts it behind each row's own past, others behind the longest. */
function keepNew(
  { signature }: Opened,
  cache: CacheValue,
  { from, held, group }: { from: Tensor | undefined; held: Tensor | undefined; group: Group },
): void {
  if (from === undefined || held === undefined) return;
  const [heads, width] = [Number(cache.shape[1]), Number(cache.shape[3])];
  const [slots, total] = [held.dims[2] ?? 0, from.dims[2] ?? 0];
  group.rows.forEach(({ row, past, fresh }, i) => {
    for (let head = 0; head < heads; head += 1) {
      const source = ((i * heads + head) * total + (signature.grouped ? past : group.past)) * width;
      const part = (from.data as Numbers).subarray(source, source + fresh * width);
      (held.data as Numbers).set(part as never, ((row * heads + head) * slots + past) * width);
    }
  });
}

/** 1 for every place of a row that holds a token. Grouped attention wants them in front. */
function maskOf({ signature }: Opened, group: Group): number[] {
  const filled = (ones: number, of: number): number[] => [...new Array<number>(ones).fill(1), ...new Array<number>(of - ones).fill(0)];
  return group.rows.flatMap(({ past, fresh }) =>
    signature.grouped ? filled(past + fresh, group.past + group.fresh) : [...filled(past, group.past), ...filled(fresh, group.fresh)],
  );
}

function feedsOf(opened: Opened, feeds: Feeds, group: Group, size: number): Feeds {
  const { ort, signature } = opened;
  const { mask, positions, branch, kept } = signature;
  const [count, total] = [group.rows.length, group.past + group.fresh];
  const wide = (values: readonly number[], dims: readonly number[]): Tensor =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  const ids = numbersOf(feeds.input_ids);
  const each = (value: (row: Group['rows'][number], i: number) => number): number[] =>
    group.rows.flatMap((row) => Array.from({ length: group.fresh }, (_, i) => value(row, i)));
  const out: Feeds = {
    input_ids: wide(
      each(({ row }, i) => ids[row * size + i] ?? 0),
      [count, group.fresh],
    ),
  };
  if (mask !== null) out[mask] = wide(maskOf(opened, group), [count, total]);
  if (positions !== null)
    out[positions] = wide(
      each(({ past, fresh }, i) => past + Math.min(i, fresh - 1)),
      [count, group.fresh],
    );
  if (branch !== null) out[branch] = new ort.Tensor('bool', [group.past > 0], [1]);
  if (kept !== null) out[kept] = wide([group.fresh], []);
  for (const cache of signature.caches) out[cache.past] = pastOf(opened, cache, feeds, group);
  return out;
}

/** Outputs that are fetched: logits only where they are read (they are copied whole), the cache only where it is kept. */
function wantedOf({ signature }: Opened, fetches: InferenceSession.FetchesType): InferenceSession.FetchesType {
  const names = Object.keys(fetches);
  const reads = names.some((name) => name === 'logprob' || name === 'token');
  const keeps = names.some((name) => signature.caches.some(({ present }) => present === name));
  return Object.fromEntries(
    [...(reads ? [signature.logits] : []), ...(keeps ? signature.caches.map(({ present }) => present) : [])].map((name) => [name, null]),
  );
}

/** Logits [V] of every picked position, by index into `pick`. */
async function logitsOf(opened: Opened, feeds: Feeds, fetches: InferenceSession.FetchesType): Promise<Float32Array[]> {
  const [rows = 1, size = 0] = feeds.input_ids?.dims ?? [];
  const picks = numbersOf(feeds.pick);
  const found: Float32Array[] = [];
  for (const group of groupsOf(opened, feeds, { rows, size })) {
    const out = (await opened.session.run(feedsOf(opened, feeds, group, size), wantedOf(opened, fetches))) as Outputs;
    const logits = out[opened.signature.logits];
    const [, length = 0, width = 0] = logits?.dims ?? [];
    picks.forEach((pick, i) => {
      if (logits === undefined) return;
      const at = group.rows.findIndex(({ row }) => row === Math.floor(pick / size));
      if (at < 0) return;
      const from = (at * length + (pick % size)) * width;
      const part = (logits.data as Numbers).subarray(from, from + width);
      found[i] = part instanceof Float32Array ? part.slice() : Float32Array.from(part, (bits) => opened.half[bits] ?? 0);
    });
    for (const cache of opened.signature.caches) keepNew(opened, cache, { from: out[cache.present], held: feeds[cache.past], group });
  }
  return found;
}

function scored(ort: Ort, feeds: Feeds, logits: readonly Float32Array[]): Outputs {
  const target = numbersOf(feeds.target);
  const logprob = Float32Array.from(logits, (row, i) => (row[target[i] ?? 0] ?? Number.NaN) - logSumOf(row));
  const argmax = BigInt64Array.from(logits, (row) => BigInt(topOf(row, 1)[0] ?? 0));
  return { logprob: new ort.Tensor('float32', logprob, [logits.length]), argmax: new ort.Tensor('int64', argmax, [logits.length]) };
}

function generated(ort: Ort, feeds: Feeds, logits: readonly Float32Array[]): Outputs {
  const [warmth, chance, [k = 1]] = [numbersOf(feeds.temperature), numbersOf(feeds.uniform), numbersOf(feeds.top_k)];
  const count = logits.length;
  const top = logits.map((row) => topOf(row, k));
  const sums = logits.map((row) => logSumOf(row));
  const token = logits.map((row, i) => ((warmth[i] ?? 0) > 0 ? drawToken(row, warmth[i] ?? 1, chance[i] ?? 0) : (top[i]?.[0] ?? 0)));
  const logprob = (i: number, id: number): number => (logits[i]?.[id] ?? Number.NaN) - (sums[i] ?? 0);
  return {
    token: new ort.Tensor('int64', BigInt64Array.from(token, BigInt), [count]),
    logprob: new ort.Tensor(
      'float32',
      Float32Array.from(token, (id, i) => logprob(i, id)),
      [count],
    ),
    top: new ort.Tensor('int64', BigInt64Array.from(top.flat(), BigInt), [count, k]),
    top_logprob: new ort.Tensor('float32', Float32Array.from(top.flatMap((ids, i) => ids.map((id) => logprob(i, id)))), [count, k]),
  };
}

const value = (name: string, type: GraphValue['type'], ...shape: (number | string)[]): GraphValue => ({ name, type, shape });

function graphOf(signature: Signature, purpose: Purpose): Graph {
  const ids = [value('input_ids', 'int64', 'B', 'S'), value('pick', 'int64', 'N')];
  const lengths = [value('seqlens_k', 'int32', 'B'), value('total_sequence_length', 'int32')];
  const chances = [value('temperature', 'float32', 'N'), value('uniform', 'float32', 'N'), value('top_k', 'int64', 1)];
  const past = signature.caches.map(({ past: name, type, shape }) => ({ name, type, shape }));
  const present = signature.caches.map(({ present: name, type, shape }) => ({ name, type, shape }));
  const scoring = purpose === 'score';
  const perToken = signature.caches.reduce(
    (sum, { type, shape }) => sum + Number(shape[1]) * Number(shape[3]) * (type === 'float32' ? 4 : 2),
    0,
  );
  return {
    bytes: new Uint8Array(),
    folder: '',
    purpose,
    inputs: [...ids, ...lengths, ...past, ...(scoring ? [value('target', 'int64', 'N')] : chances)],
    outputs: scoring
      ? [value('logprob', 'float32', 'N'), value('argmax', 'int64', 'N'), ...present]
      : [
          value('token', 'int64', 'N'),
          value('logprob', 'float32', 'N'),
          value('top', 'int64', 'N', 'K'),
          value('top_logprob', 'float32', 'N', 'K'),
          ...present,
        ],
    caches: signature.caches,
    onDevice: [],
    biases: [],
    kvBytesPerToken: perToken,
    // Its mask hides whole keys for all: one row holds one sequence.
    packs: false,
    inexact: 'the ONNX export computes as it was made',
  };
}

const noHelpers = () => Promise.reject(new Error('an ONNX export has no graphs beside it'));

/** Opens the export once for both purposes. Full logits are made, as the export makes them; only numbers leave. */
export async function openReadyMade(
  found: ReadyMade,
  options: InferenceSession.SessionOptions,
): Promise<{ readonly session: (purpose: Purpose) => Session; readonly signature: Signature; readonly release: () => Promise<void> }> {
  const ort = await loadOrt();
  const started = performance.now();
  const session = await ort.InferenceSession.create(found.file, options);
  const loadMs = performance.now() - started;
  const signature = signatureOf(session, found);
  const opened: Opened = { ort, session, signature, half: halfTable() };
  const run =
    (purpose: Purpose) =>
    async (feeds: Feeds, fetches: InferenceSession.FetchesType): Promise<Outputs> => {
      const logits = await logitsOf(opened, feeds, fetches);
      if (logits.length === 0) return {};
      return purpose === 'score' ? scored(ort, feeds, logits) : generated(ort, feeds, logits);
    };
  return {
    signature,
    session: (purpose) => ({
      graph: graphOf(signature, purpose),
      ort,
      run: run(purpose),
      helper: noHelpers,
      release: async () => {},
      loadMs,
    }),
    release: () => session.release(),
  };
}
