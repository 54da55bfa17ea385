/** The smallest thing that runs a built graph, for tests of the graph alone: no batching, no tokenizer, no child process. */
import * as ort from 'onnxruntime-node';
import type { Graph } from '../../runners/onnx/contract.ts';
import { buildGraph, type GraphOptions, type Tensors } from '../../runners/onnx/graph.ts';
import type { ModelSpec } from '../../runners/onnx/spec.ts';
import { biasOf } from './masks.ts';

export interface Segment {
  readonly ids: readonly number[];
  /** Indices of the segments above it, outermost first. */
  readonly on?: readonly number[];
}
type Feeds = Record<string, ort.Tensor>;
type Caches = Record<string, ort.Tensor>;

export const int64 = (values: readonly number[], shape: readonly number[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
export const int32 = (values: readonly number[], shape: readonly number[]): ort.Tensor =>
  new ort.Tensor('int32', Int32Array.from(values), shape);
export const float32 = (values: Float32Array | readonly number[], shape: readonly number[]): ort.Tensor =>
  new ort.Tensor('float32', Float32Array.from(values), shape);
const numbers = (tensor: ort.Tensor | undefined): number[] => Array.from(tensor?.data as ArrayLike<number | bigint>, Number);

export interface Open {
  readonly graph: Graph;
  readonly session: ort.InferenceSession;
}

export async function openGraph(spec: ModelSpec, tensors: Tensors, options: GraphOptions): Promise<Open> {
  const graph = buildGraph(spec, tensors, options);
  const session = await ort.InferenceSession.create(graph.bytes, {
    executionProviders: [options.device === 'webgpu' ? 'webgpu' : 'cpu'],
    logSeverityLevel: 3,
    ...(graph.onDevice.length > 0
      ? { preferredOutputLocation: Object.fromEntries(graph.onDevice.map((name) => [name, 'gpu-buffer' as const])) }
      : {}),
    extra: {
      session: { model_external_initializers_file_folder_path: graph.folder, disable_prepacking: graph.inexact === null ? '1' : '0' },
    },
  });
  return { graph, session };
}

export function newCaches(graph: Graph, rows: number, slots: number): Caches {
  const caches: Caches = {};
  for (const { past, shape } of graph.caches) {
    const size = shape.map((each) => (each === 'B' ? rows : each === 'C' ? slots : each));
    caches[past] = new ort.Tensor('float32', new Float32Array(size.reduce((a, b) => a * b, 1)), size);
  }
  return caches;
}

/** Where the new tokens of a row begin, and how many there are: rows of a first batch are padded on the right. */
function freshOf(feeds: Feeds, row: number): { start: number; count: number } {
  const [rows = 1, size = 0] = feeds.input_ids?.dims ?? [];
  const total = Number(feeds.seqlens_k?.data[row] ?? size - 1) + 1;
  return rows > 1 && size > 1 ? { start: 0, count: total } : { start: total - size, count: size };
}

/** Puts what a run returned into the caches: new tokens into their slots, or the whole where the graph returns that. */
function keep({ graph }: Open, feeds: Feeds, from: { caches: Caches; out: Readonly<Record<string, ort.Tensor>> }): void {
  for (const { past, present, shape } of graph.caches) {
    const [held, fresh] = [from.caches[past], from.out[present]];
    if (held === undefined || fresh === undefined) continue;
    if (graph.onDevice.includes(present) || !shape.includes('C')) {
      from.caches[past] = fresh;
      continue;
    }
    const [rows = 1, heads = 1, slots = 1, width = 1] = held.dims;
    const [, size = 1] = fresh.dims;
    for (let row = 0; row < rows; row += 1) {
      const { start, count } = freshOf(feeds, row);
      for (let token = 0; token < count; token += 1)
        for (let head = 0; head < heads; head += 1) {
          const at = ((row * size + token) * heads + head) * width;
          const slot = ((row * heads + head) * slots + start + token) * width;
          (held.data as Float32Array).set((fresh.data as Float32Array).subarray(at, at + width), slot);
        }
    }
  }
}

/** Runs once; what is new in the cache is kept in `caches`. */
export async function run(open: Open, feeds: Feeds, caches: Caches = {}): Promise<Record<string, number[]>> {
  const wanted: Record<string, null> = {};
  for (const { name } of open.graph.outputs) wanted[name] = null;
  const fed = Object.fromEntries(open.graph.inputs.map(({ name }) => [name, feeds[name] ?? caches[name]]).filter(([, tensor]) => tensor));
  const out = await open.session.run(fed as Feeds, wanted as ort.InferenceSession.FetchesType);
  keep(open, feeds, { caches, out });
  return Object.fromEntries(
    Object.entries(out)
      .filter(([name]) => !name.startsWith('present'))
      .map(([name, tensor]) => [name, numbers(tensor)]),
  );
}

export interface Packed {
  readonly ids: readonly number[];
  readonly positions: readonly number[];
  readonly nodes: readonly number[];
  readonly ends: readonly number[];
  readonly spans: readonly number[];
  /** Index of each segment's first token. */
  readonly starts: readonly number[];
}

/** Lays segments one after the other; a segment comes after those it is on, and its descendants directly after it. */
export function packed(segments: readonly Segment[]): Packed {
  const [ids, positions, nodes, ends, spans, starts]: number[][] = [[], [], [], [], [], []];
  segments.forEach((segment, index) => {
    const before = (segment.on ?? []).reduce((sum, each) => sum + (segments[each]?.ids.length ?? 0), 0);
    const below = segments.map((each, i) => ({ each, i })).filter(({ each }) => each.on?.includes(index));
    const end = Math.max(index, ...below.map(({ i }) => i)) + 1;
    const deepest = Math.max(before + segment.ids.length, ...below.map(({ each }) => each.ids.length + before + segment.ids.length));
    starts?.push(ids?.length ?? 0);
    segment.ids.forEach((id, i) => {
      ids?.push(id);
      positions?.push(before + i);
      nodes?.push(index);
      ends?.push(end);
      spans?.push(deepest);
    });
  });
  return { ids, positions, nodes, ends, spans, starts } as Packed;
}

export interface Wanted {
  readonly pick: readonly number[];
  readonly target: readonly number[];
}

/** Feeds for the tokens from `from` on of one packed row; those before it lie in the cache. */
export function scoreFeeds(open: Open, row: Packed, wanted: Wanted, from = 0): Feeds {
  const total = row.ids.length;
  const size = total - from;
  const tokens = { positions: Int32Array.from(row.positions), nodes: Int32Array.from(row.nodes), ends: Int32Array.from(row.ends) };
  const biases = open.graph.biases.map(({ name, window }) => [name, float32(biasOf(tokens, size, window), [1, 1, size, total])] as const);
  return {
    input_ids: int64(row.ids.slice(from), [1, size]),
    position_ids: int64(row.positions.slice(from), [1, size]),
    span: int64(row.spans.slice(from, total), [1, size]),
    key_positions: int64(row.positions, [1, total]),
    seqlens_k: int32([total - 1], [1]),
    total_sequence_length: int32([total], []),
    pick: int64(wanted.pick, [wanted.pick.length]),
    target: int64(wanted.target, [wanted.target.length]),
    ...Object.fromEntries(biases),
  };
}

/** Log-probability of every token but the first, and whether it was the likeliest. */
export async function trace(open: Open, ids: readonly number[]): Promise<{ logprob: number[]; argmax: number[] }> {
  const pick = ids.slice(1).map((_, i) => i);
  const caches = newCaches(open.graph, 1, ids.length);
  const out = await run(open, scoreFeeds(open, packed([{ ids }]), { pick, target: ids.slice(1) }), caches);
  return { logprob: out.logprob ?? [], argmax: out.argmax ?? [] };
}

/** Feeds of a generate graph: `rows` of new tokens, right padded, after `pasts` tokens in the cache. */
export function generateFeeds(
  rows: readonly (readonly number[])[],
  pasts: readonly number[],
  more: { span?: number; k?: number } = {},
): Feeds {
  const [count, size] = [rows.length, Math.max(...rows.map((row) => row.length))];
  const flat = (value: (row: number, i: number) => number): number[] =>
    rows.flatMap((_, row) => Array.from({ length: size }, (__, i) => value(row, i)));
  const lengths = rows.map((row, i) => row.length + (pasts[i] ?? 0));
  return {
    input_ids: int64(
      flat((row, i) => rows[row]?.[i] ?? 0),
      [count, size],
    ),
    position_ids: int64(
      flat((row, i) => (pasts[row] ?? 0) + i),
      [count, size],
    ),
    span: int64(
      flat(() => more.span ?? Math.max(...lengths)),
      [count, size],
    ),
    seqlens_k: int32(
      lengths.map((length) => length - 1),
      [count],
    ),
    total_sequence_length: int32([Math.max(...lengths)], []),
    pick: int64(
      rows.map((row, i) => i * size + row.length - 1),
      [count],
    ),
    temperature: float32(new Float32Array(count), [count]),
    uniform: float32(new Float32Array(count), [count]),
    top_k: int64([more.k ?? 1], [1]),
  };
}

/** Greedy continuation of several prompts at once, each in its own slot of one cache. */
export async function greedy(open: Open, prompts: readonly (readonly number[])[], count: number): Promise<number[][]> {
  const lengths = prompts.map((prompt) => prompt.length);
  const span = Math.max(...lengths) + count;
  const caches = newCaches(open.graph, prompts.length, span);
  let rows: readonly (readonly number[])[] = prompts;
  let pasts = prompts.map(() => 0);
  const made = prompts.map((): number[] => []);
  for (let step = 0; step < count; step += 1) {
    const out = await run(open, generateFeeds(rows, pasts, { span }), caches);
    const tokens = out.token ?? [];
    pasts = pasts.map((past, i) => past + (rows[i]?.length ?? 0));
    rows = tokens.map((token) => [token]);
    tokens.forEach((token, i) => {
      made[i]?.push(token);
    });
  }
  return made;
}
