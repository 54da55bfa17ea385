import { UserError } from '../../src/types.ts';
import type { Draft } from './draft.ts';
import type { Context } from './graph-context.ts';

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

function activated(context: Context, x: string): string {
  const name = context.spec.ffn.activation;
  const known = activations[name];
  if (known === undefined) throw new UserError(`the activation “${name}” is not known`, `known are ${Object.keys(activations).join(', ')}`);
  return known(context.draft, x);
}

/** x [B,S,hidden], already normed → the layer's feed-forward output [B,S,hidden]. */
export function feedForward(context: Context, x: string, layer: number): string {
  const { draft, spec, weights } = context;
  const at = (role: string): string => `layers.${layer}.${role}`;
  if (spec.ffn.kind === 'plain') return weights.linear(activated(context, weights.linear(x, at('up'))), at('down'));
  let gate: string;
  let up: string;
  if (weights.has(`${at('gateUp')}.weight`)) {
    const sizes = draft.ints([spec.ffn.width, spec.ffn.width]);
    [gate = '', up = ''] = draft.ops('Split', [weights.linear(x, at('gateUp')), sizes], 2, { axis: 2 });
  } else [gate, up] = [weights.linear(x, at('gate')), weights.linear(x, at('up'))];
  return weights.linear(draft.op('Mul', [activated(context, gate), up]), at('down'));
}
