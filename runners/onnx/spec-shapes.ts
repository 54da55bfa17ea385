/** What a model's file must hold, against its configuration. */
import { UserError } from '../../src/types.ts';
import type { StoredTensor } from './contract.ts';
import type { Experts, Latent } from './families.ts';
import { matrixOf } from './graph-weights.ts';
import type { ModelSpec } from './spec.ts';

/** Roles that a layer must have; alternatives in one string. */
function needed(spec: ModelSpec, layer: number): readonly string[] {
  const mixes = spec.experts !== null && spec.tensors[`layers.${layer}.router.weight`] !== undefined;
  const { count = 0 } = spec.experts ?? {};
  const fed = mixes
    ? Array.from({ length: count }, (_, e) => [`experts.${e}.up|experts.up|experts.gateUp`, `experts.${e}.down|experts.down`]).flat()
    : ['up|gateUp', 'down'];
  const attends =
    spec.layers[layer]?.convolution != null
      ? ['convIn', 'conv', 'convOut']
      : spec.latent !== null
        ? ['kvDown', 'kvUp|vUp', 'kvUp|kUp', 'o', 'q|qUp']
        : spec.qkv === 'apart'
          ? ['q', 'k', 'v', 'o']
          : ['qkv', 'o'];
  return [...attends, ...fed];
}

type Expected = Readonly<Record<string, readonly [number, number]>>;

/** [out, in] of a layer's matrices as configured. */
function expectedShapes(spec: ModelSpec): Expected {
  const [q, kv] = [spec.heads * spec.headDim, spec.kvHeads * spec.headDim];
  const { hidden, ffn, latent, experts } = spec;
  return {
    q: [q, hidden],
    k: [kv, hidden],
    v: [kv, hidden],
    qkv: [q + 2 * kv, hidden],
    o: [hidden, spec.heads * (latent?.value ?? spec.headDim)],
    gate: [ffn.width, hidden],
    up: [ffn.width, hidden],
    gateUp: [2 * ffn.width, hidden],
    down: [hidden, ffn.width],
    convIn: [3 * hidden, hidden],
    convOut: [hidden, hidden],
    ...(latent === null ? {} : latentShapes(spec, latent)),
    ...(experts === null ? {} : expertShapes(hidden, experts)),
  };
}

const latentShapes = (spec: ModelSpec, latent: Latent): Expected => ({
  kvDown: [latent.rank + latent.rotated, spec.hidden],
  kvUp: [spec.heads * (latent.plain + latent.value), latent.rank],
  kUp: [spec.heads * latent.rank, latent.plain],
  vUp: [spec.heads * latent.value, latent.rank],
});

function expertShapes(hidden: number, experts: Experts): Expected {
  const { count, width, shared } = experts;
  const apart = Array.from({ length: count }, (_, e): [string, readonly [number, number]][] => [
    [`experts.${e}.gate`, [width, hidden]],
    [`experts.${e}.up`, [width, hidden]],
    [`experts.${e}.down`, [hidden, width]],
  ]).flat();
  return {
    router: [count, hidden],
    'experts.gate': [count * width, hidden],
    'experts.up': [count * width, hidden],
    'experts.gateUp': [2 * count * width, hidden],
    'experts.down': [count * hidden, width],
    'shared.gate': [shared, hidden],
    'shared.up': [shared, hidden],
    'shared.gateUp': [2 * shared, hidden],
    'shared.down': [hidden, shared],
    sharedMix: [1, hidden],
    ...Object.fromEntries(apart),
  };
}

/** UserError for a matrix that is missing, or has another shape than configured. */
export function checkShapes(spec: ModelSpec, stored: ReadonlyMap<string, StoredTensor>): void {
  const expected = Object.entries(expectedShapes(spec));
  for (let i = 0; i < spec.layers.length; i += 1) {
    const nameOf = (role: string): string | undefined => spec.tensors[`layers.${i}.${role}.weight`];
    for (const role of needed(spec, i))
      if (role.split('|').every((each) => nameOf(each) === undefined))
        throw new UserError(`the model's file has no ${role.split('|')[0]} matrix for layer ${i}`, 'are all of its files there?');
    for (const [role, [rows, columns]] of expected) {
      const tensor = stored.get(nameOf(role) ?? '');
      if (tensor === undefined) continue;
      const shape = role === 'sharedMix' ? [1, tensor.shape.at(-1)] : matrixOf(spec.transposed ? tensor.shape.toReversed() : tensor.shape);
      if (shape[0] !== rows || shape[1] !== columns || shape.length !== 2)
        throw new UserError(
          `tensor ${tensor.name} is [${tensor.shape.join(', ')}] where the configuration asks for ${rows} × ${columns}`,
          'the configuration and the weights are of different models',
        );
    }
  }
}
