import { UserError } from '../../src/types.ts';
import type { Draft } from './draft.ts';
import type { Context } from './graph-context.ts';
import { mixture } from './graph-experts.ts';

type Activation = (draft: Draft, x: string) => string;
const tanhGelu: Activation = (draft, x) => draft.op('FastGelu', [x]);
const silu: Activation = (draft, x) => draft.op('QuickGelu', [x], { alpha: { float: 1 } });
const squaredRelu: Activation = (draft, x) => {
  const positive = draft.op('Relu', [x]);
  return draft.op('Mul', [positive, positive]);
};

const activations: Readonly<Record<string, Activation>> = {
  silu,
  swish: silu,
  gelu: (draft, x) => draft.op('Gelu', [x], { approximate: 'none' }),
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  quick_gelu: (draft, x) => draft.op('QuickGelu', [x], { alpha: { float: 1.702 } }),
  relu: (draft, x) => draft.op('Relu', [x]),
  relu2: squaredRelu,
};

export function activated(context: Context, x: string): string {
  const name = context.spec.ffn.activation;
  const known = activations[name];
  if (known === undefined) throw new UserError(`the activation “${name}” is not known`, `known are ${Object.keys(activations).join(', ')}`);
  return known(context.draft, x);
}

/** down(act(gate(x)) · up(x)) with the matrices under `stem`. */
export function gatedFeed(context: Context, x: string, at: { stem: string; width: number }): string {
  const { draft, weights } = context;
  const { stem, width } = at;
  let [gate, up] = ['', ''];
  if (weights.has(`${stem}gateUp.weight`)) {
    const both = weights.linear(x, `${stem}gateUp`);
    [gate = '', up = ''] = draft.ops('Split', [both, draft.ints([width, width])], 2, { axis: -1 });
  } else [gate, up] = [weights.linear(x, `${stem}gate`), weights.linear(x, `${stem}up`)];
  return weights.linear(draft.op('Mul', [activated(context, gate), up]), `${stem}down`);
}

/** x [B,S,hidden], already normed → the layer's feed-forward output [B,S,hidden]. */
export function feedForward(context: Context, x: string, layer: number): string {
  const { spec, weights } = context;
  const stem = `layers.${layer}.`;
  if (spec.experts !== null && weights.has(`${stem}router.weight`)) return mixture(context, x, { layer, experts: spec.experts });
  if (spec.ffn.kind === 'gated') return gatedFeed(context, x, { stem, width: spec.ffn.width });
  return weights.linear(activated(context, weights.linear(x, `${stem}up`)), `${stem}down`);
}
