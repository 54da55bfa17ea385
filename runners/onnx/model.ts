import { basename } from 'node:path';
import type { Identity, Json } from '../../src/types.ts';
import type { Adapter } from './adapter.ts';
import { defaultCacheLimit, freeBytes } from './cache.ts';
import type { Purpose } from './contract.ts';
import { conversionBytes, notFinite } from './convert.ts';
import type { Chosen } from './devices.ts';
import { architectureFacts, kvBytesPerToken } from './facts.ts';
import { type Forecast, forecastOf, freeMemory, gigabytes, refuseIfTooLarge } from './forecast.ts';
import { buildGraph, type Tensors } from './graph.ts';
import type { Opening } from './ipc.ts';
import { type Hooks, identityOf, limitsOf, type ModelLimits, openSpeech, physicalCores, type Speech } from './model-parts.ts';
import { kindOf, type OpenedModel, openModel } from './open-model.ts';
import { packedSizes } from './packed-file.ts';
import { readAdapter } from './read-adapter.ts';
import { openSession, type Session } from './session.ts';
import { type ModelSpec, specOf } from './spec.ts';
import { deviationLine, type Weighed, type WeightsMode, weighed, weightsModeOf } from './weights.ts';

/** A model opened in this process: graphs are opened when first asked for. */
export interface LocalModel {
  readonly name: string;
  readonly identity: Identity;
  readonly context: number;
  readonly speech: Speech;
  readonly device: Chosen;
  /** Opens a graph, or gives the one that is open. `spread`: a score graph that tells the spread, where `spreads`. */
  session(purpose: Purpose, options?: { readonly prepack?: boolean; readonly spread?: boolean }): Promise<Session>;
  readonly loaded: () => readonly { readonly graph: string; readonly ms: number; readonly prepacked: boolean }[];
  /** Names the weights that are not finite, if any are: reads them all. */
  readonly damage: () => string | null;
  readonly vocabulary: number;
  /** Sequences longer than this are rotated differently as a whole (longrope); Infinity: none. */
  readonly rotatesBeyond: number;
  /** Whether a score graph can tell mean and deviation over the vocabulary. */
  readonly spreads: boolean;
  /** Whether log-probabilities may be asked for: not in a fast mode that strays too far. */
  readonly scores: boolean;
  /** Architecture, sizes, and the deviation of a fast mode. */
  readonly facts: { readonly [key: string]: Json };
  readonly bytes: number;
  readonly forecast: Forecast;
  /** Whether there is memory for the weights several times over. */
  readonly roomy: boolean;
  readonly limits: ModelLimits;
  dispose(): Promise<void>;
}

interface Sized {
  readonly files: OpenedModel;
  readonly spec: ModelSpec;
  readonly limits: ModelLimits;
}

/** What weights take: mapped pages, those of them that are read once, memory of each open graph, and the size of all of them. */
function weightSizes({ files, spec }: Sized, mode: WeightsMode): { mapped: number; idle: number; held: number; all: number } {
  if (mode.compute === 'fast') {
    const { disk, ...sizes } = packedSizes(files, spec, { cacheDir: '', form: 'fast', bits: mode.bits });
    return { ...sizes, all: disk };
  }
  // Half floats that are read in place are widened when a graph is opened.
  const inPlace = mode.bits === null && conversionBytes(files) === 0;
  let [mapped, held] = [0, 0];
  for (const { shape, type } of files.tensors.values()) {
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    if (type !== 'F32' && inPlace) held += bytes;
    else mapped += bytes;
  }
  return { mapped, idle: 0, held, all: mapped + held };
}

/** Memory so plentiful beside the weights that a second copy of them matters little. */
const plenty = 6;

function forecastFor(sized: Sized, mode: WeightsMode): Forecast & { readonly roomy: boolean } {
  const { spec, limits } = sized;
  const { mapped, idle, held, all } = weightSizes(sized, mode);
  const roomy = freeMemory() > plenty * all;
  const forecast = forecastOf({
    mapped,
    idle,
    held,
    laidOut: roomy && mode.compute === 'exact' ? mapped : 0,
    graphs: held === 0 || roomy ? 2 : 1,
    vocabulary: spec.vocabulary,
    hidden: spec.hidden,
    ffn: Math.max(spec.ffn.width, (spec.experts?.chosen ?? 0) * (spec.experts?.width ?? 0) + (spec.experts?.shared ?? 0)),
    heads: spec.heads,
    kvBytesPerToken: kvBytesPerToken(spec),
    tokens: limits.tokens,
    seen: 2 * limits.tokens,
    rows: limits.rows,
    kept: Math.min(limits.rows * 256, limits.cacheBytes / Math.max(1, kvBytesPerToken(spec))),
  });
  return { ...forecast, roomy };
}

/** Why exact weights cannot be had beside fast ones; null when they can. */
function exactFits(sized: Sized, opening: Opening): string | null {
  const { needed } = forecastFor(sized, { compute: 'exact', bits: null });
  const [memory, disk, free] = [freeMemory(), freeBytes(opening.cacheDir), conversionBytes(sized.files)];
  if (needed > memory) return `exact compute needs ${gigabytes(needed)} of memory, ${gigabytes(memory)} are free`;
  return free > disk ? `exact weights need ${gigabytes(free)} on disk, ${gigabytes(disk)} are free` : null;
}

/** Opens a GGUF file, a folder with safetensors, or an ONNX folder. UserError for all that a user can repair. */
export async function openLocalModel(opening: Opening, device: Chosen, hooks: Hooks): Promise<LocalModel> {
  if (kindOf(opening.target).kind === 'onnx') return (await import('./model-ready.ts')).openReadyModel(opening, device);
  const files = openModel(opening.target);
  const spec = specOf(files);
  const sized = { files, spec, limits: limitsOf(opening, device) };
  const mode = weightsModeOf(opening.settings);
  const name = basename(opening.target).replace(/\.gguf$/i, '');
  const { roomy, ...forecast } = forecastFor(sized, mode);
  refuseIfTooLarge(name, forecast, freeMemory());
  const speech = await openSpeech(files, opening);
  const threads = Number(opening.settings.threads ?? 0) || physicalCores();
  const cacheLimit = opening.settings.cacheLimit === undefined ? defaultCacheLimit : Number(opening.settings.cacheLimit) * 1e9;
  const ready = { cacheDir: opening.cacheDir, cacheLimit, progress: hooks.progress, say: hooks.say };
  const adapter = adapterOf(opening, files, spec);
  const weights = await weighed(mode, {
    files,
    spec,
    adapter,
    tokenizer: speech.tokenizer,
    ready,
    session: { device, threads, prepack: false },
    exactFits: exactFits(sized, opening),
  });
  if (mode.compute === 'fast') hooks.say(deviationLine(weights));
  return {
    name,
    identity: await identityOf({
      files: files.files,
      opening,
      device,
      speech,
      mode: weights.name,
      dtype: 'float32',
      adapter: adapter?.hash ?? null,
    }),
    context: spec.context,
    vocabulary: spec.vocabulary,
    rotatesBeyond: Math.min(...spec.ropes.map((rope) => rope.long?.beyond ?? Number.POSITIVE_INFINITY)),
    speech,
    spreads: true,
    scores: weights.scores,
    facts: {
      ...architectureFacts(files, spec),
      // A variant's own weights; what it was made from takes other room.
      ...(mode.bits !== null && { fileBytes: weightSizes(sized, mode).all }),
      weights: weights.name,
      deviation: weights.deviation && { ...weights.deviation },
    },
    device,
    ...sessionsOf({ spec, weights, adapter, device, threads, roomy }),
    damage: () => {
      const found = notFinite(files.tensors);
      return found ? `tensor ${found.name} holds a number that is not finite (element ${found.index})` : null;
    },
    bytes: files.bytes,
    forecast,
    roomy,
    limits: sized.limits,
  };
}

/** The LoRA adapter that was named, read against the model. */
function adapterOf({ settings }: Opening, files: OpenedModel, spec: ModelSpec): Adapter | null {
  return settings.adapter === undefined ? null : readAdapter(String(settings.adapter), files, spec);
}

/** Whether a graph holds its weights itself, though none are laid out anew: half floats become float32. */
const widens = (tensors: Tensors): boolean => [...tensors.values()].some(({ type }) => type === 'F16' || type === 'BF16');

interface Sources {
  readonly spec: ModelSpec;
  readonly weights: Weighed;
  readonly adapter: Adapter | null;
  readonly device: Chosen;
  readonly threads: number;
  readonly roomy: boolean;
}

function sessionsOf({ spec, weights, adapter, device, threads, roomy }: Sources): Pick<LocalModel, 'session' | 'loaded' | 'dispose'> {
  const open = new Map<string, { session: Session; prepacked: boolean }>();
  const closeAll = async (): Promise<void> => {
    for (const { session } of open.values()) await session.release();
    open.clear();
  };
  return {
    async session(purpose, { prepack = false, spread = false } = {}) {
      const name = spread ? 'score with spread' : purpose;
      const held = open.get(name);
      if (held && (held.prepacked || !prepack)) return held.session;
      await held?.session.release();
      open.delete(name);
      const { tensors, twice } = weights;
      const own = { purpose, device: device.device.name, keep: !spread, spread, twice, ...(adapter && { adapter }) };
      const graph = buildGraph(spec, tensors, own);
      const prepacked = prepack || graph.inexact !== null;
      if (!roomy && (prepacked || widens(tensors))) await closeAll();
      const session = await openSession(graph, { device, threads, prepack: prepacked });
      open.set(name, { session, prepacked });
      return session;
    },
    loaded: () => [...open].map(([graph, { session, prepacked }]) => ({ graph, ms: session.loadMs, prepacked })),
    dispose: closeAll,
  };
}
