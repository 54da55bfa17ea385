/** The families whose own fields need more than a line. */
import type { Traits } from './families.ts';
import { type Fields, flagIn, listIn, numberIn } from './fields.ts';

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
