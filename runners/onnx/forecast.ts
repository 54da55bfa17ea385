import { freemem } from 'node:os';
import { UserError } from '../../src/types.ts';

/** The most that a model's process will hold in main memory while it is opened and asked, in bytes. */
export interface Forecast {
  /** Of its own: it has to be free. */
  readonly own: number;
  /** Pages mapped from the weights' file, each counted once: they make runs fast, and the system may take them back. */
  readonly mapped: number;
  readonly total: number;
  /** The total without pages that are read once, while weights are laid out anew, and never missed. */
  readonly needed: number;
}

export interface Shape {
  /** Weights that runs read where the file is mapped. */
  readonly mapped: number;
  /** Scales of packed weights: read where the file is mapped while they are laid out anew, then left. */
  readonly idle: number;
  /** Weights that each open graph holds in memory of its own. */
  readonly held: number;
  /** Weights that only the graph for generation holds, beside the mapped ones: laid out anew for runs of few rows. */
  readonly laidOut: number;
  /** Graphs open at the same time: one to score, one to generate. */
  readonly graphs: 1 | 2;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvBytesPerToken: number;
  /** Tokens in one run, tokens seen by it, rows decoded together, and the tokens kept for all of them. */
  readonly tokens: number;
  readonly seen: number;
  readonly rows: number;
  readonly kept: number;
}

/** Node's and onnxruntime's own memory, and their pages of files, measured on Linux; what an open graph takes beside its weights. */
const [processBytes, libraryBytes, graphBytes] = [48e6, 30e6, 16e6];
/** The tokenizer, a token of the vocabulary. */
const tokenBytes = 100;
/** Vocabulary rows whose scores are alive at a time while scoring (graph-head.ts), and copies of all of them while a token is drawn. */
const [headBlock, drawn] = [16_384, 4];

/** A forecast before anything is loaded. float32 activations: about six widths and three feed-forward widths a token are alive at once. The attention's outputs hold the cache a second time. */
export function forecastOf(shape: Shape): Forecast {
  const { tokens, seen, rows, graphs } = shape;
  const activations = 4 * tokens * (6 * shape.hidden + 3 * shape.ffn + shape.heads * seen + seen + 2 * headBlock);
  const weights = graphs * shape.held + shape.laidOut;
  const cache = 2 * shape.kvBytesPerToken * shape.kept;
  const scores = 4 * drawn * rows * shape.vocabulary;
  const own = processBytes + tokenBytes * shape.vocabulary + graphs * graphBytes + weights + cache + activations + scores;
  const mapped = libraryBytes + shape.mapped + shape.idle;
  return { own, mapped, total: own + mapped, needed: own + mapped - shape.idle };
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

/** `7.3 GB of memory: 6.9 GB of its own and 0.4 GB …`. */
export const forecastText = ({ own, mapped, total }: Forecast): string =>
  `${gigabytes(total)} of memory: ${gigabytes(own)} of its own and ${gigabytes(mapped)} of file pages, which the system can take back`;

/** Refuses (exit 3), with both numbers, what will not fit. */
export function refuseIfTooLarge(name: string, forecast: Forecast, free: number): void {
  if (forecast.needed <= free) return;
  throw new UserError(
    `${name} needs about ${forecastText(forecast)}; ${gigabytes(free)} are free`,
    'close other programs, take a smaller or more quantised model, or use --weights fast',
    3,
  );
}
