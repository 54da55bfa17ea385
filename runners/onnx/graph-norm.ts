import type { Context } from './graph-context.ts';

/** The model's norm with the named weights; unchanged where the model has none there. */
export function norm(context: Pick<Context, 'draft' | 'spec' | 'weights'>, x: string, name: string): string {
  const { draft, spec, weights } = context;
  const { kind, eps, offset, bare } = spec.norm;
  const attributes = { axis: -1, epsilon: { float: eps } };
  if (bare && /(^|\.)(attnNorm|ffnNorm|finalNorm)$/.test(name)) {
    const one = draft.floats(new Array<number>(spec.hidden).fill(1), [spec.hidden]);
    return draft.op('LayerNormalization', [x, one], attributes);
  }
  if (!weights.has(`${name}.weight`)) return x;
  const stored = weights.vector(`${name}.weight`);
  const scale = offset ? draft.op('Add', [stored, draft.floats([1], [])]) : stored;
  if (kind === 'rms') return draft.op('SimplifiedLayerNormalization', [x, scale], { ...attributes, stash_type: 1 });
  const bias = weights.has(`${name}.bias`) ? [weights.vector(`${name}.bias`)] : [];
  return draft.op('LayerNormalization', [x, scale, ...bias], attributes);
}
