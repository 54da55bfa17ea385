import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { CacheValue, Graph } from './contract.ts';
import type { NamedDevice } from './devices.ts';

type Ort = typeof import('onnxruntime-node');
export type Feeds = Record<string, Tensor>;

/** A graph opened on a device, with what is needed to feed it. */
export interface Session {
  readonly graph: Graph;
  readonly ort: Ort;
  /** Runs once; `fetches`: output names, or tensors to write into. */
  readonly run: (feeds: Feeds, fetches: InferenceSession.FetchesType) => Promise<Readonly<Record<string, Tensor>>>;
  readonly release: () => Promise<void>;
  /** Milliseconds it took to open. */
  readonly loadMs: number;
}

export interface SessionOptions {
  readonly device: NamedDevice;
  readonly threads: number;
  /** Matrices are laid out anew for the processor: faster runs, slower loading, one more copy in memory. Else weights stay mapped pages of their file. */
  readonly prepack: boolean;
}

/** Opens a graph. Loads onnxruntime on first use. */
export async function openSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const ort = await import('onnxruntime-node');
  const { default: module } = ort as unknown as { default?: Ort };
  const used = module ?? ort;
  const started = performance.now();
  const session = await used.InferenceSession.create(graph.bytes, {
    executionProviders: [options.device.device.provider(options.device.index) as InferenceSession.ExecutionProviderConfig],
    intraOpNumThreads: options.threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: graph.folder,
        disable_prepacking: options.prepack ? '0' : '1',
      },
    },
  });
  return {
    graph,
    ort: used,
    run: (feeds, fetches) => session.run(feeds, fetches) as Promise<Record<string, Tensor>>,
    release: () => session.release(),
    loadMs: performance.now() - started,
  };
}

/** Whether an exception of onnxruntime says that memory ran out. */
export function outOfMemory(error: unknown): boolean {
  return /failed to allocate memory|bad_alloc|bad allocation|out of memory|Array buffer allocation failed|Invalid typed array length|OOM|BFCArena|device lost/i.test(
    error instanceof Error ? error.message : String(error),
  );
}

/** Buffers of a cache: rows × slots, written in place by every run. */
export interface Kv {
  readonly rows: number;
  readonly slots: number;
  readonly values: readonly KvValue[];
}
interface KvValue {
  readonly value: CacheValue;
  readonly data: Float32Array | Uint16Array;
  /** Elements of one row. */
  readonly rowSize: number;
}

function rowSizeOf(value: CacheValue, slots: number): number {
  return value.shape.reduce<number>((n, d) => n * (d === 'B' ? 1 : d === 'C' ? slots : d), 1);
}

/** A zeroed cache. */
export function openKv(graph: Graph, rows: number, slots: number): Kv {
  const values = graph.caches.map((value) => {
    const rowSize = rowSizeOf(value, slots);
    return { value, rowSize, data: value.type === 'float32' ? new Float32Array(rows * rowSize) : new Uint16Array(rows * rowSize) };
  });
  return { rows, slots, values };
}

/** The feeds and fetches that run neighbouring rows `from`..`from + count` in place. */
export function kvTensors(ort: Ort, kv: Kv, from: number, count: number): { past: Feeds; present: Feeds } {
  const past: Feeds = {};
  const present: Feeds = {};
  for (const { value, data, rowSize } of kv.values) {
    const dims = value.shape.map((d) => (d === 'B' ? count : d === 'C' ? kv.slots : d));
    const part = data.subarray(from * rowSize, (from + count) * rowSize);
    const tensor =
      value.type === 'float32'
        ? new ort.Tensor('float32', part as Float32Array, dims)
        : new ort.Tensor('float16', part as Uint16Array, dims);
    past[value.past] = tensor;
    present[value.present] = tensor;
  }
  return { past, present };
}

/** Copies the first `used` slots of one row to a row of another (or the same) cache. */
export function copyRow(from: Kv, row: number, to: Kv, toRow: number, used: number): void {
  from.values.forEach(({ value, data, rowSize }, i) => {
    const target = to.values[i];
    if (!target) return;
    const at = value.shape.indexOf('C');
    if (at < 0) {
      target.data.set(data.subarray(row * rowSize, (row + 1) * rowSize), toRow * target.rowSize);
      return;
    }
    const inner = value.shape.slice(at + 1).reduce<number>((n, d) => n * Number(d), 1);
    const outer = value.shape.slice(1, at).reduce<number>((n, d) => n * Number(d), 1);
    for (let o = 0; o < outer; o++) {
      const start = row * rowSize + o * from.slots * inner;
      target.data.set(data.subarray(start, start + used * inner), toRow * target.rowSize + o * to.slots * inner);
    }
  });
}

/** An int64 tensor of these numbers. */
export function int64(ort: Ort, values: ArrayLike<number>, dims: readonly number[]): Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i] ?? 0);
  return new ort.Tensor('int64', data, dims);
}
