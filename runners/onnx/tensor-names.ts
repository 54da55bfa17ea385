/** From the names in a model file to canonical ones (`layers.3.q.weight`). */
import { UserError } from '../../src/types.ts';
import type { StoredTensor } from './contract.ts';

const layerRoles = [
  'attnNorm',
  'q',
  'k',
  'v',
  'qkv',
  'o',
  'qNorm',
  'kNorm',
  'qDown',
  'qDownNorm',
  'qUp',
  'kvDown',
  'kvDownNorm',
  'kvUp',
  'kUp',
  'vUp',
  'convIn',
  'conv',
  'convOut',
  'postAttnNorm',
  'ffnNorm',
  'gate',
  'up',
  'gateUp',
  'down',
  'postFfnNorm',
  'router',
  'chooseBias',
  'experts.gate',
  'experts.up',
  'experts.gateUp',
  'experts.down',
  'shared.gate',
  'shared.up',
  'shared.gateUp',
  'shared.down',
  'sharedMix',
] as const;
const outerRoles = ['embed', 'positions', 'embedNorm', 'finalNorm', 'head'] as const;
export type LayerRole = (typeof layerRoles)[number];
export type OuterRole = (typeof outerRoles)[number];

/**
 * What a file calls each role, without `.weight`; '' where it has none; several where spellings differ. `layer`: the prefix of a layer, with {i}.
 * Experts with {e} in their name lie apart, without it all of a layer in one tensor.
 */
export type Names = Readonly<Record<LayerRole | OuterRole | 'layer', string | readonly string[]>>;

export const llamaNames: Names = {
  embed: 'embed_tokens',
  positions: '',
  embedNorm: '',
  finalNorm: 'norm',
  head: 'lm_head',
  layer: 'layers.{i}.',
  attnNorm: 'input_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  qkv: '',
  o: 'self_attn.o_proj',
  qNorm: 'self_attn.q_norm',
  kNorm: 'self_attn.k_norm',
  qDown: 'self_attn.q_a_proj',
  qDownNorm: 'self_attn.q_a_layernorm',
  qUp: 'self_attn.q_b_proj',
  kvDown: 'self_attn.kv_a_proj_with_mqa',
  kvDownNorm: 'self_attn.kv_a_layernorm',
  kvUp: 'self_attn.kv_b_proj',
  kUp: '',
  vUp: '',
  convIn: '',
  conv: '',
  convOut: '',
  postAttnNorm: '',
  ffnNorm: 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  gateUp: '',
  down: 'mlp.down_proj',
  postFfnNorm: '',
  router: 'mlp.gate',
  chooseBias: ['mlp.gate.e_score_correction_bias', 'mlp.moe_statics.e_score_correction_bias'],
  'experts.gate': 'mlp.experts.{e}.gate_proj',
  'experts.up': 'mlp.experts.{e}.up_proj',
  'experts.gateUp': 'mlp.experts.gate_up_proj',
  'experts.down': ['mlp.experts.{e}.down_proj', 'mlp.experts.down_proj'],
  'shared.gate': ['mlp.shared_experts.gate_proj', 'mlp.shared_expert.gate_proj'],
  'shared.up': ['mlp.shared_experts.up_proj', 'mlp.shared_expert.up_proj'],
  'shared.gateUp': '',
  'shared.down': ['mlp.shared_experts.down_proj', 'mlp.shared_expert.down_proj'],
  sharedMix: 'mlp.shared_expert_gate',
};

/** GGUF's names are the same for every architecture. */
export const ggufNames: Names = {
  embed: 'token_embd',
  positions: 'position_embd',
  embedNorm: 'token_embd_norm',
  finalNorm: 'output_norm',
  head: 'output',
  layer: 'blk.{i}.',
  attnNorm: 'attn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  qkv: 'attn_qkv',
  o: 'attn_output',
  qNorm: 'attn_q_norm',
  kNorm: 'attn_k_norm',
  qDown: 'attn_q_a',
  qDownNorm: 'attn_q_a_norm',
  qUp: 'attn_q_b',
  kvDown: 'attn_kv_a_mqa',
  kvDownNorm: 'attn_kv_a_norm',
  kvUp: 'attn_kv_b',
  kUp: 'attn_k_b',
  vUp: 'attn_v_b',
  convIn: '',
  conv: '',
  convOut: '',
  postAttnNorm: 'post_attention_norm',
  ffnNorm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  gateUp: '',
  down: 'ffn_down',
  postFfnNorm: 'post_ffw_norm',
  router: 'ffn_gate_inp',
  chooseBias: 'exp_probs_b.bias',
  'experts.gate': 'ffn_gate_exps',
  'experts.up': 'ffn_up_exps',
  'experts.gateUp': 'ffn_gate_up_exps',
  'experts.down': 'ffn_down_exps',
  'shared.gate': 'ffn_gate_shexp',
  'shared.up': 'ffn_up_shexp',
  'shared.gateUp': '',
  'shared.down': 'ffn_down_shexp',
  sharedMix: 'ffn_gate_inp_shexp',
};

/** Buffers that published files carry and no computation needs. */
const ignored =
  /(rotary_emb\.inv_freq|\.attn\.(masked_)?bias|attention\.(masked_)?bias|rope_freqs\.weight|rope_factors_(long|short)\.weight)$/;
const otherTowers = /(^|\.)(vision_tower|vision_model|visual|multi_modal_projector|audio_tower|mm)\./;

type Tensors = ReadonlyMap<string, StoredTensor>;
export const spellings = (names: string | readonly string[]): readonly string[] =>
  (typeof names === 'string' ? [names] : names).filter(Boolean);

/** The prefix before the embedding's name: `model.`, `transformer.`, `language_model.model.` … */
function rootOf(tensors: Tensors, names: Names): string {
  for (const embed of spellings(names.embed)) {
    for (const name of tensors.keys()) {
      if (name === `${embed}.weight`) return '';
      if (name.endsWith(`.${embed}.weight`) && !otherTowers.test(name)) return name.slice(0, -`${embed}.weight`.length);
    }
  }
  throw new UserError(
    `the model's file has no token embedding (${spellings(names.embed).join(' or ')}.weight)`,
    'is this a causal language model, with all its shards in the folder?',
  );
}

/** Canonical name → name in the file, for every tensor the graph needs. UserError when a tensor is left that would be passed over in silence. */
export function tensorNames(tensors: Tensors, names: Names, layers: number): Readonly<Record<string, string>> {
  const root = rootOf(tensors, names);
  const found: Record<string, string> = {};
  const take = (canonical: string, candidates: readonly string[]): boolean => {
    for (const part of ['weight', 'bias']) {
      // A parameter that is no module has no `.weight` to its name.
      const spelt = part === 'weight' ? candidates.flatMap((each) => [`${each}.weight`, each]) : candidates.map((each) => `${each}.bias`);
      const name = spelt.find((each) => tensors.has(each));
      if (name !== undefined) found[`${canonical}.${part}`] = name;
    }
    return found[`${canonical}.weight`] !== undefined;
  };
  const takeEach = (prefix: string, role: string, names: readonly string[]): void => {
    const apart = names.filter((name) => name.includes('{e}'));
    const takeOne = (e: number): boolean =>
      take(
        `${prefix}experts.${e}.${role}`,
        apart.map((name) => name.replace('{e}', String(e))),
      );
    for (let e = 0; apart.length > 0 && takeOne(e); e += 1);
    take(
      `${prefix}experts.${role}`,
      names.filter((name) => !name.includes('{e}')),
    );
  };
  for (const role of outerRoles) {
    const own = spellings(names[role]);
    // The head lies outside the decoder's own prefix.
    take(role, role === 'head' ? own.flatMap((name) => [name, `language_model.${name}`]) : own.map((name) => root + name));
  }
  for (let i = 0; i < layers; i += 1)
    for (const role of layerRoles) {
      const prefix = root + spellings(names.layer)[0]?.replace('{i}', String(i));
      const spelt = spellings(names[role]).map((name) => prefix + name);
      if (role.startsWith('experts.')) takeEach(`layers.${i}.`, role.slice('experts.'.length), spelt);
      else take(`layers.${i}.${role}`, spelt);
    }
  refuseLeftOver(tensors, found);
  return found;
}

function refuseLeftOver(tensors: Tensors, found: Readonly<Record<string, string>>): void {
  const used = new Set(Object.values(found));
  const left = [...tensors.keys()].filter((name) => !used.has(name) && !ignored.test(name) && !otherTowers.test(name));
  if (left.length > 0)
    throw new UserError(
      `${left.length} tensors of the model are not understood (${left.slice(0, 3).join(', ')}${left.length > 3 ? ' …' : ''}); leaving them out would change its answers`,
      'this variant of the family is not supported yet: run it behind a server and use openai: or ollama:',
    );
}
