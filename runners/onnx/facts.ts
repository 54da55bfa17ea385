/** A model's architecture as surveys of small language models tabulate it. */
import type { Json } from '../../src/types.ts';
import type { ModelFiles, StoredTensor } from './contract.ts';
import type { ModelSpec } from './spec.ts';

const elements = (tensor: StoredTensor | undefined): number => tensor?.shape.reduce((a, b) => a * b, 1) ?? 0;

export interface Parameters {
  /** A tied embedding is counted once. */
  readonly all: number;
  /** Without token and position embeddings, and without a head of its own. */
  readonly withoutEmbeddings: number;
}

export function parametersOf(files: ModelFiles, spec: ModelSpec): Parameters {
  let [all, tables] = [0, 0];
  for (const [canonical, name] of Object.entries(spec.tensors)) {
    const count = elements(files.tensors.get(name));
    const unused = spec.tied && canonical.startsWith('head.');
    if (unused) continue;
    all += count;
    if (/^(embed|positions|head)\.weight$/.test(canonical)) tables += count;
  }
  return { all, withoutEmbeddings: all - tables };
}

/** Parameters that one token is computed with; null where that is all of them. */
function activeParameters(files: ModelFiles, spec: ModelSpec): number | null {
  if (spec.experts === null) return null;
  const { count, chosen } = spec.experts;
  let idle = 0;
  for (const [canonical, name] of Object.entries(spec.tensors))
    if (canonical.includes('.experts.')) idle += elements(files.tensors.get(name));
  return parametersOf(files, spec).all - Math.round((idle * (count - chosen)) / count);
}

function mixture({ experts }: ModelSpec): string {
  if (experts === null) return 'none';
  const { count, chosen, width, shared } = experts;
  return `${chosen} of ${count}, ${width} wide${shared > 0 ? `, ${shared} shared` : ''}`;
}

/** MHA: a key for every query head; MQA: one for all; GQA: one for a group; MLA: keys and values from a common low rank. */
function attentionKind(spec: ModelSpec): string {
  if (spec.latent !== null) return 'MLA';
  if (spec.kvHeads === spec.heads) return 'MHA';
  return spec.kvHeads === 1 ? 'MQA' : 'GQA';
}

/** `6 of 16 layers, convolutions between` where not every layer attends. */
function attention(spec: ModelSpec): string {
  const count = attending(spec);
  return count === spec.layers.length
    ? attentionKind(spec)
    : `${attentionKind(spec)} in ${count} of ${spec.layers.length} layers, short convolutions in the others`;
}

function positionKind(spec: ModelSpec): string {
  if (spec.positions !== 'rope') return { learned: 'learned', alibi: 'ALiBi', none: 'none' }[spec.positions];
  const [rope] = spec.ropes;
  const part = rope !== undefined && rope.width < spec.headDim ? `, ${rope.width} of ${spec.headDim} dimensions` : '';
  const scaled = rope === undefined || rope.kind === 'default' || rope.kind === 'none' ? '' : `, ${rope.kind} scaling`;
  const without = spec.layers.filter((layer) => layer.rope === null && layer.convolution === null).length;
  return `RoPE${part}${scaled}${without > 0 ? `, ${without} layers without` : ''}`;
}

function windows(spec: ModelSpec): string {
  const sliding = spec.layers.filter((layer) => layer.window !== null);
  const [first] = sliding;
  return first === undefined ? 'none' : `${first.window} tokens in ${sliding.length} of ${spec.layers.length} layers`;
}

/** Stored types by their share of the weights, the commonest first: `Q4_K 61 %, Q6_K 39 %`. */
export function storedAs(files: ModelFiles): string {
  const counts = new Map<string, number>();
  for (const tensor of files.tensors.values())
    if (tensor.shape.length > 1) counts.set(tensor.type, (counts.get(tensor.type) ?? 0) + elements(tensor));
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  const shares = [...counts].toSorted((a, b) => b[1] - a[1]).map(([type, count]) => ({ type, share: (100 * count) / all }));
  if (shares.length === 1) return shares[0]?.type ?? '';
  return shares.map(({ type, share }) => `${type} ${share < 1 ? '<1' : Math.round(share)} %`).join(', ');
}

/** Plain facts, ready for a result. Sizes in bytes. */
export function architectureFacts(files: ModelFiles, spec: ModelSpec): Readonly<Record<string, Json>> {
  const parameters = parametersOf(files, spec);
  return {
    family: spec.family,
    parameters: parameters.all,
    parametersWithoutEmbeddings: parameters.withoutEmbeddings,
    parametersActive: activeParameters(files, spec),
    experts: mixture(spec),
    layers: spec.layers.length,
    width: spec.hidden,
    attention: attention(spec),
    heads: spec.heads,
    kvHeads: spec.kvHeads,
    headWidth: spec.headDim,
    slidingWindow: windows(spec),
    feedForward: `${spec.ffn.kind} ${spec.ffn.activation}`,
    feedForwardWidth: spec.ffn.width,
    feedForwardRatio: Math.round((100 * spec.ffn.width) / spec.hidden) / 100,
    parallelBlocks: spec.parallel,
    norm: `${spec.norm.kind === 'rms' ? 'RMSNorm' : 'LayerNorm'}${spec.qkNorm === 'none' ? '' : ', also of queries and keys'}`,
    position: positionKind(spec),
    vocabulary: spec.vocabulary,
    tied: spec.tied,
    context: spec.context,
    quantisation: storedAs(files),
    fileBytes: files.bytes,
    kvBytesPerToken: kvBytesPerToken(spec),
  };
}

const attending = (spec: ModelSpec): number => spec.layers.filter((layer) => layer.convolution === null).length;

/** float32 keys and values of one token in all layers, as the graph keeps them. */
export const kvBytesPerToken = (spec: ModelSpec): number => attending(spec) * 2 * spec.kvHeads * cacheWidth(spec) * 4;

/** Head width as the attention operator takes it. */
export const cacheWidth = (spec: ModelSpec): number => 8 * Math.ceil(spec.headDim / 8);
