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
    ? Array.from({ length: count }, (_, e) => [
        `experts.${e}.gate|experts.gate|experts.gateUp`,
        `experts.${e}.up|experts.up|experts.gateUp`,
        `experts.${e}.down|experts.down`,
      ]).flat()
    : [...(spec.ffn.kind === 'gated' ? ['gate|gateUp'] : []), 'up|gateUp', 'down'];
  const attends =
    spec.layers[layer]?.convolution != null
      ? ['convIn', 'conv', 'convOut']
      : spec.latent !== null
        ? ['kvDown', 'kvUp|vUp', 'kvUp|kUp', 'o', 'q|qUp']
        : spec.qkv === 'apart'
          ? ['q', 'k', 'v', 'o']
          : ['qkv', 'o'];
  const shared = mixes && (spec.experts?.shared ?? 0) > 0 ? ['shared.gate|shared.gateUp', 'shared.up|shared.gateUp', 'shared.down'] : [];
  // Without a norm around it no block of any family stands.
  const normed = spec.norm.bare ? [] : ['attnNorm|postAttnNorm', ...(spec.parallel ? [] : ['ffnNorm|postFfnNorm'])];
  const own = (role: string): boolean => spec.tensors[`layers.${layer}.${role}.weight`] !== undefined;
  const paired = own('qNorm') || own('kNorm') ? ['qNorm', 'kNorm'] : [];
  return [...attends, ...fed, ...shared, ...normed, ...paired, ...(spec.latent === null ? [] : ['kvDownNorm'])];
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

/** Lengths that a layer's vectors may have. */
function vectorLengths(spec: ModelSpec): Readonly<Record<string, readonly number[]>> {
  const { hidden, heads, kvHeads, headDim, latent, experts, qkNorm } = spec;
  return {
    attnNorm: [hidden],
    postAttnNorm: [hidden],
    ffnNorm: [hidden],
    postFfnNorm: [hidden],
    ...(qkNorm === 'whole' ? { qNorm: [heads * headDim], kNorm: [kvHeads * headDim] } : { qNorm: [headDim], kNorm: [headDim] }),
    ...(latent === null ? {} : { kvDownNorm: [latent.rank] }),
    ...(experts === null ? {} : { chooseBias: [experts.count] }),
  };
}

/** Tables and norms outside of the layers. */
function checkOuter(spec: ModelSpec, stored: ReadonlyMap<string, StoredTensor>): void {
  const { hidden, vocabulary } = spec;
  const expected: Readonly<Record<string, readonly number[]>> = {
    embed: [vocabulary, hidden],
    head: [vocabulary, hidden],
    finalNorm: [hidden],
    embedNorm: [hidden],
  };
  for (const [role, shape] of Object.entries(expected)) {
    const tensor = stored.get(spec.tensors[`${role}.weight`] ?? '');
    if (tensor !== undefined && tensor.shape.join() !== shape.join()) throw misshapen(tensor, shape.join(' × '));
    const bias = stored.get(spec.tensors[`${role}.bias`] ?? '');
    if (bias !== undefined && bias.shape.join() !== String(shape[0])) throw misshapen(bias, String(shape[0]));
  }
  const places = stored.get(spec.tensors['positions.weight'] ?? '');
  const rows = spec.context + spec.positionOffset;
  if (spec.positions === 'learned' && places === undefined) throw new UserError('the model’s file has no table of positions', whereFrom);
  if (places !== undefined && (places.shape[1] !== hidden || (places.shape[0] ?? 0) < rows)) throw misshapen(places, `${rows} × ${hidden}`);
}

/** Roles of which a layer has several matrices in one tensor. */
const stacked = /^(experts\.[a-z]+|[kv]Up)$/i;

const whereFrom = 'the configuration and the weights are of different models';
const misshapen = (tensor: StoredTensor, expected: string): UserError =>
  new UserError(`tensor ${tensor.name} is [${tensor.shape.join(', ')}] where the configuration asks for ${expected}`, whereFrom);

/** Vectors and biases of one layer. */
function checkVectors(spec: ModelSpec, stored: ReadonlyMap<string, StoredTensor>, at: { layer: number; matrices: Expected }): void {
  const tensorOf = (name: string): StoredTensor | undefined => stored.get(spec.tensors[`layers.${at.layer}.${name}`] ?? '');
  for (const [role, lengths] of Object.entries(vectorLengths(spec)))
    for (const part of ['weight', 'bias']) {
      const tensor = tensorOf(`${role}.${part}`);
      if (tensor === undefined) continue;
      const [length, ...more] = role === 'chooseBias' && tensor.shape[0] === 1 ? tensor.shape.slice(1) : tensor.shape;
      if (length === undefined || !lengths.includes(length) || more.length > 0) throw misshapen(tensor, lengths.join(' or '));
    }
  for (const [role, [rows]] of Object.entries(at.matrices)) {
    const bias = tensorOf(`${role}.bias`);
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== rows)) throw misshapen(bias, String(rows));
  }
  const { qDown, qUp, conv } = Object.fromEntries(['qDown', 'qUp', 'conv'].map((role) => [role, tensorOf(`${role}.weight`)]));
  const rank = qDown?.shape[0] ?? 0;
  if (qDown && qDown.shape[1] !== spec.hidden) throw misshapen(qDown, `${rank} × ${spec.hidden}`);
  if (qUp && qUp.shape.join() !== [spec.heads * spec.headDim, rank].join()) throw misshapen(qUp, `${spec.heads * spec.headDim} × ${rank}`);
  const between = tensorOf('qDownNorm.weight');
  if (between && between.shape.join() !== String(rank)) throw misshapen(between, String(rank));
  const reach = spec.layers[at.layer]?.convolution ?? 0;
  if (
    conv &&
    (conv.shape[0] !== spec.hidden ||
      conv.shape.at(-1) !== reach ||
      conv.shape.length > 3 ||
      (conv.shape.length === 3 && conv.shape[1] !== 1))
  )
    throw misshapen(conv, `${spec.hidden} × ${reach}`);
}

/** What one layer has and another of its kind has not: a file that lost tensors would compute without them. */
function checkAlike(spec: ModelSpec): void {
  const kinds = new Map<string, { layer: number; roles: Set<string> }[]>();
  for (let i = 0; i < spec.layers.length; i += 1) {
    const prefix = `layers.${i}.`;
    const roles = new Set(Object.keys(spec.tensors).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
    const kind = `${spec.layers[i]?.convolution === null} ${roles.has('router.weight')}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { layer: i, roles }]);
  }
  for (const layers of kinds.values()) {
    const all = new Set(layers.flatMap(({ roles }) => [...roles]));
    for (const { layer, roles } of layers)
      for (const role of all)
        if (!roles.has(role))
          throw new UserError(`the model's file has no ${role} for layer ${layer}, as other layers have`, 'are all of its files there?');
  }
  if (!spec.norm.bare && spec.tensors['finalNorm.weight'] === undefined)
    throw new UserError('the model’s file has no norm before its head', 'are all of its files there?');
}

/** UserError for a tensor that is missing, or has another shape than configured. */
export function checkShapes(spec: ModelSpec, stored: ReadonlyMap<string, StoredTensor>): void {
  const matrices = expectedShapes(spec);
  const expected = Object.entries(matrices);
  checkOuter(spec, stored);
  for (let i = 0; i < spec.layers.length; i += 1) {
    const nameOf = (role: string): string | undefined => spec.tensors[`layers.${i}.${role}.weight`];
    for (const role of needed(spec, i))
      if (role.split('|').every((each) => nameOf(each) === undefined))
        throw new UserError(`the model's file has no ${role.split('|')[0]} for layer ${i}`, 'are all of its files there?');
    for (const [role, [rows, columns]] of expected) {
      const tensor = stored.get(nameOf(role) ?? '');
      if (tensor === undefined) continue;
      const own = spec.transposed ? tensor.shape.toReversed() : tensor.shape;
      const shape = role === 'sharedMix' && own.length === 1 ? [1, ...own] : stacked.test(role) ? matrixOf(own) : own;
      if (shape[0] !== rows || shape[1] !== columns || shape.length !== 2) throw misshapen(tensor, `${rows} × ${columns}`);
    }
    checkVectors(spec, stored, { layer: i, matrices });
  }
  checkAlike(spec);
}
