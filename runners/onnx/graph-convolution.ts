/** Short convolutions of LFM2: each token mixes with the few before it in its own row, which is why rows cannot hold several texts. */
import type { Draft } from './draft.ts';
import type { Context } from './graph-context.ts';
import type { ModelSpec } from './spec.ts';

/** int64 [B]: tokens each row had before this run, and tokens that are new. '' where no layer needs them. */
export interface RunLengths {
  readonly past: string;
  readonly fresh: string;
}

export function runOf(draft: Draft, spec: ModelSpec, from: { ids: string; seqlens: string; cached: boolean }): RunLengths {
  if (!from.cached || spec.layers.every((layer) => layer.convolution === null)) return { past: '', fresh: '' };
  const size = draft.op('Gather', [draft.op('Shape', [from.ids]), draft.ints([1])], { axis: 0 });
  const total = draft.op('Add', [draft.op('Cast', [from.seqlens], { to: 7 }), draft.ints([1])]);
  // Rows of a first batch are padded to the longest: nothing lies before them.
  const past = draft.op('Max', [draft.op('Sub', [total, size]), draft.ints([0])]);
  return { past, fresh: draft.op('Sub', [total, past]) };
}

/** The tokens before this run [B,reach−1,hidden], zeros for a row that begins; in front of the new ones. */
function withPast(context: Context, x: string, at: { layer: number; before: number }): string {
  const { draft, now, cached } = context;
  if (!cached) return draft.op('Pad', [x, draft.ints([0, at.before, 0, 0, 0, 0])]);
  const begun = draft.op('Cast', [draft.op('Greater', [now.past, draft.ints([0])])], { to: 1 });
  const kept = draft.op('Mul', [`past.${at.layer}.convolution`, draft.op('Unsqueeze', [begun, draft.ints([1, 2])])]);
  return draft.op('Concat', [kept, x], { axis: 1 });
}

/** The last `before` tokens of each row: what the next run starts from. */
function lastOf(context: Context, row: string, before: number): string {
  const { draft, now } = context;
  const offsets = draft.ints(Array.from({ length: before }, (_, i) => i));
  const places = draft.op('Add', [draft.op('Unsqueeze', [now.fresh, draft.ints([1])]), offsets]);
  return draft.op('GatherND', [row, draft.op('Unsqueeze', [places, draft.ints([2])])], { batch_dims: 1 });
}

/** x [B,S,hidden], already normed → C · conv(B · x) [B,S,hidden], projected. */
export function convolution(context: Context, x: string, layer: number): string {
  const { draft, spec, weights } = context;
  const before = (spec.layers[layer]?.convolution ?? 1) - 1;
  const name = (role: string): string => `layers.${layer}.${role}`;
  const sizes = draft.ints([spec.hidden, spec.hidden, spec.hidden]);
  const [gate = '', out = '', value = ''] = draft.ops('Split', [weights.linear(x, name('convIn')), sizes], 3, { axis: 2 });
  const row = withPast(context, draft.op('Mul', [gate, value]), { layer, before });
  const bias = weights.has(`${name('conv')}.bias`) ? [weights.vector(`${name('conv')}.bias`)] : [];
  const turned = draft.op('Transpose', [row], { perm: [0, 2, 1] });
  // [hidden,1,reach], or [hidden,reach] in GGUF.
  const kernel = draft.op('Reshape', [weights.vector(`${name('conv')}.weight`), draft.ints([spec.hidden, 1, before + 1])]);
  const mixed = draft.op('Conv', [turned, kernel, ...bias], {
    group: spec.hidden,
    kernel_shape: [before + 1],
  });
  const back = draft.op('Transpose', [mixed], { perm: [0, 2, 1] });
  context.keep(layer, ['', context.cached ? lastOf(context, row, before) : '']);
  return weights.linear(draft.op('Mul', [out, back]), name('convOut'));
}
