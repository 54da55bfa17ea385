/** Attention of one layer, by GroupQueryAttention with rotation outside of it. */
import type { Context } from './graph-context.ts';
import { latentParts } from './graph-latent.ts';
import { norm } from './graph-norm.ts';
import { plainAttention } from './graph-plain-attention.ts';

export interface Projected {
  readonly q: string;
  readonly k: string;
  readonly v: string;
}

/** The fused projection's parts, each [B,S,heads·width]. */
function split(context: Context, fused: string): Projected {
  const { draft, spec } = context;
  const { heads, kvHeads, headDim } = spec;
  if (spec.qkv === 'joined') {
    const sizes = draft.ints([heads * headDim, kvHeads * headDim, kvHeads * headDim]);
    const [q = '', k = '', v = ''] = draft.ops('Split', [fused, sizes], 3, { axis: 2 });
    return { q, k, v };
  }
  const group = heads / kvHeads;
  const byGroup = draft.op('Reshape', [fused, draft.ints([0, 0, kvHeads, (group + 2) * headDim])]);
  const parts = draft.ops('Split', [byGroup, draft.ints([group * headDim, headDim, headDim])], 3, { axis: 3 });
  const [q = '', k = '', v = ''] = parts.map((part) => draft.op('Reshape', [part, draft.ints([0, 0, -1])]));
  return { q, k, v };
}

function projected(context: Context, x: string, layer: number): Projected {
  const { weights, spec } = context;
  const at = (role: string): string => `layers.${layer}.${role}`;
  return spec.qkv === 'apart'
    ? { q: weights.linear(x, at('q')), k: weights.linear(x, at('k')), v: weights.linear(x, at('v')) }
    : split(context, weights.linear(x, at('qkv')));
}

function clipped({ draft, spec }: Context, x: string): string {
  const { clip } = spec;
  return clip === null ? x : draft.op('Clip', [x, draft.floats([-clip], []), draft.floats([clip], [])]);
}

function normed(context: Context, x: string, name: string): string {
  const { draft, spec } = context;
  if (spec.qkNorm === 'none') return x;
  if (spec.qkNorm === 'whole') return norm(context, x, name);
  const heads = draft.op('Reshape', [x, draft.ints([0, 0, -1, spec.headDim])]);
  return draft.op('Reshape', [norm(context, heads, name), draft.ints([0, 0, -1])]);
}

export function rotated(context: Context, x: string, layer: number, heads: number): string {
  const { draft, spec } = context;
  const index = spec.layers[layer]?.rope ?? null;
  const rope = index === null ? undefined : spec.ropes[index];
  const tables = index === null ? undefined : context.rotations[index];
  if (rope === undefined || tables === undefined) return x;
  // Of a latent head only the rotated dimensions come here.
  const part = spec.latent === null && rope.width < spec.headDim ? { rotary_embedding_dim: rope.width } : {};
  const attributes = { num_heads: heads, interleaved: rope.interleaved ? 1 : 0, ...part };
  // Other providers get the older operator, whose tables are looked up by row: WebGPU turns wrongly with ONNX's own (onnxruntime 1.30).
  if (context.plain) return draft.own('RotaryEmbedding', [x, context.rows, tables.cos, tables.sin], attributes);
  return draft.op('RotaryEmbedding', [x, tables.cos, tables.sin], attributes);
}

/** GroupQueryAttention takes head widths that are multiples of 8: zeros are added, which change nothing. */
function widened(context: Context, x: string, dimensions: number): string {
  const { draft, width } = context;
  if (width === dimensions) return x;
  const heads = draft.op('Reshape', [x, draft.ints([0, 0, -1, dimensions])]);
  const padded = draft.op('Pad', [heads, draft.ints([0, 0, 0, 0, 0, 0, 0, width - dimensions])]);
  return draft.op('Reshape', [padded, draft.ints([0, 0, -1])]);
}

function narrowed(context: Context, x: string, dimensions: number): string {
  const { draft, width } = context;
  if (width === dimensions) return x;
  const heads = draft.op('Reshape', [x, draft.ints([0, 0, -1, width])]);
  const cut = draft.op('Slice', [heads, draft.ints([0]), draft.ints([dimensions]), draft.ints([3])]);
  return draft.op('Reshape', [cut, draft.ints([0, 0, -1])]);
}

/** GroupQueryAttention of the CPU provider: [output, present key, present value]. */
function grouped(context: Context, parts: Projected, layer: number): readonly string[] {
  const { draft, spec, masks } = context;
  const window = spec.layers[layer]?.window ?? null;
  const past = context.cached ? [`past.${layer}.key`, `past.${layer}.value`] : ['', ''];
  const bias = masks.bias(window);
  const more = bias === '' ? [] : ['', '', '', bias];
  return draft.ops(
    'GroupQueryAttention',
    [parts.q, parts.k, parts.v, ...past, masks.seqlens, masks.total, ...more],
    context.cached ? 3 : 1,
    {
      num_heads: spec.heads,
      kv_num_heads: spec.kvHeads,
      scale: { float: spec.attentionScale },
      ...(spec.attentionSoftcap === null ? {} : { softcap: { float: spec.attentionSoftcap } }),
      // Windows of packed sequences are in the bias: the operator counts columns, not places in a sequence.
      ...(window === null || masks.windowed ? {} : { local_window_size: window }),
    },
  );
}

/** Queries, keys and values from one projection each, normed and rotated. */
function direct(context: Context, x: string, layer: number): Projected {
  const { spec } = context;
  const { q, k, v } = projected(context, x, layer);
  const turn = (y: string, role: string, heads: number): string => {
    const name = `layers.${layer}.${role}`;
    return spec.normAfterRope
      ? normed(context, rotated(context, clipped(context, y), layer, heads), name)
      : rotated(context, clipped(context, normed(context, y, name)), layer, heads);
  };
  return { q: turn(q, 'qNorm', spec.heads), k: turn(k, 'kNorm', spec.kvHeads), v: clipped(context, v) };
}

/** x [B,S,hidden], already normed → the layer's attention output [B,S,hidden]. */
export function attention(context: Context, x: string, layer: number): string {
  const { spec } = context;
  const { q, k, v } = spec.latent === null ? direct(context, x, layer) : latentParts(context, x, { layer, latent: spec.latent });
  const value = spec.latent?.value ?? spec.headDim;
  const parts = { q: widened(context, q, spec.headDim), k: widened(context, k, spec.headDim), v: widened(context, v, value) };
  const outputs = context.plain ? plainAttention(context, parts, layer) : grouped(context, parts, layer);
  context.keep(layer, context.whole ? outputs : ['', parts.k, parts.v]);
  return context.weights.linear(narrowed(context, outputs[0] ?? '', value), `layers.${layer}.o`);
}
