import type { Tensor } from 'onnxruntime-node';
import type { Job } from './generate-runs.ts';
import { type Feeds, int64, type Session } from './session.ts';

/** What a generate graph chose at each picked position. */
export interface Picked {
  readonly tokens: readonly number[];
  readonly logprobs: ArrayLike<number>;
  /** The likeliest tokens, `wide` a position. */
  readonly top: readonly number[];
  readonly topLogprobs: ArrayLike<number>;
  readonly wide: number;
}

export interface Draw {
  readonly temperature: number;
  /** In [0, 1). */
  readonly uniform: number;
  /** How many of the likeliest tokens are wanted. */
  readonly top: number;
}

/** Cache slots a job may come to need. */
export const needOf = (job: Job): number => job.ids.length + job.maxTokens;

export const hasInput = ({ graph }: Session, name: string): boolean => graph.inputs.some((input) => input.name === name);

/** Graphs take exactly the inputs they list: a model without rotary positions has no position_ids. */
export function only(session: Session, feeds: Feeds): Feeds {
  return Object.fromEntries(
    session.graph.inputs.map(({ name }) => [name, feeds[name]]).filter((pair): pair is [string, Tensor] => pair[1] !== undefined),
  );
}

/** How much of each row's cache is valid after the run. */
export function lengths({ ort }: Session, totals: readonly number[]): Feeds {
  return {
    seqlens_k: new ort.Tensor(
      'int32',
      Int32Array.from(totals, (total) => total - 1),
      [totals.length],
    ),
    total_sequence_length: new ort.Tensor('int32', Int32Array.of(Math.max(...totals)), []),
  };
}

/** The full length each row may reach, for models whose rotation depends on it. */
export function span(session: Session, spans: readonly number[], size: number): Feeds {
  if (!hasInput(session, 'span')) return {};
  return {
    span: int64(
      session.ort,
      spans.flatMap((each) => new Array<number>(size).fill(each)),
      [spans.length, size],
    ),
  };
}

/** Where next tokens are chosen, and how. */
export function choosing({ ort }: Session, draws: readonly Draw[], picks: readonly number[]): Feeds {
  const shape = [draws.length];
  return {
    pick: int64(ort, picks, shape),
    temperature: new ort.Tensor(
      'float32',
      Float32Array.from(draws, (draw) => draw.temperature),
      shape,
    ),
    uniform: new ort.Tensor(
      'float32',
      Float32Array.from(draws, (draw) => draw.uniform),
      shape,
    ),
    top_k: int64(ort, [Math.max(1, ...draws.map((draw) => draw.top))], [1]),
  };
}

/** The largest float32 below 1 is the largest a uniform number may be. */
export const below1 = (u: number): number => Math.min(u, 1 - 2 ** -24);

const numbers = (tensor: Tensor | undefined): number[] => (tensor ? Array.from(tensor.data as BigInt64Array, Number) : []);
const floats = (tensor: Tensor | undefined): ArrayLike<number> => (tensor?.data as Float32Array | undefined) ?? [];

export function pickedFrom(out: Readonly<Record<string, Tensor>>): Picked {
  const [tokens, top] = [numbers(out.token), numbers(out.top)];
  return {
    tokens,
    logprobs: floats(out.logprob),
    top,
    topLogprobs: floats(out.top_logprob),
    wide: tokens.length > 0 ? top.length / tokens.length : 0,
  };
}

/** Single runs' choices as if they came from one. */
export function joined(parts: readonly Picked[]): Picked {
  const wide = Math.max(...parts.map((part) => part.wide));
  const filled = (values: ArrayLike<number>, part: Picked): number[] => [
    ...Array.from(values),
    ...new Array<number>(wide - part.wide).fill(Number.NaN),
  ];
  return {
    tokens: parts.flatMap((part) => part.tokens),
    logprobs: parts.flatMap((part) => Array.from(part.logprobs)),
    top: parts.flatMap((part) => filled(part.top, part)),
    topLogprobs: parts.flatMap((part) => filled(part.topLogprobs, part)),
    wide,
  };
}
