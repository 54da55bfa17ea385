/**
 * Attention from operators every provider has, in float32. GroupQueryAttention is for the CPU: CUDA's takes half precision only, and WebGPU's gives
 * wrong numbers from 32 tokens on where subgroups are small (SwiftShader; onnxruntime 1.30).
 */
import type { Purpose } from './contract.ts';
import type { Draft } from './draft.ts';
import type { Context } from './graph-context.ts';

/** Where the new tokens go and what they see, made once for all layers. */
export interface Places {
  /** [B,1,S,T] bias for layers with this window; keys after the query and beyond the window are out of sight. */
  readonly seen: (window: number | null) => string;
  /** [B,S] slot of each new token; '' without a cache. */
  readonly slots: string;
  /** [1] the sequence length so far. */
  readonly total: string;
}

export const noPlaces: Places = { seen: () => '', slots: '', total: '' };

const hidden = -3e38;

/** `lengths`: seqlens_k and total_sequence_length of a graph with a cache. Score graphs bring their own bias. */
export function placesOf(
  draft: Draft,
  from: { ids: string; seqlens: string; total: string; purpose: Purpose; cached: boolean; bias: (window: number | null) => string },
): Places {
  const size = draft.op('Gather', [draft.op('Shape', [from.ids]), draft.ints([1])], { axis: 0 });
  if (!from.cached) return { seen: from.bias, slots: '', total: size };
  const wide = (name: string): string => draft.op('Cast', [name], { to: 7 });
  const total = draft.op('Reshape', [wide(from.total), draft.ints([1])]);
  const before = draft.op('Sub', [draft.op('Add', [wide(from.seqlens), draft.ints([1])]), size]);
  const past = draft.op('Unsqueeze', [draft.op('Max', [before, draft.ints([0])]), draft.ints([1])]);
  const count = (of: string): string =>
    draft.op('Range', [draft.ints([0], true), draft.op('Squeeze', [of, draft.ints([0])]), draft.ints([1], true)]);
  const slots = draft.op('Add', [past, draft.op('Unsqueeze', [count(size), draft.ints([0])])]);
  if (from.purpose === 'score') return { seen: from.bias, slots, total };
  const queries = draft.op('Unsqueeze', [slots, draft.ints([1, 3])]);
  const distance = draft.op('Sub', [queries, draft.op('Unsqueeze', [count(total), draft.ints([0, 1, 2])])]);
  const made = new Map<number | null, string>();
  const seen = (window: number | null): string => {
    const known = made.get(window);
    if (known !== undefined) return known;
    const after = draft.op('Less', [distance, draft.ints([0])]);
    const out = window === null ? after : draft.op('Or', [after, draft.op('Greater', [distance, draft.ints([window - 1])])]);
    const bias = draft.op('Where', [out, draft.floats([hidden], []), draft.floats([0], [])]);
    const alibi = from.bias(window);
    const all = alibi === '' ? bias : draft.op('Add', [bias, alibi]);
    made.set(window, all);
    return all;
  };
  return { seen, slots, total };
}

/** [B,S,heads·width] → [B,heads,S,width]. */
function byHead(context: Context, x: string, heads: number): string {
  const { draft, width } = context;
  return draft.op('Transpose', [draft.op('Reshape', [x, draft.ints([0, 0, heads, width])])], { perm: [0, 2, 1, 3] });
}

/** The cache with the new keys or values in their slots. */
function scattered(context: Context, past: string, fresh: string): string {
  const { draft, spec } = context;
  const { slots } = context.places;
  const shape = draft.op('Shape', [slots]);
  const [rows, size] = [0, 1].map((i) => draft.op('Gather', [shape, draft.ints([i])], { axis: 0 }));
  const full = draft.op('Concat', [rows ?? '', draft.ints([spec.kvHeads]), size ?? '', draft.ints([1])], { axis: 0 });
  const spread = (name: string, axes: readonly number[]): string =>
    draft.op('Expand', [draft.op('Unsqueeze', [name, draft.ints(axes)]), full]);
  const upTo = (end: string): string => draft.op('Range', [draft.ints([0], true), end, draft.ints([1], true)]);
  const row = spread(upTo(draft.op('Squeeze', [rows ?? '', draft.ints([0])])), [1, 2, 3]);
  const head = spread(upTo(draft.ints([spec.kvHeads], true)), [0, 2, 3]);
  const indices = draft.op('Concat', [row, head, spread(slots, [1, 3])], { axis: 3 });
  return draft.op('ScatterND', [past, indices, fresh]);
}

/** q, k, v [B,S,heads·width] → [the output [B,S,heads·width], present key, present value]. */
export function plainAttention(context: Context, parts: { q: string; k: string; v: string }, layer: number): readonly string[] {
  const { draft, spec, width, places, cached } = context;
  const group = spec.heads / spec.kvHeads;
  const fresh = { key: byHead(context, parts.k, spec.kvHeads), value: byHead(context, parts.v, spec.kvHeads) };
  const present = cached
    ? { key: scattered(context, `past.${layer}.key`, fresh.key), value: scattered(context, `past.${layer}.value`, fresh.value) }
    : fresh;
  const used = (name: string): string => (cached ? draft.op('Slice', [name, draft.ints([0]), places.total, draft.ints([2])]) : name);
  // The heads of a group share their keys: they are rows of one product.
  const q = draft.op('Reshape', [byHead(context, parts.q, spec.heads), draft.ints([0, spec.kvHeads, -1, width])]);
  const scaled = draft.op('Mul', [q, draft.floats([spec.attentionScale], [])]);
  const raw = draft.op('MatMul', [scaled, draft.op('Transpose', [used(present.key)], { perm: [0, 1, 3, 2] })]);
  const last = draft.op('Concat', [draft.ints([0, spec.heads, -1]), places.total], { axis: 0 });
  let scores = draft.op('Reshape', [raw, last]);
  if (spec.attentionSoftcap !== null) {
    const cap = draft.floats([spec.attentionSoftcap], []);
    scores = draft.op('Mul', [draft.op('Tanh', [draft.op('Div', [scores, cap])]), cap]);
  }
  const window = spec.layers[layer]?.window ?? null;
  const shares = draft.op('Softmax', [draft.op('Add', [scores, places.seen(window)])], { axis: -1 });
  const joined = draft.op('Reshape', [shares, draft.op('Concat', [draft.ints([0, spec.kvHeads, -1]), places.total], { axis: 0 })]);
  const mixed = draft.op('MatMul', [joined, used(present.value)]);
  const heads = draft.op('Reshape', [mixed, draft.ints([0, group * spec.kvHeads, -1, width])]);
  const out = draft.op('Reshape', [draft.op('Transpose', [heads], { perm: [0, 2, 1, 3] }), draft.ints([0, 0, -1])]);
  return [out, present.key, present.value];
}
