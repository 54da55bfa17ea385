/** Multi-head latent attention (DeepSeek-V2, section 2.1): keys and values widened from a common low rank, one rotated key for all heads. */
import type { Latent } from './families.ts';
import { type Projected, rotated } from './graph-attention.ts';
import type { Context } from './graph-context.ts';
import { norm } from './graph-norm.ts';

/** The parts of x's last dimension. */
function cut(context: Context, x: string, axis: number, sizes: readonly number[]): readonly string[] {
  return context.draft.ops('Split', [x, context.draft.ints(sizes)], sizes.length, { axis });
}

/** Keys without positions and values [B,S,heads,·] out of the low rank [B,S,rank], by one matrix or (GGUF since April 2025) by two. */
function unfolded(context: Context, low: string, at: { name: (role: string) => string; latent: Latent }): { kPlain: string; v: string } {
  const { draft, spec, weights } = context;
  const { name, latent } = at;
  const heads = (y: string, width: number): string => draft.op('Reshape', [y, draft.ints([0, 0, -1, width])]);
  if (weights.has(`${name('kvUp')}.weight`)) {
    const wide = heads(weights.linear(low, name('kvUp')), latent.plain + latent.value);
    const [kPlain = '', v = ''] = cut(context, wide, 3, [latent.plain, latent.value]);
    return { kPlain, v };
  }
  // Keys: [heads,rank,plain], a product for each head.
  const byHead = draft.op('MatMul', [draft.op('Unsqueeze', [low, draft.ints([1])]), weights.vector(`${name('kUp')}.weight`)]);
  const rows = spec.heads * latent.value;
  return {
    kPlain: draft.op('Transpose', [byHead], { perm: [0, 2, 1, 3] }),
    v: heads(weights.linear(low, name('vUp'), { from: 0, to: rows, of: rows }), latent.value),
  };
}

/** [B,S,heads·(plain+rotated)] each for queries and keys, [B,S,heads·value] for values. */
export function latentParts(context: Context, x: string, at: { layer: number; latent: Latent }): Projected {
  const { draft, spec, weights } = context;
  const { layer, latent } = at;
  const name = (role: string): string => `layers.${layer}.${role}`;
  const flat = (y: string): string => draft.op('Reshape', [y, draft.ints([0, 0, -1])]);
  const heads = (y: string, width: number): string => draft.op('Reshape', [y, draft.ints([0, 0, -1, width])]);
  const queries = weights.has(`${name('qDown')}.weight`)
    ? weights.linear(norm(context, weights.linear(x, name('qDown')), name('qDownNorm')), name('qUp'))
    : weights.linear(x, name('q'));
  const [qPlain = '', qTurned = ''] = cut(context, heads(queries, spec.headDim), 3, [latent.plain, latent.rotated]);
  const q = draft.op('Concat', [qPlain, heads(rotated(context, flat(qTurned), layer, spec.heads), latent.rotated)], { axis: 3 });
  const [low = '', key = ''] = cut(context, weights.linear(x, name('kvDown')), 2, [latent.rank, latent.rotated]);
  const { kPlain, v } = unfolded(context, norm(context, low, name('kvDownNorm')), { name, latent });
  const shared = heads(rotated(context, key, layer, 1), latent.rotated);
  const forAll = draft.op('Expand', [shared, draft.ints([1, 1, spec.heads, latent.rotated])]);
  return { q: flat(q), k: flat(draft.op('Concat', [kPlain, forAll], { axis: 3 })), v: flat(v) };
}
