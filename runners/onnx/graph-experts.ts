/** Mixtures of experts: a router picks a few feed-forward blocks for each token; only those are computed. */
import type { Experts } from './families.ts';
import type { Context } from './graph-context.ts';
import { activated, gatedFeed } from './graph-ffn.ts';

interface Routed {
  /** [N,chosen], float32 and int64. */
  readonly shares: string;
  readonly experts: string;
}

/** Of every group of experts the best (two), then only the best groups stay (DeepSeek-V2, section 2.2.2; V3, section 2.1.2): others become `out`. */
function withinGroups(context: Context, scores: string, from: { experts: Experts; out: number }): string {
  const { draft } = context;
  const { count, groups } = from.experts;
  if (groups === null) return scores;
  const byGroup = draft.op('Reshape', [scores, draft.ints([-1, groups.count, count / groups.count])]);
  const [best = ''] = draft.ops('TopK', [byGroup, draft.ints([groups.judgedBy])], 2, { axis: 2 });
  const strength = draft.op('ReduceSum', [best, draft.ints([2])], { keepdims: 0 });
  const [, kept = ''] = draft.ops('TopK', [strength, draft.ints([groups.kept])], 2, { axis: 1 });
  const each = draft.ints(Array.from({ length: groups.count }, (_, i) => i));
  const hits = draft.op('Cast', [draft.op('Equal', [draft.op('Unsqueeze', [kept, draft.ints([2])]), each])], { to: 1 });
  const inside = draft.op('Greater', [draft.op('ReduceSum', [hits, draft.ints([1])], { keepdims: 0 }), draft.floats([0], [])]);
  const limited = draft.op('Where', [draft.op('Unsqueeze', [inside, draft.ints([2])]), byGroup, draft.floats([from.out], [])]);
  return draft.op('Reshape', [limited, draft.ints([-1, count])]);
}

/** x [N,hidden] → which experts each token takes and with what shares. */
function routed(context: Context, x: string, at: { layer: number; experts: Experts }): Routed {
  const { draft, weights } = context;
  const { experts, layer } = at;
  const raw = weights.linear(x, `layers.${layer}.router`);
  const scores = experts.scores === 'sigmoid' ? draft.op('Sigmoid', [raw]) : draft.op('Softmax', [raw], { axis: 1 });
  const bias = `layers.${layer}.chooseBias.weight`;
  const biased = weights.has(bias)
    ? draft.op('Add', [scores, draft.op('Reshape', [weights.vector(bias), draft.ints([1, experts.count])])])
    : scores;
  const judged = withinGroups(context, biased, { experts, out: weights.has(bias) ? -3e38 : 0 });
  const [, chosen = ''] = draft.ops('TopK', [judged, draft.ints([experts.chosen])], 2, { axis: 1 });
  let shares = draft.op('GatherElements', [scores, chosen], { axis: 1 });
  if (experts.normalised) {
    const sum = draft.op('ReduceSum', [shares, draft.ints([1])], { keepdims: 1 });
    shares = draft.op('Div', [shares, draft.op('Max', [sum, draft.floats([1e-20], [])])]);
  }
  if (experts.scale !== 1) shares = draft.op('Mul', [shares, draft.floats([experts.scale], [])]);
  return { shares, experts: chosen };
}

/** One expert's feed-forward block on rows [n,hidden]. Its matrices lie apart, or all of a layer in one. */
function expertFeed(context: Context, x: string, at: { layer: number; expert: number; experts: Experts }): string {
  const { draft, spec, weights } = context;
  const { layer, expert, experts } = at;
  const stem = `layers.${layer}.experts.`;
  const product = (y: string, role: string, out: number): string =>
    weights.has(`${stem}${role}.weight`)
      ? weights.linear(y, stem + role, { from: expert * out, to: (expert + 1) * out, of: experts.count * out })
      : weights.linear(y, `${stem}${expert}.${role}`);
  let [gate, up] = ['', ''];
  if (weights.has(`${stem}gateUp.weight`)) {
    const both = product(x, 'gateUp', 2 * experts.width);
    [gate = '', up = ''] = draft.ops('Split', [both, draft.ints([experts.width, experts.width])], 2, { axis: 1 });
  } else [gate, up] = [product(x, 'gate', experts.width), product(x, 'up', experts.width)];
  return product(draft.op('Mul', [activated(context, gate), up]), 'down', spec.hidden);
}

/** Rows sorted by their expert, one block of rows an expert, put back and weighed: [N,hidden]. */
function sparse(context: Context, x: string, at: { layer: number; experts: Experts; routed: Routed }): string {
  const { draft, spec } = context;
  const { layer, experts, routed: to } = at;
  const flat = draft.op('Reshape', [to.experts, draft.ints([-1])]);
  const size = draft.op('Shape', [flat]);
  const places = draft.op('Range', [draft.ints([0], true), draft.op('Squeeze', [size, draft.ints([0])]), draft.ints([1], true)]);
  const keys = draft.op('Add', [draft.op('Mul', [flat, size]), places]);
  const [, order = ''] = draft.ops('TopK', [keys, size], 2, { axis: 0, largest: 0, sorted: 1 });
  const rows = draft.op('Gather', [x, draft.op('Div', [order, draft.ints([experts.chosen])])], { axis: 0 });
  const each = draft.ints(Array.from({ length: experts.count }, (_, i) => i));
  const mine = draft.op('Cast', [draft.op('Equal', [draft.op('Unsqueeze', [flat, draft.ints([1])]), each])], { to: 7 });
  const counts = draft.op('ReduceSum', [mine, draft.ints([0])], { keepdims: 0 });
  const parts = draft.ops('Split', [rows, counts], experts.count, { axis: 0 });
  const fed = parts.map((part, expert) => expertFeed(context, part, { layer, expert, experts }));
  const back = draft.op('ScatterElements', [places, order, places], { axis: 0 });
  const inOrder = draft.op('Gather', [draft.op('Concat', fed, { axis: 0 }), back], { axis: 0 });
  const byToken = draft.op('Reshape', [inOrder, draft.ints([-1, experts.chosen, spec.hidden])]);
  const weighed = draft.op('Mul', [byToken, draft.op('Unsqueeze', [to.shares, draft.ints([2])])]);
  return draft.op('ReduceSum', [weighed, draft.ints([1])], { keepdims: 0 });
}

/** Every expert on every token, with a share of 0 where it was not chosen: for providers that do not take blocks of no rows. */
function dense(context: Context, x: string, at: { layer: number; experts: Experts; routed: Routed }): string {
  const { draft } = context;
  const { layer, experts, routed: to } = at;
  const sums = Array.from({ length: experts.count }, (_, expert) => {
    const mine = draft.op('Cast', [draft.op('Equal', [to.experts, draft.ints([expert])])], { to: 1 });
    const share = draft.op('ReduceSum', [draft.op('Mul', [mine, to.shares]), draft.ints([1])], { keepdims: 1 });
    return draft.op('Mul', [expertFeed(context, x, { layer, expert, experts }), share]);
  });
  return sums.reduce((sum, one) => draft.op('Add', [sum, one]));
}

/** x [B,S,hidden], already normed → the layer's mixture [B,S,hidden], with what all tokens share. */
export function mixture(context: Context, x: string, at: { layer: number; experts: Experts }): string {
  const { draft, spec, weights } = context;
  const { layer } = at;
  const rows = draft.op('Reshape', [x, draft.ints([-1, spec.hidden])]);
  const more = { ...at, routed: routed(context, rows, at) };
  let y = context.plain ? dense(context, rows, more) : sparse(context, rows, more);
  if (weights.has(`layers.${layer}.shared.down.weight`)) {
    let shared = gatedFeed(context, rows, { stem: `layers.${layer}.shared.`, width: at.experts.shared });
    const mix = `layers.${layer}.sharedMix`;
    if (weights.has(`${mix}.weight`)) shared = draft.op('Mul', [shared, draft.op('Sigmoid', [weights.linear(rows, mix)])]);
    y = draft.op('Add', [y, shared]);
  }
  return draft.op('Reshape', [y, draft.op('Shape', [x])]);
}
