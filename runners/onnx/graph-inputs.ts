/** The graph's beginning: embeddings, rotation tables, masks and caches. */
import type { BiasInput, CacheValue, Purpose } from './contract.ts';
import type { Draft } from './draft.ts';
import type { Context } from './graph-context.ts';
import { norm } from './graph-norm.ts';
import type { Weights } from './graph-weights.ts';
import type { Rope } from './rope.ts';
import type { ModelSpec } from './spec.ts';

/** cos and sin [B,S,width/2] of every rope, from the positions themselves: no table bounds the length. */
export function rotationsOf(
  base: { draft: Draft; spec: ModelSpec; plain: boolean },
  positions: string,
): Pick<Context, 'rotations' | 'rows'> {
  const { draft, spec, plain } = base;
  const places = draft.op('Unsqueeze', [draft.op('Cast', [positions], { to: 1 }), draft.ints([2])]);
  const longest = spec.ropes.some((rope) => rope.long) ? draft.input({ name: 'span', type: 'int64', shape: ['B', 'S'] }) : '';
  const rotations = spec.ropes.map((rope) => {
    const angles = draft.op('Mul', [places, frequenciesOf(draft, rope, longest)]);
    const table = (op: string): string => {
      const turns = draft.op(op, [angles]);
      const scaled = rope.scale === 1 ? turns : draft.op('Mul', [turns, draft.floats([rope.scale], [])]);
      return plain ? draft.op('Reshape', [scaled, draft.ints([-1, rope.width / 2])]) : scaled;
    };
    return { cos: table('Cos'), sin: table('Sin') };
  });
  return { rotations, rows: plain ? rowNumbers(draft, positions) : '' };
}

/** 0 … B·S−1 as [B,S]. */
function rowNumbers(draft: Draft, positions: string): string {
  const shape = draft.op('Shape', [positions]);
  const count = draft.op('Squeeze', [draft.op('ReduceProd', [shape, draft.ints([0])], { keepdims: 1 }), draft.ints([0])]);
  return draft.op('Reshape', [draft.op('Range', [draft.ints([0], true), count, draft.ints([1], true)]), shape]);
}

function frequenciesOf(draft: Draft, rope: Rope, span: string): string {
  const shape = [1, 1, rope.width / 2];
  const short = draft.floats(rope.frequencies, shape);
  if (rope.long === undefined) return short;
  const beyond = draft.op('Unsqueeze', [draft.op('Greater', [span, draft.ints([rope.long.beyond])]), draft.ints([2])]);
  return draft.op('Where', [beyond, draft.floats(rope.long.frequencies, shape), short]);
}

/** Token embeddings [B,S,hidden], scaled, with learned positions and a norm where the model has them. */
export function embedded(base: { draft: Draft; spec: ModelSpec; weights: Weights }, ids: string, positions: string): string {
  const { draft, spec, weights } = base;
  let x = weights.lookup('embed', ids);
  if (spec.embeddingScale !== 1) x = draft.op('Mul', [x, draft.floats([spec.embeddingScale], [])]);
  if (spec.positions === 'learned') {
    const rows = spec.positionOffset === 0 ? positions : draft.op('Add', [positions, draft.ints([spec.positionOffset])]);
    x = draft.op('Add', [x, weights.lookup('positions', rows)]);
  }
  return norm(base, x, 'embedNorm');
}

export const biasName = (window: number | null): string => `attention_bias.${window ?? 'full'}`;

/** One bias input a kind of layer. */
export function biasesOf(spec: ModelSpec): BiasInput[] {
  const windows = [...new Set(spec.layers.map((layer) => layer.window))];
  return windows.map((window) => ({ name: biasName(window), window }));
}

/** Slopes of ALiBi (Press et al. 2022): powers of two for a power of two heads, the rest from twice as many. */
export function alibiSlopes(heads: number): number[] {
  const even = 2 ** Math.floor(Math.log2(heads));
  const run = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (1 + i * step)) / even));
  const first = run(even, 1);
  const rest = Array.from({ length: heads - even }, (_, i) => 2 ** ((-4 * (1 + 2 * i)) / even));
  return [...first, ...rest];
}

export function cachesOf(spec: ModelSpec, width: number): CacheValue[] {
  const cache = (name: string, shape: CacheValue['shape']): CacheValue => ({
    past: `past.${name}`,
    present: `present.${name}`,
    type: 'float32',
    shape,
  });
  return spec.layers.flatMap(({ convolution }, i) =>
    convolution === null
      ? ['key', 'value'].map((part) => cache(`${i}.${part}`, ['B', spec.kvHeads, 'C', width]))
      : [cache(`${i}.convolution`, ['B', convolution - 1, spec.hidden])],
  );
}

/** int32 lengths for the operator: inputs where there is a cache, else read off the ids. */
function lengths(draft: Draft, ids: string, cached: boolean): { seqlens: string; total: string } {
  if (cached)
    return {
      seqlens: draft.input({ name: 'seqlens_k', type: 'int32', shape: ['B'] }),
      total: draft.input({ name: 'total_sequence_length', type: 'int32', shape: [] }),
    };
  const shape = draft.op('Cast', [draft.op('Shape', [ids])], { to: 6 });
  const size = draft.op('Gather', [shape, draft.ints([1], true)], { axis: 0 });
  const rows = draft.op('Gather', [draft.op('Shape', [ids]), draft.ints([0])], { axis: 0 });
  const one = draft.op('Cast', [draft.ints([1], true)], { to: 6 });
  return { seqlens: draft.op('Expand', [draft.op('Sub', [size, one]), rows]), total: size };
}

export function masksOf(
  base: { draft: Draft; spec: ModelSpec },
  ids: string,
  options: { purpose: Purpose; cached: boolean },
): Context['masks'] {
  const { draft, spec } = base;
  const { seqlens, total } = lengths(draft, ids, options.cached);
  const alibi = spec.positions === 'alibi' ? alibiOf(draft, spec, { ids, total, purpose: options.purpose }) : '';
  if (options.purpose === 'generate') return { seqlens, total, bias: () => alibi, windowed: false };
  const made = new Map<number | null, string>();
  for (const { name, window } of biasesOf(spec)) {
    const bias = draft.input({ name, type: 'float32', shape: ['Bb', 1, 'S', 'T'] });
    made.set(window, alibi === '' ? bias : draft.op('Add', [bias, alibi]));
  }
  return { seqlens, total, bias: (window) => made.get(window) ?? '', windowed: true };
}

/** slope · key position, [1 or B,heads,1 or S,T]: softmax makes it the same as slope · distance. */
function alibiOf(draft: Draft, spec: ModelSpec, from: { ids: string; total: string; purpose: Purpose }): string {
  const exact = draft.floats(alibiSlopes(spec.heads), [1, spec.heads, 1, 1]);
  const slopes = spec.alibiScaled ? halved(draft, exact) : exact;
  if (from.purpose === 'score') {
    const keys = draft.op('Cast', [draft.input({ name: 'key_positions', type: 'int64', shape: ['Bb', 'T'] })], { to: 1 });
    return scaledAlibi(draft, spec, draft.op('Mul', [slopes, draft.op('Unsqueeze', [keys, draft.ints([1, 2])])]));
  }
  const end = draft.op('Cast', [from.total], { to: 1 });
  const places = draft.op('Range', [draft.floats([0], []), end, draft.floats([1], [])]);
  const row = scaledAlibi(draft, spec, draft.op('Mul', [slopes, places]));
  const size = draft.op('Gather', [draft.op('Shape', [from.ids]), draft.ints([1])], { axis: 0 });
  return draft.op('Expand', [row, draft.op('Concat', [draft.ints([1, 1]), size, draft.ints([1])], { axis: 0 })]);
}

/** Rounded to bfloat16. */
const halved = (draft: Draft, x: string): string => draft.op('Cast', [draft.op('Cast', [x], { to: 16 })], { to: 1 });

const scaledAlibi = (draft: Draft, spec: ModelSpec, bias: string): string =>
  spec.alibiScaled ? draft.op('Mul', [halved(draft, bias), draft.floats([spec.attentionScale], [])]) : bias;
