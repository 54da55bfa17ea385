/** Multi-head latent attention (DeepSeek-V2, section 2.1): keys and values widened from a common low rank, one rotated key for all heads. */
import type { Latent } from './families.ts';
import { type Projected, rotated } from './graph-attention.ts';
import type { Context } from './graph-context.ts';
import { norm } from './graph-norm.ts';

/** The parts of x's last dimension. */
function cut(context: Context, x: string, axis: number, sizes: readonly number[]): readonly string[] {
  return context.draft.ops('Split', [x, context.draft.ints(sizes)], sizes.length, { axis });
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
  const wide = weights.linear(norm(context, low, name('kvDownNorm')), name('kvUp'));
  const [kPlain = '', v = ''] = cut(context, heads(wide, latent.plain + latent.value), 3, [latent.plain, latent.value]);
  const shared = heads(rotated(context, key, layer, 1), latent.rotated);
  const forAll = draft.op('Expand', [shared, draft.ints([1, 1, spec.heads, latent.rotated])]);
  return { q: flat(q), k: flat(draft.op('Concat', [kPlain, forAll], { axis: 3 })), v: flat(v) };
}
