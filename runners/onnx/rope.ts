/** Inverse frequencies of rotary position embeddings, as transformers' modeling_rope_utils computes them. */
import { UserError } from '../../src/types.ts';

/** How a file says its positions rotate; numbers as in config.json. */
export interface RopeSettings {
  readonly kind: string;
  readonly base: number;
  /** Rotated dimensions of a head. */
  readonly width: number;
  readonly interleaved: boolean;
  readonly factor?: number | undefined;
  /** Context the model was first trained with. */
  readonly original?: number | undefined;
  readonly context: number;
  readonly lowFactor?: number | undefined;
  readonly highFactor?: number | undefined;
  readonly betaFast?: number | undefined;
  readonly betaSlow?: number | undefined;
  readonly attentionFactor?: number | undefined;
  readonly mscale?: number | undefined;
  readonly mscaleAllDim?: number | undefined;
  readonly truncate?: boolean | undefined;
  readonly shortFactors?: readonly number[] | undefined;
  readonly longFactors?: readonly number[] | undefined;
  /** Divisors given in the file itself (GGUF rope_freqs). */
  readonly divisors?: readonly number[] | undefined;
}

export interface Rope {
  readonly kind: string;
  readonly base: number;
  readonly width: number;
  /** Pairs are neighbours (0,1)(2,3) instead of halves. */
  readonly interleaved: boolean;
  /** Radians a position, width/2 of them. */
  readonly frequencies: readonly number[];
  /** Multiplier of cos and sin. */
  readonly scale: number;
  /** Used instead for sequences longer than `beyond` tokens. */
  readonly long?: { readonly frequencies: readonly number[]; readonly beyond: number };
}

const plain = (base: number, width: number): number[] => Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));

function llama3(rope: RopeSettings, inverse: readonly number[]): number[] {
  const { factor = 8, lowFactor = 1, highFactor = 4, original = 8192 } = rope;
  return inverse.map((frequency) => {
    const wave = (2 * Math.PI) / frequency;
    if (wave < original / highFactor) return frequency;
    if (wave > original / lowFactor) return frequency / factor;
    const smooth = (original / wave - lowFactor) / (highFactor - lowFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** YaRN's multiplier of cos and sin. */
export const magnitude = (factor: number, weight = 1): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);

/** YaRN (Peng et al. 2023, section 3.2): low frequencies are interpolated, high ones kept, a ramp between. */
function yarn(rope: RopeSettings, inverse: readonly number[]): Pick<Rope, 'frequencies' | 'scale'> {
  const original = rope.original ?? rope.context;
  const factor = rope.factor ?? rope.context / original;
  const dimension = (turns: number): number => (rope.width * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(rope.base));
  const [low, high] = [dimension(rope.betaFast ?? 32), dimension(rope.betaSlow ?? 1)];
  const whole = rope.truncate ?? true;
  const from = Math.max(whole ? Math.floor(low) : low, 0);
  const until = Math.min(whole ? Math.ceil(high) : high, rope.width - 1);
  const span = from === until ? 0.001 : until - from;
  const frequencies = inverse.map((frequency, i) => {
    const kept = 1 - Math.min(1, Math.max(0, (i - from) / span));
    return (frequency / factor) * (1 - kept) + frequency * kept;
  });
  const { mscale, mscaleAllDim } = rope;
  const scale = mscale && mscaleAllDim ? magnitude(factor, mscale) / magnitude(factor, mscaleAllDim) : magnitude(factor);
  return { frequencies, scale: rope.attentionFactor ?? scale };
}

function longrope(rope: RopeSettings, inverse: readonly number[]): Pick<Rope, 'frequencies' | 'scale' | 'long'> {
  const { shortFactors, longFactors } = rope;
  if (
    shortFactors === undefined ||
    longFactors === undefined ||
    shortFactors.length !== rope.width / 2 ||
    longFactors.length !== rope.width / 2
  )
    throw new UserError(
      `longrope wants ${rope.width / 2} short and ${rope.width / 2} long factors`,
      'take the config.json as the model was published',
    );
  const original = rope.original ?? rope.context;
  const factor = rope.original === undefined ? (rope.factor ?? 1) : rope.context / original;
  const divided = (by: readonly number[]): number[] => inverse.map((frequency, i) => frequency / (by[i] ?? 1));
  return {
    frequencies: divided(shortFactors),
    long: { frequencies: divided(longFactors), beyond: Math.floor(original) },
    scale: rope.attentionFactor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original))),
  };
}

/** Throws UserError for a kind of scaling that is not known. */
export function ropeOf(rope: RopeSettings): Rope {
  const given = plain(rope.base, rope.width);
  const inverse = rope.divisors === undefined ? given : given.map((frequency, i) => frequency / (rope.divisors?.[i] ?? 1));
  const head = { kind: rope.kind, base: rope.base, width: rope.width, interleaved: rope.interleaved };
  switch (rope.kind) {
    case 'default':
    case 'none':
    // Dynamic NTK differs from plain only past the model's context, which is never exceeded.
    case 'dynamic':
      return { ...head, frequencies: inverse, scale: 1 };
    case 'linear':
      return { ...head, frequencies: inverse.map((frequency) => frequency / (rope.factor ?? 1)), scale: 1 };
    case 'llama3':
      return { ...head, frequencies: llama3(rope, inverse), scale: 1 };
    case 'yarn':
      return { ...head, ...yarn(rope, inverse) };
    case 'longrope':
    case 'su':
      return { ...head, kind: 'longrope', ...longrope(rope, inverse) };
    default:
      throw new UserError(`rope scaling “${rope.kind}” is not known`, 'known are default, linear, dynamic, llama3, yarn and longrope');
  }
}
