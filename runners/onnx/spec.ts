/** What a model is, as plain data: from config.json in both spellings, or from GGUF metadata. */
import { UserError } from '../../src/types.ts';
import type { ModelFiles } from './contract.ts';
import { type Experts, type Family, families, type Latent, type Traits } from './families.ts';
import { type Fields, fieldsIn, flagIn, numberIn, requiredNumber, textIn } from './fields.ts';
import { nearest } from './nearest.ts';
import type { Rope } from './rope.ts';
import { ropesOf } from './rope-settings.ts';
import { checkNumbers } from './spec-numbers.ts';
import { checkShapes } from './spec-shapes.ts';
import { ggufNames, llamaNames, tensorNames } from './tensor-names.ts';

export interface LayerSpec {
  /** Index into `ropes`; null: this layer sees no positions. */
  readonly rope: number | null;
  /** Sliding window in tokens; null: sees everything. */
  readonly window: number | null;
  /** Tokens that the layer's convolution reads; null: it attends. */
  readonly convolution: number | null;
}

export interface ModelSpec {
  readonly family: string;
  readonly format: ModelFiles['format'];
  readonly layers: readonly LayerSpec[];
  readonly hidden: number;
  readonly vocabulary: number;
  /** Longest sequence in tokens. */
  readonly context: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly norm: { readonly kind: 'rms' | 'layer'; readonly eps: number; readonly offset: boolean; readonly bare: boolean };
  readonly ffn: { readonly kind: 'gated' | 'plain'; readonly width: number; readonly activation: string };
  /** Attention and feed-forward read the same input and are added together. */
  readonly parallel: boolean;
  /** Queries and keys are normed, each head by itself or the whole width at once. */
  readonly qkNorm: 'none' | 'head' | 'whole';
  readonly normAfterRope: boolean;
  /** Keys and values from a common low rank; null: projected one by one. */
  readonly latent: Latent | null;
  /** null: every token takes the one feed-forward block of its layer. */
  readonly experts: Experts | null;
  readonly qkv: 'apart' | 'joined' | 'by head' | 'by group';
  readonly transposed: boolean;
  readonly attentionScale: number;
  readonly attentionSoftcap: number | null;
  readonly logitSoftcap: number | null;
  /** Queries, keys and values are cut to ± this. */
  readonly clip: number | null;
  readonly positions: 'rope' | 'learned' | 'alibi' | 'none';
  readonly positionOffset: number;
  /** ALiBi's biases are rounded to bfloat16 and scaled as the products are. */
  readonly alibiScaled: boolean;
  readonly ropes: readonly Rope[];
  readonly embeddingScale: number;
  readonly residualScale: number;
  readonly logitScale: number;
  readonly tied: boolean;
  /** Canonical name (`layers.0.q.weight`) → name in the file. */
  readonly tensors: Readonly<Record<string, string>>;
}

/** Sizes and traits as one of the two kinds of file gives them. */
interface Read {
  readonly family: string;
  readonly fields: Fields;
  readonly layers: number;
  readonly traits: Traits;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffnWidth: number;
  readonly eps: number;
  readonly context: number;
}

function familyOf(name: string, known: (family: Family) => readonly string[]): [string, Family] {
  const hit = Object.entries(families).find(([, family]) => known(family).includes(name));
  if (hit !== undefined) return hit;
  const names = Object.values(families).flatMap(known);
  throw new UserError(
    `the model family “${name}” is not known; the nearest known ones are ${nearest(name, names, 3).join(', ')}`,
    'run it behind a server and use openai: or ollama:, or give an ONNX export of it',
  );
}

function readConfig(files: ModelFiles): Read {
  const whole = files.config;
  const fields = 'num_hidden_layers' in whole || 'n_layer' in whole ? whole : (fieldsIn(whole, 'text_config') ?? whole);
  const [name, family] = familyOf(textIn(fields, 'model_type') ?? textIn(whole, 'model_type') ?? '(no model_type)', (each) => each.types);
  const layers = requiredNumber(fields, 'num_hidden_layers', 'n_layer', 'num_layers');
  const traits: Traits = { ...family.traits, ...family.fromConfig?.(fields, layers) };
  const hidden = requiredNumber(fields, 'hidden_size', 'n_embd', 'd_model');
  const heads = requiredNumber(fields, 'num_attention_heads', 'n_head', 'num_heads');
  return {
    family: name,
    fields,
    layers,
    hidden,
    heads,
    traits: { ...traits, ...configOverrides(fields) },
    kvHeads: traits.kvHeads ?? numberIn(fields, 'num_key_value_heads') ?? heads,
    headDim: traits.headDim ?? numberIn(fields, 'head_dim') ?? hidden / heads,
    ffnWidth: traits.ffnWidth ?? numberIn(fields, 'intermediate_size', 'ffn_dim', 'n_inner') ?? 4 * hidden,
    eps: traits.eps ?? numberIn(fields, 'rms_norm_eps', 'layer_norm_eps', 'layer_norm_epsilon', 'norm_epsilon', 'norm_eps') ?? 1e-6,
    context: numberIn(fields, 'max_position_embeddings', 'n_positions', 'seq_length', 'max_sequence_length') ?? 2048,
  };
}

function configOverrides(fields: Fields): Traits {
  const activation = textIn(fields, 'hidden_activation', 'hidden_act', 'activation_function', 'activation');
  const tied = flagIn(fields, 'tie_word_embeddings');
  if (flagIn(fields, 'scale_attn_by_inverse_layer_idx') || flagIn(fields, 'do_layer_norm_before') === false)
    throw new UserError(
      'this model scales attention by layer or norms after each block, which is not supported',
      'run it behind a server and use openai: or ollama:',
    );
  return { ...(activation === undefined ? {} : { activation }), ...(tied === undefined ? {} : { tied }) };
}

/** Metadata without the architecture's prefix; lists of one number a layer become that number when all layers agree. */
function withoutPrefix(config: Fields, arch: string): Fields {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!key.startsWith(`${arch}.`)) continue;
    const same = Array.isArray(value) && value.length > 0 && value.every((each) => each === value[0]);
    out[key.slice(arch.length + 1)] = same ? value[0] : value;
  }
  return out;
}

function readMetadata(files: ModelFiles): Read {
  const arch = textIn(files.config, 'general.architecture') ?? '(no general.architecture)';
  const [name, family] = familyOf(arch, (each) => each.arch);
  const fields = withoutPrefix(files.config, arch);
  const layers = requiredNumber(fields, 'block_count');
  const { activation, ...fixed } = family.traits ?? {};
  const hidden = requiredNumber(fields, 'embedding_length');
  const heads = requiredNumber(fields, 'attention.head_count');
  const traits: Traits = {
    ...fixed,
    ...(activation === undefined ? {} : { activation }),
    ...family.fromGguf?.(fields, layers),
    // Converters write 1 + w, and leave the head out when it is tied.
    normOffset: false,
    tied: false,
  };
  return {
    family: name,
    fields,
    layers,
    hidden,
    heads,
    traits,
    kvHeads: traits.kvHeads ?? numberIn(fields, 'attention.head_count_kv') ?? heads,
    headDim: traits.headDim ?? numberIn(fields, 'attention.key_length') ?? hidden / heads,
    ffnWidth: requiredNumber(fields, 'feed_forward_length'),
    eps: numberIn(fields, 'attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon') ?? fixed.eps ?? 1e-5,
    context: numberIn(fields, 'context_length') ?? 2048,
  };
}

/** Every tensor's name, with GGUF's one ambiguity resolved: Phi-3 calls its fused gate and up `ffn_up`. */
function namesFor(files: ModelFiles, read: Read): Readonly<Record<string, string>> {
  const family = families[read.family];
  const names = files.format === 'gguf' ? { ...ggufNames, ...family?.gguf } : { ...llamaNames, ...family?.names };
  const found = tensorNames(files.tensors, names, read.layers);
  const up = files.tensors.get(found['layers.0.up.weight'] ?? '');
  if (up === undefined || found['layers.0.gate.weight'] !== undefined || up.shape[0] !== 2 * read.ffnWidth) return found;
  return Object.fromEntries(Object.entries(found).map(([canonical, name]) => [canonical.replace(/\.up\./, '.gateUp.'), name]));
}

/**
 * Reads what a model is. UserError for a family that is not known (naming the nearest), a field that is missing, a tensor
 * that is missing or not understood, or a shape that contradicts the configuration.
 */
export function specOf(files: ModelFiles): ModelSpec {
  const read = files.format === 'gguf' ? readMetadata(files) : readConfig(files);
  checkNumbers(read);
  const tensors = namesFor(files, read);
  const { traits } = read;
  const has = (canonical: string): boolean => tensors[canonical] !== undefined;
  const embed = files.tensors.get(tensors['embed.weight'] ?? '');
  const attending = Object.keys(tensors).find((canonical) => canonical.endsWith('.qNorm.weight'));
  const qNorm = files.tensors.get(tensors[attending ?? ''] ?? '');
  const positions = traits.positions ?? 'rope';
  const { ropes, layers } = positions === 'rope' ? ropesOf(read, files) : plainLayers(read);
  const spec: ModelSpec = {
    family: read.family,
    format: files.format,
    layers,
    hidden: read.hidden,
    vocabulary: embed?.shape[0] ?? 0,
    context: read.context,
    heads: read.heads,
    kvHeads: read.kvHeads,
    headDim: read.headDim,
    norm: { kind: traits.norm ?? 'rms', eps: read.eps, offset: traits.normOffset ?? false, bare: traits.bareNorms ?? false },
    ffn: {
      kind: traits.experts || has('layers.0.gate.weight') || has('layers.0.gateUp.weight') ? 'gated' : 'plain',
      width: read.ffnWidth,
      activation: traits.activation ?? 'silu',
    },
    parallel: traits.parallel ?? false,
    qkNorm: qNorm === undefined ? 'none' : qNorm.shape[0] === read.headDim && read.heads > 1 ? 'head' : 'whole',
    normAfterRope: traits.normAfterRope ?? false,
    latent: traits.latent ?? null,
    experts: traits.experts ?? null,
    qkv: has('layers.0.qkv.weight') ? (traits.qkv ?? 'joined') : 'apart',
    transposed: traits.transposed ?? false,
    attentionScale: traits.attentionScale ?? read.headDim ** -0.5,
    attentionSoftcap: traits.attentionSoftcap ?? null,
    logitSoftcap: traits.logitSoftcap ?? null,
    clip: traits.clip ?? null,
    positions,
    positionOffset: traits.positionOffset ?? 0,
    alibiScaled: traits.alibiScaled ?? false,
    ropes,
    embeddingScale: traits.embeddingScale ?? 1,
    residualScale: traits.residualScale ?? 1,
    logitScale: traits.logitScale ?? 1,
    tied: !has('head.weight') || (traits.tied ?? false),
    tensors,
  };
  checkShapes(spec, files.tensors);
  checkClaims(files, read, spec);
  return spec;
}

/** What config.json says of tensors that may be missing or of another size. */
function checkClaims(files: ModelFiles, { fields, traits }: Read, spec: ModelSpec): void {
  if (files.format === 'gguf') return;
  const vocabulary = numberIn(fields, 'vocab_size') ?? spec.vocabulary;
  if (vocabulary !== spec.vocabulary)
    throw new UserError(
      `the embedding has ${spec.vocabulary} rows where the configuration says vocab_size ${vocabulary}`,
      'the configuration and the weights are of different models',
    );
  if (flagIn(fields, 'tie_word_embeddings') === false && !traits.tied && spec.tensors['head.weight'] === undefined)
    throw new UserError(
      'the model’s file has no head, and its configuration does not tie it to the embedding',
      'are all of its files there?',
    );
}

const plainLayers = (read: Read): { ropes: readonly Rope[]; layers: readonly LayerSpec[] } => ({
  ropes: [],
  layers: Array.from({ length: read.layers }, (_, i) => ({ rope: null, window: read.traits.window?.(i) ?? null, convolution: null })),
});
