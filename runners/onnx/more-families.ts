/** Further families that the same table carries. */
import type { Family, Traits } from './families.ts';
import { latentInGguf, minicpmTraits, windowed } from './family-traits.ts';
import { type Fields, flagIn, listIn, numberIn, numbersIn } from './fields.ts';
import type { Names } from './tensor-names.ts';

export const gptNames: Partial<Names> = {
  embed: 'wte',
  positions: 'wpe',
  finalNorm: 'ln_f',
  layer: 'h.{i}.',
  attnNorm: 'ln_1',
  qkv: 'attn.c_attn',
  o: 'attn.c_proj',
  ffnNorm: 'ln_2',
  up: 'mlp.c_fc',
  down: 'mlp.c_proj',
};

/** Three layers that slide to one that sees everything. */
const threeToOne = (config: Fields): Traits =>
  windowed(
    config,
    numberIn(config, 'sliding_window', 'attention.sliding_window'),
    (layer) => (layer + 1) % (numberIn(config, 'sliding_window_pattern') ?? 4) !== 0,
  );

/** As threeToOne, and the layers that see everything have no positions. */
function placelessGlobals(config: Fields): Traits {
  const traits = threeToOne(config);
  const { window } = traits;
  return window === undefined ? traits : { ...traits, noRope: (layer) => window(layer) === null };
}

/** Only layers that see everything scale their rope. */
function plainLocals(config: Fields): Traits {
  const traits = threeToOne(config);
  const base =
    numberIn(config, 'rope_theta', 'rope.freq_base') ?? numberIn((config.rope_parameters ?? {}) as Fields, 'rope_theta') ?? 500_000;
  return { ...traits, localBase: { base, on: (layer) => (traits.window?.(layer) ?? null) !== null } };
}

function gptNeo(config: Fields): Traits {
  const kinds = listIn(config, 'attention_layers');
  const size = numberIn(config, 'window_size') ?? 256;
  return { attentionScale: 1, window: (layer) => ((kinds === undefined ? layer % 2 === 1 : kinds[layer] === 'local') ? size : null) };
}

/** In GGUF a layer without keys is a convolution. */
export function lfm2Gguf(metadata: Fields): Traits {
  const kv = numbersIn(metadata, 'attention.head_count_kv') ?? [];
  const reach = numberIn(metadata, 'shortconv.l_cache') ?? 3;
  return { ...(kv.length === 0 ? {} : { kvHeads: Math.max(...kv) }), convolution: (layer) => (kv[layer] === 0 ? reach : null) };
}

/** MLA's sizes (DeepSeek-V2, section 2.1), with MiniCPM's scales: its logits are not divided. */
function minicpm3(config: Fields, layers: number): Traits {
  const [plain, rotated] = [numberIn(config, 'qk_nope_head_dim') ?? 64, numberIn(config, 'qk_rope_head_dim') ?? 32];
  const latent = { rank: numberIn(config, 'kv_lora_rank') ?? 256, plain, rotated, value: numberIn(config, 'v_head_dim') ?? plain };
  return { ...minicpmTraits(config, layers), latent, headDim: plain + rotated, rotaryWidth: rotated };
}

/** LFM2: short convolutions between a few layers that attend. */
export function lfm2(config: Fields): Traits {
  const types = listIn(config, 'layer_types');
  const attends = listIn(config, 'full_attn_idxs');
  const reach = numberIn(config, 'conv_L_cache') ?? 3;
  const given = numberIn(config, 'intermediate_size', 'block_ff_dim') ?? 1;
  const multiple = numberIn(config, 'block_multiple_of') ?? 256;
  const scaled = Math.floor((numberIn(config, 'block_ffn_dim_multiplier') ?? 1) * Math.floor((2 * given) / 3));
  return {
    ffnWidth: flagIn(config, 'block_auto_adjust_ff_dim') === false ? given : multiple * Math.ceil(scaled / multiple),
    convolution: (layer) => ((types === undefined ? attends?.includes(layer) : types[layer] !== 'conv') ? null : reach),
  };
}

export const lfm2Names: Partial<Names> = {
  finalNorm: 'embedding_norm',
  attnNorm: 'operator_norm',
  qNorm: 'self_attn.q_layernorm',
  kNorm: 'self_attn.k_layernorm',
  o: 'self_attn.out_proj',
  convIn: 'conv.in_proj',
  conv: 'conv.conv',
  convOut: 'conv.out_proj',
  ffnNorm: 'ffn_norm',
  gate: 'feed_forward.w1',
  up: 'feed_forward.w3',
  down: 'feed_forward.w2',
};
/** GGUF has the last norm under the name of another family's first. */
export const lfm2GgufNames: Partial<Names> = {
  embedNorm: '',
  finalNorm: ['token_embd_norm', 'output_norm'],
  convIn: 'shortconv.in_proj',
  conv: 'shortconv.conv',
  convOut: 'shortconv.out_proj',
};

const cohere = (config: Fields): Traits => ({ logitScale: numberIn(config, 'logit_scale') ?? 0.0625, ...placelessGlobals(config) });
const cohereTraits: Traits = { norm: 'layer', parallel: true, interleaved: true, tied: true };
const sandwichNames: Partial<Names> = {
  attnNorm: '',
  postAttnNorm: 'post_attention_layernorm',
  ffnNorm: '',
  postFfnNorm: 'post_feedforward_layernorm',
};
const glmTraits: Traits = { interleaved: true, partialRotary: 0.5 };

export const moreFamilies: Readonly<Record<string, Family>> = {
  cohere: { types: ['cohere'], arch: ['command-r'], traits: cohereTraits, fromConfig: cohere, fromGguf: cohere },
  cohere2: { types: ['cohere2'], arch: ['cohere2'], traits: cohereTraits, fromConfig: cohere, fromGguf: cohere },
  olmo3: { types: ['olmo3'], arch: [], names: sandwichNames, fromConfig: plainLocals },
  exaone4: { types: ['exaone4'], arch: ['exaone4'], names: sandwichNames, fromConfig: placelessGlobals, fromGguf: placelessGlobals },
  helium: { types: ['helium'], arch: [], traits: { interleaved: true } },
  arcee: { types: ['arcee'], arch: ['arcee'], traits: { activation: 'relu2' }, fromGguf: () => ({ interleaved: true }) },
  seed_oss: { types: ['seed_oss'], arch: ['seed_oss'] },
  ernie4_5: { types: ['ernie4_5'], arch: ['ernie4_5'], traits: { interleaved: true } },
  hunyuan: {
    types: ['hunyuan_v1_dense'],
    arch: ['hunyuan-dense'],
    names: { qNorm: 'self_attn.query_layernorm', kNorm: 'self_attn.key_layernorm' },
    traits: { normAfterRope: true },
  },
  gpt_neo: {
    types: ['gpt_neo'],
    arch: [],
    names: {
      ...gptNames,
      qkv: '',
      q: 'attn.attention.q_proj',
      k: 'attn.attention.k_proj',
      v: 'attn.attention.v_proj',
      o: 'attn.attention.out_proj',
    },
    traits: { norm: 'layer', positions: 'learned', activation: 'gelu_new' },
    fromConfig: gptNeo,
  },
  gptj: {
    types: ['gptj'],
    arch: ['gptj'],
    names: {
      ...gptNames,
      positions: '',
      qkv: '',
      q: 'attn.q_proj',
      k: 'attn.k_proj',
      v: 'attn.v_proj',
      o: 'attn.out_proj',
      up: 'mlp.fc_in',
      down: 'mlp.fc_out',
    },
    traits: { norm: 'layer', parallel: true, interleaved: true, activation: 'gelu_new' },
    fromConfig: (c) => ({ rotaryWidth: numberIn(c, 'rotary_dim') ?? 64 }),
  },
  nemotron: {
    types: ['nemotron'],
    arch: ['nemotron'],
    traits: { norm: 'layer', normOffset: true, activation: 'relu2', partialRotary: 0.5 },
    fromConfig: (c) => (flagIn(c, 'tie_word_embeddings') === undefined ? { tied: false } : {}),
  },
  lfm2: {
    types: ['lfm2'],
    arch: ['lfm2'],
    names: lfm2Names,
    gguf: lfm2GgufNames,
    traits: { tied: true },
    fromConfig: lfm2,
    fromGguf: lfm2Gguf,
  },
  minicpm3: {
    types: ['minicpm3'],
    arch: ['minicpm3'],
    fromConfig: minicpm3,
    // The scales are not in the file: llama.cpp has those of the one published size.
    fromGguf: (m, layers) => ({
      ...latentInGguf(m),
      interleaved: false,
      ...minicpmTraits({ ...m, hidden_size: m.embedding_length, scale_emb: 12, scale_depth: 1.4, dim_model_base: 256 }, layers),
    }),
  },
  glm: { types: ['glm'], arch: [], names: { gateUp: 'mlp.gate_up_proj' }, traits: glmTraits },
  glm4: {
    types: ['glm4'],
    arch: ['glm4'],
    names: { gateUp: 'mlp.gate_up_proj', postAttnNorm: 'post_self_attn_layernorm', postFfnNorm: 'post_mlp_layernorm' },
    traits: glmTraits,
  },
};
