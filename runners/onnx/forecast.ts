import { freemem } from 'node:os';
import { UserError } from '../../src/types.ts';

/** What opening and running a model will take, in bytes. */
export interface Forecast {
  /** Weights as the graph reads them: mapped pages of a file, or memory of their own. */
  readonly weights: number;
  /** A second layout of the matrices, where they are prepacked. */
  readonly prepacked: number;
  readonly cache: number;
  /** Activations, buffers, the process itself. */
  readonly working: number;
  readonly total: number;
}

export interface Shape {
  readonly weightBytes: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvBytesPerToken: number;
  /** Tokens in one run, tokens seen by it, tokens kept for all rows. */
  readonly tokens: number;
  readonly seen: number;
  readonly kept: number;
  readonly prepack: boolean;
}

/** Node, onnxruntime and the tokenizer, measured on Linux (RSS of the child before the first run). */
const processBytes = 160e6;
/** Vocabulary rows whose scores are alive at a time (graph-head.ts). */
const headBlock = 16_384;

/** A forecast before anything is loaded. float32 activations: about six widths and three feed-forward widths a token are alive at once. */
export function forecastOf(shape: Shape): Forecast {
  const activations = 4 * shape.tokens * (6 * shape.hidden + 3 * shape.ffn + shape.heads * shape.seen + shape.seen + 2 * headBlock);
  const cache = shape.kvBytesPerToken * shape.kept;
  const prepacked = shape.prepack ? shape.weightBytes : 0;
  const working = processBytes + activations;
  return { weights: shape.weightBytes, prepacked, cache, working, total: shape.weightBytes + prepacked + cache + working };
}

/** Memory this process may still take, in bytes: the machine's, or what a container leaves. */
export function freeMemory(): number {
  // availableMemory (Node 20.13) knows cgroup limits; before it, constrainedMemory tells the limit alone.
  const { availableMemory } = process as { availableMemory?: () => number };
  const limit = process.constrainedMemory();
  const within = availableMemory?.() ?? freemem();
  return limit !== undefined && limit > 0 && limit < 2 ** 50 ? Math.min(within, limit) : within;
}

export const gigabytes = (bytes: number): string => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** Refuses (exit 3), with both numbers, what will not fit. */
export function refuseIfTooLarge(name: string, forecast: Forecast, free: number): void {
  if (forecast.total <= free) return;
  throw new UserError(
    `${name} needs about ${gigabytes(forecast.total)} of memory (weights ${gigabytes(forecast.weights)}), ${gigabytes(free)} are free`,
    'close other programs, take a smaller or more quantised model, or use --weights fast',
    3,
  );
}
