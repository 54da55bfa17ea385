/** LoRA adapters (PEFT folders, GGUF adapter files): low-rank additions to a model's matrices. */
import { createHash } from 'node:crypto';
import type { Draft } from './draft.ts';
import type { Rows, Weights } from './graph-weights.ts';

/** y = x·Wᵀ + scale · (x·Aᵀ)·Bᵀ + shift. */
export interface Addition {
  /** [rank,in] and [out,rank], row-major; null: only the shift. */
  readonly low: { readonly rank: number; readonly scale: number; readonly a: Float32Array; readonly b: Float32Array } | null;
  readonly shift: Float32Array | null;
}

export interface Adapter {
  /** By canonical name (`layers.0.q`). */
  readonly matrices: ReadonlyMap<string, Addition>;
  /** Vectors that take the place of the model's own (`layers.0.attnNorm.bias`). */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** sha256 (hex) of all that it adds. */
  readonly hash: string;
}

const raw = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

export function adapterOf(parts: Omit<Adapter, 'hash'>): Adapter {
  const hash = createHash('sha256');
  for (const [name, { low, shift }] of parts.matrices) {
    hash.update(JSON.stringify([name, low?.rank, low?.scale, shift?.length]));
    for (const values of [low?.a, low?.b, shift]) if (values) hash.update(raw(values));
  }
  for (const [name, values] of parts.vectors) hash.update(name).update(raw(values));
  return { ...parts, hash: hash.digest('hex') };
}

/** The same weights with the adapter's additions. Its matrices lie in the graph itself. */
export function adaptedWeights(draft: Draft, weights: Weights, adapter: Adapter): Weights {
  const constant = (name: string, values: Float32Array, shape: readonly number[]): string =>
    draft.initializer({ name, type: 'float32', shape, raw: raw(values) });
  const linear = (x: string, canonical: string, rows?: Rows): string => {
    const y = weights.linear(x, canonical, rows);
    const { low = null, shift = null } = adapter.matrices.get(canonical) ?? {};
    const where = rows === undefined ? canonical : `${canonical}[${rows.from}:${rows.to}]`;
    const moved = shift === null ? y : draft.op('Add', [y, constant(`${where}.shift`, ...cut(shift, 1, rows))]);
    if (low === null) return moved;
    const transposed = (name: string): string => draft.op('Transpose', [name], { perm: [1, 0] });
    const down = draft.op('MatMul', [x, transposed(constant(`${canonical}.loraA`, low.a, [low.rank, low.a.length / low.rank]))]);
    const up = draft.op('MatMul', [down, transposed(constant(`${where}.loraB`, ...cut(low.b, low.rank, rows)))]);
    return draft.op('Add', [moved, draft.op('Mul', [up, draft.floats([low.scale], [])])]);
  };
  const vector = (name: string): string => {
    const own = adapter.vectors.get(name);
    return own === undefined ? weights.vector(name) : constant(`${name}.adapted`, own, [own.length]);
  };
  return { ...weights, linear, vector };
}

/** Some rows of a matrix [out,width] (or, with width 1, of a vector [out]). */
function cut(values: Float32Array, width: number, rows?: Rows): [Float32Array, readonly number[]] {
  const part = rows === undefined ? values : values.subarray(rows.from * width, rows.to * width);
  return [part, width === 1 ? [part.length] : [part.length / width, width]];
}
