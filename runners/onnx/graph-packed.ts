/** How a fast graph reads its weights: products on blocks of small integers, look-ups that widen rows as they are read. */
import { basename } from 'node:path';
import type { PackedTensor, Region } from './contract.ts';
import type { Draft } from './draft.ts';
import { exactWeights, type Rows, type WeightSource, type Weights } from './graph-weights.ts';

/** How exactly products are computed: 4 rounds activations to 8 bits, 1 and 0 keep them in float32. */
export type Accuracy = 0 | 1 | 4;

interface Slice {
  readonly codes: string;
  readonly scales: string;
  readonly minima: string | null;
  readonly rows: number;
}

function slice(source: WeightSource, canonical: string, tensor: PackedTensor, rows?: Rows): Slice {
  const [all = 0, width = 0] = tensor.shape;
  const { from, to } = rows ?? { from: 0, to: all };
  const count = to - from;
  const blocks = width / tensor.block;
  const part = (what: string, region: Region, shape: readonly number[]): string => {
    const size = region.bytes / all;
    return source.draft.initializer({
      name: `${canonical}.${what}[${from}:${to}]`,
      type: what === 'codes' ? 'uint8' : 'float32',
      shape,
      location: basename(tensor.file),
      offset: region.offset + from * size,
      bytes: count * size,
    });
  };
  return {
    codes: part('codes', tensor.codes, [count, blocks, (tensor.block * tensor.bits) / 8]),
    scales: part('scales', tensor.scales, [count * blocks]),
    minima: tensor.minima === null ? null : part('minima', tensor.minima, [count, blocks]),
    rows: count,
  };
}

/** A larger matrix is laid out for the processor in slices, so that only one of them is in memory twice while the graph is opened. */
const mostRows = 1 << 15;

/** How packed matrices are multiplied. */
export interface Products {
  readonly accuracy: (canonical: string) => Accuracy;
  /** In two passes: what is lost when activations are rounded to 8 bits is multiplied too, which leaves about 16 bits of them. */
  readonly twice: (canonical: string) => boolean;
}

/**
 * x [rows,…,width] rounded as MatMulNBits rounds it (127 steps to the largest of each block), and behind it along the first axis the rest. The operator rounds the first part
 * to itself, and the rest is small: its rounding weighs 1/254 of that of x.
 */
function inTwoParts(draft: Draft, x: string, shape: Blocked): string {
  const blocks = draft.op('Reshape', [x, draft.ints(shape.blocks)]);
  const largest = draft.op('ReduceMax', [draft.op('Abs', [blocks]), draft.ints([-1])], { keepdims: 1 });
  const step = draft.op('Max', [draft.op('Mul', [largest, draft.floats([1 / 127], [])]), draft.floats([1e-30], [])]);
  const rounded = draft.op('Mul', [draft.op('Round', [draft.op('Div', [blocks, step])]), step]);
  return draft.op('Reshape', [draft.op('Concat', [rounded, draft.op('Sub', [blocks, rounded])], { axis: 0 }), draft.ints(shape.flat)]);
}

/** Shapes of activations, whole and in blocks of their width: the head is fed [N,width], all else [B,S,width]. */
interface Blocked {
  readonly flat: readonly number[];
  readonly blocks: readonly number[];
}

function blockedShape(canonical: string, width: number, block: number): Blocked {
  const before = /^(embed|head)$/.test(canonical) ? [0] : [0, 0];
  return { flat: [...before, width], blocks: [...before, width / block, block] };
}

/** Products and look-ups on packed matrices; what is not packed is read exactly. */
export function packedWeights(source: WeightSource, packed: ReadonlyMap<string, PackedTensor>, products: Products): Weights {
  const exact = exactWeights(source);
  const { draft, spec } = source;
  const find = (canonical: string): PackedTensor | undefined => packed.get(spec.tensors[`${canonical}.weight`] ?? '');
  const sums = new Map<string, string>();
  const halves = new Map<string, string>();
  const partsOf = (x: string, block: number, shape: Blocked): string => {
    const key = `${x}:${block}`;
    const made = halves.get(key) ?? inTwoParts(draft, x, shape);
    halves.set(key, made);
    return made;
  };
  const blockSums = (x: string, block: number, shape: Blocked): string => {
    const key = `${x}:${block}`;
    const known = sums.get(key);
    if (known !== undefined) return known;
    const made = draft.op('ReduceSum', [draft.op('Reshape', [x, draft.ints(shape.blocks)]), draft.ints([-1])], { keepdims: 0 });
    sums.set(key, made);
    return made;
  };
  const linear: Weights['linear'] = (x, canonical, rows) => {
    const tensor = find(canonical);
    if (tensor === undefined) return exact.linear(x, canonical, rows);
    const all = tensor.shape[0] ?? 0;
    if (rows === undefined && all > mostRows) {
      const slices = Array.from({ length: Math.ceil(all / mostRows) }, (_, i) => ({
        from: i * mostRows,
        to: Math.min(all, (i + 1) * mostRows),
        of: all,
      }));
      return draft.op(
        'Concat',
        slices.map((each) => linear(x, canonical, each)),
        { axis: -1 },
      );
    }
    const { codes, scales, minima, rows: count } = slice(source, canonical, tensor, rows);
    const shape = blockedShape(canonical, tensor.shape[1] ?? 0, tensor.block);
    const sizes = { K: tensor.shape[1] ?? 0, N: count, bits: tensor.bits, block_size: tensor.block };
    const product = (given: string): string =>
      draft.op('MatMulNBits', [given, codes, scales], { ...sizes, accuracy_level: products.accuracy(canonical) });
    let y: string;
    if (products.twice(canonical)) {
      const [rough = '', rest = ''] = draft.ops('Split', [product(partsOf(x, tensor.block, shape))], 2, { axis: 0, num_outputs: 2 });
      y = draft.op('Add', [rough, rest]);
    } else y = product(x);
    if (minima !== null) {
      const least = source.plain
        ? draft.op('MatMul', [blockSums(x, tensor.block, shape), draft.op('Transpose', [minima], { perm: [1, 0] })])
        : draft.op('FusedMatMul', [blockSums(x, tensor.block, shape), minima], { transA: 0, transB: 1 });
      y = draft.op('Add', [y, least]);
    }
    return spec.tensors[`${canonical}.bias`] === undefined ? y : draft.op('Add', [y, exact.part(`${canonical}.bias`, rows)]);
  };
  const lookup: Weights['lookup'] = (canonical, ids) => {
    const tensor = find(canonical);
    if (tensor === undefined) return exact.lookup(canonical, ids);
    const [all = 0, width = 0] = tensor.shape;
    const table = draft.initializer({
      name: `${canonical}.table`,
      type: 'uint8',
      shape: [all, width],
      location: basename(tensor.file),
      ...tensor.codes,
    });
    const scales = draft.initializer({
      name: `${canonical}.tableScales`,
      type: 'float32',
      shape: [all, width / tensor.block],
      location: basename(tensor.file),
      ...tensor.scales,
    });
    return draft.op('GatherBlockQuantized', [table, ids, scales], {
      gather_axis: 0,
      quantize_axis: 1,
      block_size: tensor.block,
      bits: tensor.bits,
    });
  };
  return { ...exact, linear, lookup };
}
