/** The families whose own fields need more than a line. */
import type { Traits } from './families.ts';
import { type Fields, fieldsIn, flagIn, listIn, numberIn, textIn } from './fields.ts';
import { magnitude } from './rope.ts';

/** Granite's four multipliers (config.json), or their GGUF names (also MiniCPM's); logits are divided. */
export function graniteTraits(fields: Fields): Traits {
  const scale = numberIn(fields, 'attention_multiplier', 'attention.scale');
  return {
    embeddingScale: numberIn(fields, 'embedding_multiplier', 'embedding_scale') ?? 1,
    residualScale: numberIn(fields, 'residual_multiplier', 'residual_scale') ?? 1,
    logitScale: 1 / (numberIn(fields, 'logits_scaling', 'logit_scale') ?? 1),
    ...(scale === undefined ? {} : { attentionScale: scale }),
  };
}

/** MiniCPM's μP scales (Hu et al. 2024, section 3). */
export function minicpmTraits(config: Fields, layers: number): Traits {
  const width = numberIn(config, 'hidden_size') ?? 1;
  return {
    embeddingScale: numberIn(config, 'scale_emb') ?? 1,
    residualScale: (numberIn(config, 'scale_depth') ?? Math.sqrt(layers)) / Math.sqrt(layers),
    logitScale: (numberIn(config, 'dim_model_base') ?? width) / width,
  };
}

/** DeepSeek's latent attention; YaRN's magnitude is also in the scale of the products (squared: queries and keys). */
export function latentIn(config: Fields): Traits {
  const [plain, rotated] = [numberIn(config, 'qk_nope_head_dim') ?? 128, numberIn(config, 'qk_rope_head_dim') ?? 64];
  const headDim = plain + rotated;
  const scaling = fieldsIn(config, 'rope_parameters') ?? fieldsIn(config, 'rope_scaling') ?? {};
  const all = numberIn(scaling, 'mscale_all_dim') ?? 0;
  const scaled = all !== 0 && (textIn(scaling, 'rope_type', 'type') ?? 'default') !== 'default';
  const more = scaled ? magnitude(numberIn(scaling, 'factor') ?? 1, all) ** 2 : 1;
  return {
    latent: { rank: numberIn(config, 'kv_lora_rank') ?? 512, plain, rotated, value: numberIn(config, 'v_head_dim') ?? plain },
    headDim,
    rotaryWidth: rotated,
    kvHeads: numberIn(config, 'num_attention_heads') ?? 1,
    attentionScale: headDim ** -0.5 * more,
    interleaved: flagIn(config, 'rope_interleave') ?? true,
  };
}

/** Files since April 2025 give the widths of the unfolded heads as `_mla`. */
export function latentInGguf(metadata: Fields): Traits {
  const headDim = numberIn(metadata, 'attention.key_length_mla', 'attention.key_length') ?? 192;
  const rotated = numberIn(metadata, 'rope.dimension_count') ?? 64;
  const plain = headDim - rotated;
  const rank = numberIn(metadata, 'attention.kv_lora_rank') ?? 512;
  const value = numberIn(metadata, 'attention.value_length_mla', 'attention.value_length') ?? plain;
  const log = numberIn(metadata, 'rope.scaling.yarn_log_multiplier') ?? 0;
  const more = log === 0 ? 1 : magnitude(numberIn(metadata, 'rope.scaling.factor') ?? 1, 10 * log) ** 2;
  return {
    latent: { rank, plain, rotated, value },
    headDim,
    kvHeads: numberIn(metadata, 'attention.head_count') ?? 1,
    attentionScale: headDim ** -0.5 * more,
    interleaved: true,
  };
}

/** Falcon's three generations: multi-query (7B), grouped with two norms (40B, 11B), ALiBi with a sequential block (RW). */
export function falconTraits(config: Fields): Traits {
  const heads = numberIn(config, 'num_attention_heads', 'n_head') ?? 1;
  const grouped = flagIn(config, 'new_decoder_architecture') ?? false;
  const single = !grouped && (flagIn(config, 'multi_query') ?? true);
  const kvHeads = grouped ? (numberIn(config, 'num_kv_heads') ?? heads) : single ? 1 : heads;
  return {
    kvHeads,
    qkv: grouped ? 'by group' : single ? 'joined' : 'by head',
    parallel: grouped || (flagIn(config, 'parallel_attn') ?? true),
    positions: flagIn(config, 'alibi') ? 'alibi' : 'rope',
    alibiScaled: true,
    ffnWidth: numberIn(config, 'ffn_hidden_size') ?? 4 * (numberIn(config, 'hidden_size') ?? 1),
  };
}

/** Windows by `layer_types` where the file has them, else by the family's habit. */
export function windowed(config: Fields, window: number | undefined, sliding: (layer: number) => boolean): Traits {
  const types = listIn(config, 'layer_types');
  if (window === undefined) return {};
  return { window: (layer) => ((types === undefined ? sliding(layer) : types[layer] === 'sliding_attention') ? window : null) };
}
