import { createRequire } from 'node:module';
import { cpus, platform } from 'node:os';
import { basename } from 'node:path';
import { type Identity, type Json, type Message, UserError } from '../../src/types.ts';
import { weightsHash } from './cache.ts';
import type { Graph, Purpose, ReadyTensor } from './contract.ts';
import { notFinite, readyTensors } from './convert.ts';
import type { Chosen } from './devices.ts';
import { forecastOf, freeMemory, refuseIfTooLarge } from './forecast.ts';
import { buildGraph } from './graph.ts';
import type { Opening } from './ipc.ts';
import { type OpenedModel, openModel } from './open-model.ts';
import { chatWith, type Rendered } from './prompts.ts';
import { openSession, type Session } from './session.ts';
import { type ModelSpec, specOf } from './spec.ts';
import { openTemplate } from './template.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

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
  session(purpose: Purpose, options?: { readonly prepack?: boolean }): Promise<Session>;
  readonly loaded: () => readonly { readonly purpose: Purpose; readonly ms: number; readonly prepacked: boolean }[];
  /** Names the weights that are not finite, if any are: reads them all. */
  readonly damage: () => string | null;
  readonly spec: ModelSpec;
  readonly bytes: number;
  readonly forecast: { readonly total: number; readonly weights: number };
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
    tokens: Math.max(16, Math.floor(384 / opening.shrink)),
    rows: Math.max(1, fixed ?? Math.floor(16 / opening.shrink)),
    cacheBytes: Math.max(64e6, 1.5e9 / opening.shrink),
    requests: fixed ?? Number.POSITIVE_INFINITY,
  };
}

function versionOfOrt(): string {
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
}

/** The weights file's bytes as float32: what the graph reads. */
function floatBytes(files: OpenedModel): number {
  return [...files.tensors.values()].reduce((sum, tensor) => sum + 4 * tensor.shape.reduce((a, b) => a * b, 1), 0);
}

function checkMemory(opening: Opening, files: OpenedModel, spec: ModelSpec, limits: ModelLimits) {
  const kvBytesPerToken = spec.layers.length * 2 * spec.kvHeads * spec.headDim * 4;
  const forecast = forecastOf({
    weightBytes: floatBytes(files),
    hidden: spec.hidden,
    ffn: spec.ffn.width,
    heads: spec.heads,
    kvBytesPerToken,
    tokens: limits.tokens,
    seen: 2 * limits.tokens,
    kept: limits.rows * 256,
    prepack: false,
  });
  if (opening.settings.force !== true) refuseIfTooLarge(basename(opening.target), forecast, freeMemory());
  return forecast;
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
  const limits = limitsOf(opening);
  const forecast = checkMemory(opening, files, spec, limits);
  const tensors = await readyTensors(files, { cacheDir: opening.cacheDir, progress: hooks.progress, say: hooks.say });
  const { tokenizer, why } = await tokenizerOf(files, opening.cacheDir);
  const weights = await weightsHash(files.files, opening.cacheDir, (done, total) => hooks.progress('reading the weights', done, total));
  const variables = variablesOf(opening);
  const template = tokenizer ? openTemplate(files, tokenizer, { variables }) : null;
  const sessions = sessionsOf({ spec, tensors, device, opening });
  const identity: Record<string, Json> = {
    runner: 'onnx',
    weights,
    tokenizer: tokenizer?.hash ?? null,
    template: template?.hash ?? null,
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    system: opening.system ?? null,
    mode: 'exact',
    adapter: null,
    dtype: 'float32',
    device: device.device.name,
    onnxruntime: versionOfOrt(),
    engine: engineVersion,
  };
  return {
    name: basename(opening.target).replace(/\.gguf$/i, ''),
    identity,
    context: spec.context,
    tokenizer,
    noTokenizer: why,
    chat: template ? chatWith(template) : null,
    reasons: template !== null && /<\/?think(?:ing)?>/.test(template.source),
    device,
    ...sessions,
    damage: () => {
      const found = notFinite(files.tensors);
      return found ? `tensor ${found.name} holds a number that is not finite (element ${found.index})` : null;
    },
    spec,
    bytes: files.bytes,
    forecast,
    limits,
  };
}

/** Variables for the chat template: `thinking` switches a reasoning model's thinking on or off. */
function variablesOf({ settings }: Opening): Readonly<Record<string, boolean>> {
  return typeof settings.thinking === 'boolean' ? { enable_thinking: settings.thinking } : {};
}

interface Sources {
  readonly spec: ModelSpec;
  readonly tensors: ReadonlyMap<string, ReadyTensor>;
  readonly device: Chosen;
  readonly opening: Opening;
}

function sessionsOf({ spec, tensors, device, opening }: Sources): Pick<LocalModel, 'session' | 'loaded' | 'dispose'> {
  const open = new Map<Purpose, { session: Session; prepacked: boolean }>();
  const threads = Number(opening.settings.threads ?? 0) || physicalCores();
  return {
    async session(purpose, { prepack = false } = {}) {
      const held = open.get(purpose);
      if (held && (held.prepacked || !prepack)) return held.session;
      await held?.session.release();
      const graph: Graph = buildGraph(spec, tensors, { purpose, device: device.device.name, keep: true });
      const session = await openSession(graph, { device, threads, prepack });
      open.set(purpose, { session, prepacked: prepack });
      return session;
    },
    loaded: () => [...open].map(([purpose, { session, prepacked }]) => ({ purpose, ms: session.loadMs, prepacked })),
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
