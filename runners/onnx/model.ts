import { createRequire } from 'node:module';
import { cpus, platform } from 'node:os';
import { basename } from 'node:path';
import { type Identity, type Json, type Message, UserError } from '../../src/types.ts';
import { freeBytes, weightsHash } from './cache.ts';
import type { Purpose } from './contract.ts';
import { conversionBytes, notFinite } from './convert.ts';
import type { Chosen } from './devices.ts';
import { architectureFacts, kvBytesPerToken } from './facts.ts';
import { type Forecast, forecastOf, freeMemory, gigabytes, refuseIfTooLarge } from './forecast.ts';
import { buildGraph, type Tensors } from './graph.ts';
import type { Opening } from './ipc.ts';
import { type OpenedModel, openModel } from './open-model.ts';
import { packedBytes } from './packed-file.ts';
import { chatWith, type Rendered } from './prompts.ts';
import { openSession, type Session } from './session.ts';
import { type ModelSpec, specOf } from './spec.ts';
import { openTemplate } from './template.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';
import { deviationLine, type Weighed, type WeightsMode, weighed, weightsModeOf } from './weights.ts';

/** Raised whenever numbers could change with the same files, device and onnxruntime. */
export const engineVersion = 1;

/** A model opened in this process: graphs are opened when first asked for. */
export interface LocalModel {
  readonly name: string;
  readonly identity: Identity;
  readonly context: number;
  /** null: a folder without one; only token ids are answered. */
  readonly tokenizer: Tokenizer | null;
  readonly noTokenizer: string;
  /** null: a base model. */
  readonly chat: ((messages: readonly Message[]) => Rendered) | null;
  readonly reasons: boolean;
  readonly device: Chosen;
  /** Opens a graph, or gives the one that is open. `keep`: a score graph with a cache. */
  session(purpose: Purpose, options?: { readonly prepack?: boolean; readonly keep?: boolean }): Promise<Session>;
  readonly loaded: () => readonly { readonly graph: string; readonly ms: number; readonly prepacked: boolean }[];
  /** Names the weights that are not finite, if any are: reads them all. */
  readonly damage: () => string | null;
  readonly vocabulary: number;
  /** Sequences longer than this are rotated differently as a whole (longrope); Infinity: none. */
  readonly rotatesBeyond: number;
  readonly protocol: 'base' | 'instruct' | 'reasoning';
  /** Whether log-probabilities may be asked for: not in a fast mode that strays too far. */
  readonly scores: boolean;
  /** Architecture, sizes, and the deviation of a fast mode. */
  readonly facts: { readonly [key: string]: Json };
  readonly bytes: number;
  readonly forecast: Forecast;
  readonly limits: ModelLimits;
  dispose(): Promise<void>;
}

/** How much goes into a run. */
export interface ModelLimits {
  readonly tokens: number;
  readonly rows: number;
  readonly cacheBytes: number;
  readonly requests: number;
}

export interface Hooks {
  readonly say: (message: string) => void;
  readonly progress: (what: string, done: number, total: number) => void;
}

function limitsOf(opening: Opening): ModelLimits {
  const fixed = opening.batchSize === 'auto' ? null : Math.max(1, opening.batchSize);
  return {
    // On a processor longer runs gain nothing: the products are as fast with 200 rows as with 2000, and attention grows with the square.
    tokens: Math.max(16, Math.floor(256 / opening.shrink)),
    rows: Math.max(1, fixed ?? Math.floor(16 / opening.shrink)),
    cacheBytes: Math.max(64e6, 1.5e9 / opening.shrink),
    requests: fixed ?? Number.POSITIVE_INFINITY,
  };
}

function versionOfOrt(): string {
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
}

/** The weights as float32, in bytes: what an exact graph reads. */
function floatBytes(files: OpenedModel): number {
  return [...files.tensors.values()].reduce((sum, tensor) => sum + 4 * tensor.shape.reduce((a, b) => a * b, 1), 0);
}

interface Sized {
  readonly files: OpenedModel;
  readonly spec: ModelSpec;
  readonly limits: ModelLimits;
}

function forecastFor({ files, spec, limits }: Sized, mode: WeightsMode): Forecast {
  const packing = { cacheDir: '', form: 'fast', bits: mode.bits } as const;
  return forecastOf({
    weightBytes: mode.compute === 'fast' ? packedBytes(files, spec, packing) : floatBytes(files),
    hidden: spec.hidden,
    ffn: spec.ffn.width,
    heads: spec.heads,
    kvBytesPerToken: kvBytesPerToken(spec),
    tokens: limits.tokens,
    seen: 2 * limits.tokens,
    kept: limits.rows * 256,
    prepack: mode.compute === 'fast',
  });
}

/** Why exact weights cannot be had beside fast ones; null when they can. */
function exactFits(sized: Sized, opening: Opening): string | null {
  const { total } = forecastFor(sized, { compute: 'exact', bits: null });
  const [memory, disk, free] = [freeMemory(), freeBytes(opening.cacheDir), conversionBytes(sized.files)];
  if (total > memory) return `exact compute needs ${gigabytes(total)} of memory, ${gigabytes(memory)} are free`;
  return free > disk ? `exact weights need ${gigabytes(free)} on disk, ${gigabytes(disk)} are free` : null;
}

async function tokenizerOf(files: OpenedModel, cacheDir: string): Promise<{ tokenizer: Tokenizer | null; why: string }> {
  try {
    return { tokenizer: await openTokenizer(files, cacheDir), why: '' };
  } catch (error) {
    if (!(error instanceof UserError) || files.format === 'gguf') throw error;
    return { tokenizer: null, why: `${error.message}${error.hint ? ` (${error.hint})` : ''}` };
  }
}

/** Opens a GGUF file or a folder with safetensors. UserError for all that a user can repair. */
export async function openLocalModel(opening: Opening, device: Chosen, hooks: Hooks): Promise<LocalModel> {
  const files = openModel(opening.target);
  const spec = specOf(files);
  const sized = { files, spec, limits: limitsOf(opening) };
  const mode = weightsModeOf(opening.settings);
  const name = basename(opening.target).replace(/\.gguf$/i, '');
  const forecast = forecastFor(sized, mode);
  refuseIfTooLarge(name, forecast, freeMemory());
  const { tokenizer, why } = await tokenizerOf(files, opening.cacheDir);
  const threads = Number(opening.settings.threads ?? 0) || physicalCores();
  const ready = { cacheDir: opening.cacheDir, progress: hooks.progress, say: hooks.say };
  const weights = await weighed(mode, {
    files,
    spec,
    tokenizer,
    ready,
    session: { device, threads, prepack: false },
    exactFits: exactFits(sized, opening),
  });
  if (mode.compute === 'fast') hooks.say(deviationLine(weights));
  const variables = variablesOf(opening);
  const template = tokenizer ? openTemplate(files, tokenizer, { variables }) : null;
  const reasons = template !== null && /<\/?think(?:ing)?>/.test(template.source);
  return {
    name,
    identity: await identityOf({ files, opening, device, weights, tokenizer, template: template?.hash ?? null, variables }),
    context: spec.context,
    vocabulary: spec.vocabulary,
    rotatesBeyond: Math.min(...spec.ropes.map((rope) => rope.long?.beyond ?? Number.POSITIVE_INFINITY)),
    tokenizer,
    noTokenizer: why,
    chat: template ? chatWith(template) : null,
    reasons,
    protocol: protocolOf(opening, template !== null, reasons),
    scores: weights.scores,
    facts: { ...architectureFacts(files, spec), weights: weights.name, deviation: weights.deviation && { ...weights.deviation } },
    device,
    ...sessionsOf({ spec, tensors: weights.tensors, device, threads }),
    damage: () => {
      const found = notFinite(files.tensors);
      return found ? `tensor ${found.name} holds a number that is not finite (element ${found.index})` : null;
    },
    bytes: files.bytes,
    forecast,
    limits: sized.limits,
  };
}

function protocolOf({ settings }: Opening, chats: boolean, reasons: boolean): LocalModel['protocol'] {
  const { protocol } = settings;
  if (protocol === 'base' || protocol === 'instruct' || protocol === 'reasoning') return protocol;
  return chats ? (reasons ? 'reasoning' : 'instruct') : 'base';
}

interface Identified {
  readonly files: OpenedModel;
  readonly opening: Opening;
  readonly device: Chosen;
  readonly weights: Weighed;
  readonly tokenizer: Tokenizer | null;
  readonly template: string | null;
  readonly variables: Readonly<Record<string, boolean>>;
}

/** All that can change an answer. The batch size cannot. */
async function identityOf({ files, opening, device, weights, tokenizer, template, variables }: Identified): Promise<Identity> {
  return {
    runner: 'onnx',
    weights: await weightsHash(files.files, opening.cacheDir),
    tokenizer: tokenizer?.hash ?? null,
    template,
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(opening.settings.protocol === undefined ? {} : { protocol: opening.settings.protocol }),
    system: opening.system ?? null,
    mode: weights.name,
    adapter: null,
    dtype: 'float32',
    device: device.device.name,
    onnxruntime: versionOfOrt(),
    engine: engineVersion,
  };
}

/** Variables for the chat template: `thinking` switches a reasoning model's thinking on or off. */
function variablesOf({ settings }: Opening): Readonly<Record<string, boolean>> {
  return typeof settings.thinking === 'boolean' ? { enable_thinking: settings.thinking } : {};
}

interface Sources {
  readonly spec: ModelSpec;
  readonly tensors: Tensors;
  readonly device: Chosen;
  readonly threads: number;
}

function sessionsOf({ spec, tensors, device, threads }: Sources): Pick<LocalModel, 'session' | 'loaded' | 'dispose'> {
  const open = new Map<string, { session: Session; prepacked: boolean }>();
  return {
    async session(purpose, { prepack = false, keep = false } = {}) {
      const name = purpose === 'score' && keep ? 'score with cache' : purpose;
      const held = open.get(name);
      if (held && (held.prepacked || !prepack)) return held.session;
      await held?.session.release();
      const graph = buildGraph(spec, tensors, { purpose, device: device.device.name, keep });
      const prepacked = prepack || graph.inexact !== null;
      const session = await openSession(graph, { device, threads, prepack: prepacked });
      open.set(name, { session, prepacked });
      return session;
    },
    loaded: () => [...open].map(([graph, { session, prepacked }]) => ({ graph, ms: session.loadMs, prepacked })),
    async dispose() {
      for (const { session } of open.values()) await session.release();
      open.clear();
    },
  };
}

/** Cores that compute: half the threads where each core shows two (x86 with many), all of them elsewhere. */
function physicalCores(): number {
  const threads = cpus().length;
  return threads >= 8 && platform() !== 'darwin' ? threads / 2 : threads;
}
