/** How each layer rotates: config.json's two spellings and GGUF's keys brought to one. */
import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../src/types.ts';
import type { ModelFiles } from './contract.ts';
import type { Traits } from './families.ts';
import { type Fields, fieldsIn, flagIn, numberIn, numbersIn, textIn } from './fields.ts';
import { type Rope, type RopeSettings, ropeOf } from './rope.ts';
import type { LayerSpec } from './spec.ts';

interface Read {
  readonly fields: Fields;
  readonly layers: number;
  readonly traits: Traits;
  readonly headDim: number;
  readonly context: number;
}

const even = (width: number): number => 2 * Math.floor(width / 2);

/** `rope_parameters` (transformers 5; per kind of layer in some families) or `rope_theta` beside `rope_scaling`. */
function fromConfig(read: Read): RopeSettings {
  const { fields, traits, headDim } = read;
  const given = fieldsIn(fields, 'rope_parameters');
  const v5 = fieldsIn(given ?? {}, 'full_attention') ?? given;
  const scaling = v5 ?? fieldsIn(fields, 'rope_scaling') ?? {};
  const part =
    numberIn(scaling, 'partial_rotary_factor') ??
    numberIn(fields, 'partial_rotary_factor', 'rotary_pct', 'rope_pct') ??
    traits.partialRotary;
  return {
    kind: textIn(scaling, 'rope_type', 'type') ?? 'default',
    base: numberIn(scaling, 'rope_theta') ?? numberIn(fields, 'rope_theta', 'rotary_emb_base') ?? 10_000,
    width: even(traits.rotaryWidth ?? Math.floor(headDim * (part ?? 1))),
    interleaved: traits.interleaved ?? false,
    factor: numberIn(scaling, 'factor'),
    original: numberIn(scaling, 'original_max_position_embeddings') ?? numberIn(fields, 'original_max_position_embeddings'),
    context: read.context,
    lowFactor: numberIn(scaling, 'low_freq_factor'),
    highFactor: numberIn(scaling, 'high_freq_factor'),
    betaFast: numberIn(scaling, 'beta_fast'),
    betaSlow: numberIn(scaling, 'beta_slow'),
    attentionFactor: numberIn(scaling, 'attention_factor'),
    mscale: numberIn(scaling, 'mscale'),
    mscaleAllDim: numberIn(scaling, 'mscale_all_dim'),
    truncate: flagIn(scaling, 'truncate'),
    shortFactors: numbersIn(scaling, 'short_factor'),
    longFactors: numbersIn(scaling, 'long_factor'),
  };
}

/** A short float32 tensor of the file (GGUF's rope factors). */
function smallTensor(files: ModelFiles, name: string): number[] | undefined {
  const tensor = files.tensors.get(name);
  if (tensor === undefined || tensor.type !== 'F32' || tensor.bytes > 65_536) return undefined;
  const bytes = new Uint8Array(tensor.bytes);
  const file = openSync(tensor.file, 'r');
  try {
    readSync(file, bytes, 0, tensor.bytes, tensor.offset);
  } finally {
    closeSync(file);
  }
  return [...new Float32Array(bytes.buffer)];
}

function fromMetadata(read: Read, files: ModelFiles): RopeSettings {
  const { fields, traits, headDim } = read;
  const longFactors = smallTensor(files, 'rope_factors_long.weight');
  const log = numberIn(fields, 'rope.scaling.yarn_log_multiplier');
  const kind = longFactors === undefined ? (textIn(fields, 'rope.scaling.type') ?? 'default') : 'longrope';
  return {
    kind,
    base: numberIn(fields, 'rope.freq_base') ?? 10_000,
    width: even(numberIn(fields, 'rope.dimension_count') ?? headDim),
    interleaved: traits.interleaved ?? false,
    factor: numberIn(fields, 'rope.scaling.factor'),
    original: numberIn(fields, 'rope.scaling.original_context_length'),
    context: read.context,
    attentionFactor: numberIn(fields, 'rope.scaling.attn_factor'),
    betaFast: numberIn(fields, 'rope.scaling.yarn_beta_fast'),
    betaSlow: numberIn(fields, 'rope.scaling.yarn_beta_slow'),
    // DeepSeek: what leaves cos and sin as they are goes into the scale of the products.
    mscale: log,
    mscaleAllDim: log,
    shortFactors: smallTensor(files, 'rope_factors_short.weight'),
    longFactors,
    divisors: smallTensor(files, 'rope_freqs.weight'),
  };
}

/** Settings that no model has, named before frequencies are made of them. */
function checked(settings: RopeSettings, most: number): RopeSettings {
  const positive = {
    base: settings.base,
    factor: settings.factor,
    'original context': settings.original,
    beta_fast: settings.betaFast,
    beta_slow: settings.betaSlow,
  };
  for (const [what, value] of Object.entries(positive))
    if (value !== undefined && !(value > 0 && value < 1e15))
      throw new UserError(`the configuration's rope has the ${what} ${value}`, 'the configuration is damaged: fetch it again');
  const { width } = settings;
  if (!(width >= 2 && width <= most))
    throw new UserError(
      `the configuration rotates ${width} dimensions of a head of ${most}`,
      'the configuration is damaged: fetch it again',
    );
  return settings;
}

/** The model's ropes and which layer uses which. */
export function ropesOf(read: Read, files: ModelFiles): { ropes: readonly Rope[]; layers: readonly LayerSpec[] } {
  const given = files.format === 'gguf' ? fromMetadata(read, files) : fromConfig(read);
  const settings = checked(given, read.traits.latent?.rotated ?? read.headDim);
  const { localBase, noRope, window } = read.traits;
  const ropes = [ropeOf(settings)];
  if (localBase !== undefined) {
    const local: RopeSettings = { ...settings, kind: 'default', base: localBase.base, divisors: undefined };
    ropes.push(ropeOf(checked(local, settings.width)));
  }
  const layers = Array.from({ length: read.layers }, (_, i) => ({
    rope: noRope?.(i) ? null : localBase?.on(i) ? 1 : 0,
    window: window?.(i) ?? null,
    convolution: read.traits.convolution?.(i) ?? null,
  }));
  return { ropes, layers };
}
