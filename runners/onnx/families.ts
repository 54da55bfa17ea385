/** One row a family of decoder models: what its files call things and how it differs from Llama. No code per model. */

import { expertFamilies, expertsInGguf } from './expert-families.ts';
import { falconTraits, graniteTraits, minicpmTraits, windowed } from './family-traits.ts';
import { type Fields, fieldsIn, flagIn, listIn, numberIn } from './fields.ts';
import { gptNames, moreFamilies } from './more-families.ts';
import type { Names } from './tensor-names.ts';

/** What a family fixes or reads from its own fields; whatever is absent is Llama's way, or what the tensors show. */
export interface Traits {
  readonly norm?: 'rms' | 'layer';
  /** Stored norm weights are w of 1 + w. */
  readonly normOffset?: boolean;
  /** Norms without weights (OLMo 1). */
  readonly bareNorms?: boolean;
  readonly activation?: string;
  readonly parallel?: boolean;
  readonly positions?: 'rope' | 'learned' | 'alibi' | 'none';
  /** Row of the position table that position 0 takes. */
  readonly positionOffset?: number;
  /** Part of a head that rotates, where the configuration does not say. */
  readonly partialRotary?: number;
  readonly interleaved?: boolean;
  /** How a fused query-key-value projection is laid out. */
  readonly qkv?: 'joined' | 'by head' | 'by group';
  /** Matrices stored [in, out]. */
  readonly transposed?: boolean;
  readonly embeddingScale?: number;
  readonly residualScale?: number;
  readonly logitScale?: number;
  readonly attentionScale?: number;
  /** ALiBi's biases are rounded to bfloat16 and scaled as the products are (Falcon). */
  readonly alibiScaled?: boolean;
  /** Queries and keys are normed after they are rotated. */
  readonly normAfterRope?: boolean;
  /** Dimensions of a head that rotate, where the configuration gives their number. */
  readonly rotaryWidth?: number;
  readonly attentionSoftcap?: number | null;
  readonly logitSoftcap?: number | null;
  readonly clip?: number | null;
  readonly kvHeads?: number;
  /** Keys and values from a common low rank (MLA); a head's key is `plain` dimensions without positions, then the rotated ones. */
  readonly latent?: Latent | null;
  /** A router picks some of many feed-forward blocks for each token. */
  readonly experts?: Experts | null;
  readonly headDim?: number;
  readonly ffnWidth?: number;
  readonly eps?: number;
  readonly tied?: boolean;
  /** Sliding window of a layer; null: sees everything. */
  readonly window?: (layer: number) => number | null;
  /** Layers that rotate with a base of their own, and without scaling. */
  readonly localBase?: { readonly base: number; readonly on: (layer: number) => boolean };
  /** Tokens that a layer's short convolution reads (LFM2); null: the layer attends. */
  readonly convolution?: (layer: number) => number | null;
  /** Layers without positions. */
  readonly noRope?: (layer: number) => boolean;
}

export interface Latent {
  readonly rank: number;
  readonly plain: number;
  readonly rotated: number;
  readonly value: number;
}

export interface Experts {
  readonly count: number;
  /** Experts a token takes. */
  readonly chosen: number;
  readonly width: number;
  /** Width of the block that every token takes besides; 0: none. */
  readonly shared: number;
  readonly scores: 'softmax' | 'sigmoid';
  /** The chosen experts' shares are made to sum to 1. */
  readonly normalised: boolean;
  readonly scale: number;
  /** Experts come from the `kept` best groups only, a group being judged by its best or its two best experts. */
  readonly groups: { readonly count: number; readonly kept: number; readonly judgedBy: 1 | 2 } | null;
}

export interface Family {
  /** What config.json calls it (model_type). */
  readonly types: readonly string[];
  /** What GGUF calls it (general.architecture). */
  readonly arch: readonly string[];
  /** Where its safetensors names differ from Llama's. */
  readonly names?: Partial<Names>;
  /** Where its GGUF names differ from the usual ones. */
  readonly gguf?: Partial<Names>;
  /** Its converter takes fused projections apart by group and joins all queries, all keys, all values. */
  readonly regrouped?: true;
  readonly traits?: Traits;
  readonly fromConfig?: (config: Fields, layers: number) => Traits;
  /** Keys without the architecture's prefix. */
  readonly fromGguf?: (metadata: Fields, layers: number) => Traits;
}

const everyLayer = (window: number | undefined): Traits => (window === undefined ? {} : { window: () => window });

const qwenWindow = (config: Fields): Traits =>
  flagIn(config, 'use_sliding_window') === true
    ? windowed(config, numberIn(config, 'sliding_window'), (layer) => layer >= (numberIn(config, 'max_window_layers') ?? 28))
    : {};

const softcap = (config: Fields, key: string, otherwise: number): number | null =>
  key in config ? (numberIn(config, key) ?? null) : otherwise;

const gemma = (config: Fields): Traits => ({ embeddingScale: Math.sqrt(numberIn(config, 'hidden_size', 'embedding_length') ?? 1) });
const gemmaTraits: Traits = { normOffset: true, activation: 'gelu_pytorch_tanh', tied: true };

function gemma2(config: Fields): Traits {
  const scalar = numberIn(config, 'query_pre_attn_scalar') ?? 256;
  return {
    ...gemma(config),
    ...windowed(config, numberIn(config, 'sliding_window') ?? 4096, (layer) => layer % 2 === 0),
    attentionScale: scalar ** -0.5,
    attentionSoftcap: softcap(config, 'attn_logit_softcapping', 50),
    logitSoftcap: softcap(config, 'final_logit_softcapping', 30),
  };
}

function gemma3(config: Fields): Traits {
  const every = numberIn(config, 'sliding_window_pattern', '_sliding_window_pattern') ?? 6;
  const windows = windowed(config, numberIn(config, 'sliding_window') ?? 4096, (layer) => (layer + 1) % every !== 0);
  const local = fieldsIn(fieldsIn(config, 'rope_parameters') ?? {}, 'sliding_attention');
  const base = numberIn(config, 'rope_local_base_freq') ?? numberIn(local ?? {}, 'rope_theta') ?? 10_000;
  return {
    ...gemma(config),
    ...windows,
    attentionScale: (numberIn(config, 'query_pre_attn_scalar') ?? 256) ** -0.5,
    attentionSoftcap: numberIn(config, 'attn_logit_softcapping') ?? null,
    logitSoftcap: numberIn(config, 'final_logit_softcapping') ?? null,
    localBase: { base, on: (layer) => (windows.window?.(layer) ?? null) !== null },
  };
}

/** GGUF carries neither Gemma 3's local base nor its pattern of five local layers to one global. */
function gemma3Gguf(metadata: Fields): Traits {
  const window = numberIn(metadata, 'attention.sliding_window') ?? 1024;
  const local = (layer: number): boolean => (layer + 1) % 6 !== 0;
  return { ...gemma(metadata), window: (layer) => (local(layer) ? window : null), localBase: { base: 10_000, on: local } };
}

function smollm3(config: Fields): Traits {
  const list = listIn(config, 'no_rope_layers');
  const every = numberIn(config, 'no_rope_layer_interval') ?? 4;
  return { ...qwenWindow(config), noRope: (layer) => (list === undefined ? (layer + 1) % every === 0 : list[layer] === 0) };
}

const neoxNames: Partial<Names> = {
  embed: 'embed_in',
  head: ['embed_out', 'lm_head'],
  finalNorm: 'final_layer_norm',
  qkv: 'attention.query_key_value',
  o: 'attention.dense',
  up: 'mlp.dense_h_to_4h',
  down: 'mlp.dense_4h_to_h',
};
const optNames: Partial<Names> = {
  positions: 'embed_positions',
  finalNorm: 'final_layer_norm',
  attnNorm: 'self_attn_layer_norm',
  o: 'self_attn.out_proj',
  ffnNorm: 'final_layer_norm',
  up: 'fc1',
  down: 'fc2',
};
const bloomNames: Partial<Names> = {
  embed: 'word_embeddings',
  embedNorm: 'word_embeddings_layernorm',
  finalNorm: 'ln_f',
  layer: 'h.{i}.',
  qkv: 'self_attention.query_key_value',
  o: 'self_attention.dense',
  up: 'mlp.dense_h_to_4h',
  down: 'mlp.dense_4h_to_h',
};
const gemma2Names: Partial<Names> = {
  postAttnNorm: 'post_attention_layernorm',
  ffnNorm: 'pre_feedforward_layernorm',
  postFfnNorm: 'post_feedforward_layernorm',
};

const parallelIn = (config: Fields, otherwise: boolean): Traits => ({ parallel: flagIn(config, 'use_parallel_residual') ?? otherwise });

const mainFamilies: Readonly<Record<string, Family>> = {
  llama: {
    types: ['llama'],
    arch: ['llama'],
    // Mistral's and Mixtral's files call themselves llama too.
    fromGguf: (m) => ({
      interleaved: true,
      ...everyLayer(numberIn(m, 'attention.sliding_window') || undefined),
      ...expertsInGguf(m, { normalised: true }),
    }),
  },
  mistral: { types: ['mistral'], arch: [], fromConfig: (c) => everyLayer('sliding_window' in c ? numberIn(c, 'sliding_window') : 4096) },
  qwen2: { types: ['qwen2'], arch: ['qwen2'], fromConfig: qwenWindow },
  qwen3: { types: ['qwen3'], arch: ['qwen3'], fromConfig: qwenWindow },
  gemma: { types: ['gemma'], arch: ['gemma'], traits: gemmaTraits, fromConfig: gemma, fromGguf: gemma },
  gemma2: {
    types: ['gemma2'],
    arch: ['gemma2'],
    names: gemma2Names,
    traits: gemmaTraits,
    fromConfig: gemma2,
    fromGguf: (m, layers) => ({
      ...gemma(m),
      ...windowed({}, numberIn(m, 'attention.sliding_window') ?? 4096, (layer) => layer % 2 === 0),
      attentionSoftcap: numberIn(m, 'attn_logit_softcapping') ?? 50,
      logitSoftcap: numberIn(m, 'final_logit_softcapping') ?? 30,
      // The 27B model alone divides by hidden/heads instead of the head width (llama.cpp tells it by its 46 layers).
      ...(layers === 46 ? { attentionScale: 144 ** -0.5 } : {}),
    }),
  },
  gemma3: {
    types: ['gemma3_text', 'gemma3'],
    arch: ['gemma3'],
    names: gemma2Names,
    traits: gemmaTraits,
    fromConfig: gemma3,
    fromGguf: gemma3Gguf,
  },
  phi: {
    types: ['phi'],
    arch: ['phi2'],
    names: {
      finalNorm: 'final_layernorm',
      o: 'self_attn.dense',
      up: 'mlp.fc1',
      down: 'mlp.fc2',
      qNorm: 'self_attn.q_layernorm',
      kNorm: 'self_attn.k_layernorm',
    },
    traits: { norm: 'layer', parallel: true, partialRotary: 0.5, activation: 'gelu_new' },
  },
  phi3: {
    types: ['phi3'],
    arch: ['phi3'],
    names: { qkv: 'self_attn.qkv_proj', gateUp: 'mlp.gate_up_proj' },
    fromConfig: (c) => everyLayer(numberIn(c, 'sliding_window')),
    fromGguf: (m) => everyLayer(numberIn(m, 'attention.sliding_window') || undefined),
  },
  gpt2: {
    types: ['gpt2'],
    arch: ['gpt2'],
    names: gptNames,
    traits: { norm: 'layer', positions: 'learned', activation: 'gelu_new' },
    fromConfig: () => ({ transposed: true }),
  },
  gpt_neox: {
    types: ['gpt_neox'],
    arch: ['gptneox'],
    regrouped: true,
    names: neoxNames,
    traits: { norm: 'layer', partialRotary: 0.25, activation: 'gelu' },
    fromConfig: (c) => ({ qkv: 'by head', ...parallelIn(c, true) }),
    fromGguf: (m) => parallelIn(m, true),
  },
  opt: {
    types: ['opt'],
    arch: [],
    names: optNames,
    traits: { norm: 'layer', positions: 'learned', positionOffset: 2, activation: 'relu', eps: 1e-5 },
  },
  olmo: {
    types: ['olmo'],
    arch: ['olmo'],
    traits: { norm: 'layer', bareNorms: true, eps: 1e-5 },
    fromConfig: (c) => ({ clip: numberIn(c, 'clip_qkv') ?? null }),
    fromGguf: (m) => ({ interleaved: true, clip: numberIn(m, 'attention.clamp_kqv') ?? null }),
  },
  olmo2: { types: ['olmo2'], arch: ['olmo2'], names: { attnNorm: '', ...gemma2Names, ffnNorm: '' } },
  smollm3: {
    types: ['smollm3'],
    arch: ['smollm3'],
    fromConfig: smollm3,
    fromGguf: () => ({ interleaved: true, noRope: (layer) => (layer + 1) % 4 === 0 }),
  },
  granite: {
    types: ['granite'],
    arch: ['granite'],
    fromConfig: graniteTraits,
    fromGguf: (m) => ({ ...graniteTraits(m), interleaved: true }),
  },
  stablelm: {
    types: ['stablelm'],
    arch: ['stablelm'],
    traits: { norm: 'layer', partialRotary: 0.25 },
    fromConfig: (c) => parallelIn(c, false),
    fromGguf: (m) => parallelIn(m, false),
  },
  starcoder2: {
    types: ['starcoder2'],
    arch: ['starcoder2'],
    names: { up: 'mlp.c_fc', down: 'mlp.c_proj' },
    traits: { norm: 'layer', activation: 'gelu_pytorch_tanh', tied: true },
    fromConfig: (c) => everyLayer(numberIn(c, 'sliding_window')),
    fromGguf: (m) => everyLayer(numberIn(m, 'attention.sliding_window')),
  },
  falcon: {
    types: ['falcon'],
    arch: ['falcon'],
    regrouped: true,
    names: { ...bloomNames, embedNorm: '', attnNorm: ['ln_attn', 'input_layernorm'], ffnNorm: ['ln_mlp', 'post_attention_layernorm'] },
    traits: { norm: 'layer', activation: 'gelu' },
    fromConfig: falconTraits,
    fromGguf: () => ({ parallel: true }),
  },
  bloom: {
    types: ['bloom'],
    arch: ['bloom'],
    regrouped: true,
    names: bloomNames,
    traits: { norm: 'layer', positions: 'alibi', activation: 'gelu_pytorch_tanh', tied: true },
    fromConfig: () => ({ qkv: 'by head' }),
  },
  minicpm: {
    types: ['minicpm'],
    arch: ['minicpm'],
    fromConfig: minicpmTraits,
    fromGguf: (m) => ({ ...graniteTraits(m), interleaved: true }),
  },
};

export const families: Readonly<Record<string, Family>> = { ...mainFamilies, ...moreFamilies, ...expertFamilies };
