/** How the graph reads its weights: from the model's own files, in place, as float32. */
import { basename } from 'node:path';
import { UserError } from '../../src/types.ts';
import type { ReadyTensor } from './contract.ts';
import type { Draft } from './draft.ts';
import type { ModelSpec } from './spec.ts';

/** Matrix products and look-ups by canonical name. `rows`: part of the matrix's outputs. */
export interface Weights {
  readonly has: (canonical: string) => boolean;
  /** x · Wᵀ, plus the bias where there is one. */
  readonly linear: (x: string, canonical: string, rows?: Rows) => string;
  /** Rows of a table. */
  readonly lookup: (canonical: string, ids: string) => string;
  /** A vector as float32. */
  readonly vector: (name: string) => string;
  /** Some of a vector's elements as float32. */
  readonly part: (name: string, rows?: Rows) => string;
}
export interface Rows {
  readonly from: number;
  readonly to: number;
  readonly of: number;
}

const elementBytes = { F32: 4, F16: 2, BF16: 2 } as const;
const elementType = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

export interface WeightSource {
  readonly draft: Draft;
  readonly spec: ModelSpec;
  /** By the name in the file. */
  readonly tensors: ReadonlyMap<string, ReadyTensor>;
  /** The provider has no fused transposed product. */
  readonly plain: boolean;
}

/** The experts of a layer in one tensor [experts,out,in] are one matrix of experts·out rows. */
export const matrixOf = (shape: readonly number[]): readonly number[] =>
  shape.length === 3 ? [(shape[0] ?? 0) * (shape[1] ?? 0), shape[2] ?? 0] : shape;

/** A tensor (or some rows of it) as an initializer of its stored type. */
export function stored(source: WeightSource, canonical: string, rows?: Rows): { name: string; cast: boolean } {
  const file = source.spec.tensors[canonical];
  const tensor = file === undefined ? undefined : source.tensors.get(file);
  if (tensor === undefined) throw new UserError(`the model's file has no tensor ${file ?? canonical}`, 'are all of its files there?');
  const [first = 0, ...rest] = rows === undefined ? tensor.shape : matrixOf(tensor.shape);
  const width = rest.reduce((a, b) => a * b, 1) * elementBytes[tensor.type];
  const part = rows ?? { from: 0, to: first };
  const whole = part.to - part.from === first;
  const name = source.draft.initializer({
    name: whole ? canonical : `${canonical}[${part.from}:${part.to}]`,
    type: elementType[tensor.type],
    shape: [part.to - part.from, ...rest],
    location: basename(tensor.file),
    offset: tensor.offset + part.from * width,
    bytes: (part.to - part.from) * width,
  });
  return { name, cast: tensor.type !== 'F32' };
}

const asFloat = (draft: Draft, from: { name: string; cast: boolean }): string =>
  from.cast ? draft.op('Cast', [from.name], { to: 1 }) : from.name;

function product(source: WeightSource, x: string, from: { matrix: string; canonical: string }): string {
  const { draft } = source;
  const { matrix, canonical } = from;
  if (source.spec.transposed && canonical.startsWith('layers.')) return draft.op('MatMul', [x, matrix]);
  if (source.plain) return draft.op('MatMul', [x, draft.op('Transpose', [matrix], { perm: [1, 0] })]);
  return draft.op('FusedMatMul', [x, matrix], { transA: 0, transB: 1 });
}

/** float32 of exactly the stored weights. */
export function exactWeights(source: WeightSource): Weights {
  const { draft, spec } = source;
  const has = (canonical: string): boolean => spec.tensors[canonical] !== undefined;
  return {
    has,
    linear: (x, canonical, rows) => {
      const matrix = stored(source, `${canonical}.weight`, rows);
      const y = product(source, x, { matrix: asFloat(draft, matrix), canonical });
      const bias = `${canonical}.bias`;
      return has(bias) ? draft.op('Add', [y, asFloat(draft, stored(source, bias, rows))]) : y;
    },
    lookup: (canonical, ids) => {
      const table = stored(source, `${canonical}.weight`);
      const found = draft.op('Gather', [table.name, ids], { axis: 0 });
      return table.cast ? draft.op('Cast', [found], { to: 1 }) : found;
    },
    vector: (name) => asFloat(draft, stored(source, name)),
    part: (name, rows) => asFloat(draft, stored(source, name, rows)),
  };
}
