import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { UserError } from '../../src/types.ts';
import type { Graph } from './contract.ts';
import type { NamedDevice } from './devices.ts';
import { loadOrt, type Ort } from './ort.ts';

export type Feeds = Record<string, Tensor>;
export type Outputs = Readonly<Record<string, Tensor>>;

/** A graph opened on a device, with what is needed to feed it. */
export interface Session {
  readonly graph: Graph;
  readonly ort: Ort;
  /** Runs once; `fetches`: the names of the outputs that are wanted. */
  readonly run: (feeds: Feeds, fetches: InferenceSession.FetchesType) => Promise<Outputs>;
  /** A small graph beside this one on the same device, opened when first asked for and released with it. */
  readonly helper: (name: string, graph: () => Graph) => Promise<Pick<Session, 'run'>>;
  readonly release: () => Promise<void>;
  /** Milliseconds it took to open. */
  readonly loadMs: number;
}

export interface SessionOptions {
  readonly device: NamedDevice;
  readonly threads: number;
  /** Matrices are laid out anew for the processor: faster runs of few rows, slower loading, one more copy in memory. Else weights stay mapped pages of their file. */
  readonly prepack: boolean;
}

/** Opens a graph. Loads onnxruntime on first use. */
export async function openSession(graph: Graph, options: SessionOptions): Promise<Session> {
  const ort = await loadOrt();
  const started = performance.now();
  const session = await ort.InferenceSession.create(graph.bytes, settingsOf(graph, options)).catch((error: unknown) => {
    if (!outOfMemory(error)) throw error;
    throw new UserError(
      `there is not enough memory for the model on ${options.device.device.name} (${String((error as Error).message).slice(0, 200)})`,
      '`--weights fast` takes less; so does `--device cpu` where a GPU is too small; `plumbline doctor` shows what is there',
      3,
    );
  });
  const helpers = new Map<string, Promise<Session>>();
  return {
    graph,
    ort,
    run: graph.onDevice.length > 0 ? runAll(session) : (feeds, fetches) => session.run(feeds, fetches) as Promise<Outputs>,
    helper: (name, make) => {
      const open = helpers.get(name) ?? openSession(make(), options);
      helpers.set(name, open);
      return open;
    },
    async release() {
      for (const helper of helpers.values()) await (await helper).release();
      await session.release();
    },
    loadMs: performance.now() - started,
  };
}

/** Where outputs stay on a device, onnxruntime-node (1.30) wants all of them fetched (“Output count mismatch”): those not asked for are let go. */
function runAll(session: InferenceSession): Session['run'] {
  return async (feeds, fetches) => {
    const all = (await session.run(feeds)) as Record<string, Tensor>;
    const unwanted = Object.entries(all).filter(([name]) => !(name in fetches));
    for (const [, tensor] of unwanted) if (tensor.location === 'gpu-buffer') tensor.dispose();
    return Object.fromEntries(Object.entries(all).filter(([name]) => name in fetches));
  };
}

function settingsOf(graph: Graph, { device, threads, prepack }: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [device.device.provider(device.index) as InferenceSession.ExecutionProviderConfig],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    ...(graph.onDevice.length > 0
      ? { preferredOutputLocation: Object.fromEntries(graph.onDevice.map((name) => [name, 'gpu-buffer' as const])) }
      : {}),
    extra: {
      session: {
        model_external_initializers_file_folder_path: graph.folder,
        disable_prepacking: prepack ? '0' : '1',
      },
    },
  };
}

/** Whether an exception of onnxruntime says that memory ran out. */
export function outOfMemory(error: unknown): boolean {
  return /failed to allocate memory|bad_alloc|bad allocation|out of memory|Array buffer allocation failed|Invalid typed array length|OOM|BFCArena|device lost/i.test(
    error instanceof Error ? error.message : String(error),
  );
}

/** An int64 tensor of these numbers. */
export function int64(ort: Ort, values: ArrayLike<number>, dims: readonly number[]): Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i] ?? 0);
  return new ort.Tensor('int64', data, dims);
}
