/** Builds the decoder's ONNX graph from what the model is and where its weights lie. */
import { dirname } from 'node:path';
import { type Adapter, adaptedWeights } from './adapter.ts';
import type { CacheValue, Graph, GraphValue, PackedTensor, Purpose, ReadyTensor } from './contract.ts';
import { type Draft, draftOf } from './draft.ts';
import { cacheWidth, kvBytesPerToken } from './facts.ts';
import { attention } from './graph-attention.ts';
import type { Context } from './graph-context.ts';
import { convolution, runOf } from './graph-convolution.ts';
import { feedForward } from './graph-ffn.ts';
import { generateHead, scoreHead } from './graph-head.ts';
import { biasesOf, cachesOf, embedded, masksOf, rotationsOf } from './graph-inputs.ts';
import { norm } from './graph-norm.ts';
import { type Accuracy, packedWeights } from './graph-packed.ts';
import { noPlaces, placesOf } from './graph-plain-attention.ts';
import { exactWeights, type Weights } from './graph-weights.ts';
import { modelBytes, type Value } from './proto.ts';
import type { ModelSpec } from './spec.ts';

export interface GraphOptions {
  readonly purpose: Purpose;
  readonly device: string;
  /** A score graph with a cache, for prefixes shared by many runs. A generate graph always has one. */
  readonly keep?: boolean;
  /** A score graph that also tells mean and deviation of the log-probability over the vocabulary. */
  readonly spread?: boolean;
  /** How packed matrices are multiplied; default 4 (activations rounded to 8 bits) for all. */
  readonly accuracy?: (canonical: string) => Accuracy;
  /** Packed matrices multiplied in two passes; default none. */
  readonly twice?: (canonical: string) => boolean;
  /** Low-rank additions (readAdapter). */
  readonly adapter?: Adapter;
}

/** Weights by their names in the file: all float (readyTensors), or with packed matrices (packedTensors). */
export type Tensors = ReadonlyMap<string, ReadyTensor | PackedTensor>;

function weightsOf(
  draft: Draft,
  spec: ModelSpec,
  from: { tensors: Tensors; options: GraphOptions },
): { weights: Weights; inexact: string | null } {
  const floats = new Map<string, ReadyTensor>();
  const packed = new Map<string, PackedTensor>();
  for (const [name, tensor] of from.tensors) {
    if (tensor.type === 'packed') packed.set(name, tensor);
    else floats.set(name, tensor);
  }
  const source = { draft, spec, tensors: floats, plain: from.options.device !== 'cpu' };
  if (packed.size === 0) return { weights: exactWeights(source), inexact: null };
  const { accuracy = (): Accuracy => 4, twice = () => false } = from.options;
  return { weights: packedWeights(source, packed, { accuracy, twice }), inexact: `${packed.size} matrices in blocks of 4 or 8 bits` };
}

function residual(context: Context, x: string, branch: string): string {
  const { draft, spec } = context;
  const scaled = spec.residualScale === 1 ? branch : draft.op('Mul', [branch, draft.floats([spec.residualScale], [])]);
  return draft.op('Add', [x, scaled]);
}

function layerOf(context: Context, x: string, i: number): string {
  const { spec, weights } = context;
  const before = norm(context, x, `layers.${i}.attnNorm`);
  const mixed = spec.layers[i]?.convolution == null ? attention(context, before, i) : convolution(context, before, i);
  const seen = norm(context, mixed, `layers.${i}.postAttnNorm`);
  if (spec.parallel) {
    const own = weights.has(`layers.${i}.ffnNorm.weight`);
    const fed = feedForward(context, own ? norm(context, x, `layers.${i}.ffnNorm`) : before, i);
    return residual(context, residual(context, x, seen), fed);
  }
  const middle = residual(context, x, seen);
  const fed = feedForward(context, norm(context, middle, `layers.${i}.ffnNorm`), i);
  return residual(context, middle, norm(context, fed, `layers.${i}.postFfnNorm`));
}

function contextOf(
  draft: Draft,
  spec: ModelSpec,
  from: { options: GraphOptions; tensors: Tensors },
): { context: Context; x: string; inexact: string | null } {
  const { options, tensors } = from;
  const cached = options.purpose === 'generate' || (options.keep ?? false);
  const plain = options.device !== 'cpu';
  const whole = staysOnDevice(options.device);
  const { weights: own, inexact } = weightsOf(draft, spec, { tensors, options });
  const weights = options.adapter === undefined ? own : adaptedWeights(draft, own, options.adapter);
  const ids = draft.input({ name: 'input_ids', type: 'int64', shape: ['B', 'S'] });
  const needsPositions = spec.positions === 'rope' || spec.positions === 'learned';
  const positions = needsPositions ? draft.input({ name: 'position_ids', type: 'int64', shape: ['B', 'S'] }) : '';
  const turns = spec.positions === 'rope' ? rotationsOf({ draft, spec, plain }, positions) : { rotations: [], rows: '' };
  const masks = masksOf({ draft, spec }, ids, { purpose: options.purpose, cached });
  const places = plain ? placesOf(draft, { ids, ...masks, purpose: options.purpose, cached }) : noPlaces;
  const width = cacheWidth(spec);
  const caches = cached ? cachesOf(spec, width) : [];
  for (const cache of caches) draft.input({ name: cache.past, type: cache.type, shape: cache.shape });
  const keep = (layer: number, outputs: readonly string[]): void => {
    const own = caches.filter((cache) => cache.past.startsWith(`past.${layer}.`));
    for (const [part, cache] of own.entries())
      draft.output(outputs[part + 1] ?? '', { name: cache.present, type: cache.type, shape: whole ? cache.shape : freshShape(cache) });
  };
  const context: Context = {
    draft,
    spec,
    weights,
    width,
    cached,
    whole,
    plain,
    ...turns,
    masks,
    places,
    now: runOf(draft, spec, { ids, cached, seqlens: masks.seqlens }),
    keep,
  };
  return { context, x: embedded({ draft, spec, weights }, ids, positions), inexact };
}

/** Only WebGPU's tensors can be handed from run to run in onnxruntime-node (1.30): its binding names that provider's memory and no other's. */
const staysOnDevice = (device: string): boolean => device === 'webgpu';

/** What a run adds to a cache by tokens [B,S,heads·width]; a state of fixed size is returned whole. */
function freshShape({ shape }: CacheValue): readonly (number | string)[] {
  const [, heads = 1, slots, width = 1] = shape;
  return slots === 'C' ? ['B', 'S', Number(heads) * Number(width)] : shape;
}

const graphValue = (value: Value): GraphValue => ({ name: value.name, type: value.type as GraphValue['type'], shape: value.shape });

/** The graph's bytes and what they want to be fed; contract.ts documents inputs and outputs. `tensors`: by the names in the file. */
export function buildGraph(spec: ModelSpec, tensors: Tensors, options: GraphOptions): Graph {
  const draft = draftOf('plumbline');
  const { context, x, inexact } = contextOf(draft, spec, { options, tensors });
  let state = x;
  for (let i = 0; i < spec.layers.length; i += 1) state = layerOf(context, state, i);
  if (options.purpose === 'score') scoreHead(context, state, options.spread);
  else generateHead(context, state);
  const parts = draft.parts();
  const caches = context.cached ? cachesOf(spec, context.width) : [];
  const first = tensors.values().next().value;
  return {
    bytes: modelBytes({ ...parts, irVersion: 10, opsets: { '': 23, 'com.microsoft': 1 } }),
    folder: first === undefined ? '.' : dirname(first.file),
    purpose: options.purpose,
    inputs: parts.inputs.map(graphValue),
    outputs: parts.outputs.map(graphValue),
    caches,
    onDevice: staysOnDevice(options.device) ? caches.map((cache) => cache.present) : [],
    biases: options.purpose === 'score' ? biasesOf(spec) : [],
    kvBytesPerToken: kvBytesPerToken(spec),
    packs: spec.layers.every((layer) => layer.convolution === null),
    inexact,
  };
}
