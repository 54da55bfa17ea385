/** Families whose layers mix experts. */
import type { Experts, Family, Traits } from './families.ts';
import { graniteTraits, latentIn, latentInGguf, windowed } from './family-traits.ts';
import { type Fields, flagIn, numberIn, textIn } from './fields.ts';
import { lfm2, lfm2Gguf, lfm2GgufNames, lfm2Names } from './more-families.ts';

/** `normalised`: the family's habit where the file does not say. */
type Habit = Partial<Pick<Experts, 'normalised' | 'scores'>>;

/** config.json's many words for the same sizes; {} where there are no experts. */
function expertsIn(config: Fields, habit: Habit = {}): Traits {
  const count = numberIn(config, 'n_routed_experts', 'num_local_experts', 'num_experts', 'moe_num_experts') ?? 0;
  if (count === 0) return {};
  const width = numberIn(config, 'moe_intermediate_size', 'intermediate_size') ?? 1;
  const shared = numberIn(config, 'shared_expert_intermediate_size', 'shared_intermediate_size');
  const groups = numberIn(config, 'n_group') ?? 1;
  const limited = groups > 1 && textIn(config, 'topk_method') !== 'greedy';
  return {
    experts: {
      count,
      chosen: numberIn(config, 'num_experts_per_tok', 'moe_k') ?? 2,
      width,
      shared: shared ?? width * (numberIn(config, 'n_shared_experts', 'moe_num_shared_experts') ?? 0),
      scores: habit.scores ?? 'softmax',
      normalised: flagIn(config, 'norm_topk_prob') ?? habit.normalised ?? false,
      scale: numberIn(config, 'routed_scaling_factor') ?? 1,
      groups: limited ? { count: groups, kept: numberIn(config, 'topk_group') ?? 1, judgedBy: habit.scores === 'sigmoid' ? 2 : 1 } : null,
    },
  };
}

/** The same from GGUF metadata. */
export function expertsInGguf(metadata: Fields, habit: Habit = {}): Traits {
  const count = numberIn(metadata, 'expert_count') ?? 0;
  if (count === 0) return {};
  const width = numberIn(metadata, 'expert_feed_forward_length', 'feed_forward_length') ?? 1;
  const gate = numberIn(metadata, 'expert_gating_func') ?? 0;
  const scores = gate === 0 ? (habit.scores ?? 'softmax') : gate === 2 ? 'sigmoid' : 'softmax';
  const groups = numberIn(metadata, 'expert_group_count') ?? 1;
  return {
    experts: {
      count,
      chosen: numberIn(metadata, 'expert_used_count') ?? 2,
      width,
      shared: numberIn(metadata, 'expert_shared_feed_forward_length') ?? width * (numberIn(metadata, 'expert_shared_count') ?? 0),
      scores,
      normalised: flagIn(metadata, 'expert_weights_norm') ?? habit.normalised ?? false,
      scale: numberIn(metadata, 'expert_weights_scale') || 1,
      groups:
        groups > 1
          ? { count: groups, kept: numberIn(metadata, 'expert_group_used_count') ?? 1, judgedBy: scores === 'sigmoid' ? 2 : 1 }
          : null,
    },
  };
}

/** A checkpoint of Mixtral's kind calls its experts' matrices w1, w3 and w2. */
const lettered = (stem: string) => ({
  'experts.gate': `${stem}.experts.{e}.w1`,
  'experts.up': `${stem}.experts.{e}.w3`,
  'experts.down': `${stem}.experts.{e}.w2`,
});
const graniteMoeNames = {
  router: 'block_sparse_moe.router.layer',
  'experts.gateUp': 'block_sparse_moe.input_linear',
  'experts.down': 'block_sparse_moe.output_linear',
  'shared.gateUp': 'shared_mlp.input_linear',
  'shared.down': 'shared_mlp.output_linear',
};
const windowOf = (config: Fields): Traits => windowed(config, numberIn(config, 'sliding_window'), () => true);

export const expertFamilies: Readonly<Record<string, Family>> = {
  mixtral: {
    types: ['mixtral'],
    arch: [],
    names: { router: 'block_sparse_moe.gate', ...lettered('block_sparse_moe') },
    fromConfig: (c) => ({ ...windowOf(c), ...expertsIn(c, { normalised: true }) }),
  },
  qwen2_moe: {
    types: ['qwen2_moe'],
    arch: ['qwen2moe'],
    fromConfig: (c) => expertsIn(c),
    fromGguf: (m) => expertsInGguf(m),
  },
  qwen3_moe: {
    types: ['qwen3_moe'],
    arch: ['qwen3moe'],
    fromConfig: (c) => expertsIn(c),
    fromGguf: (m) => expertsInGguf(m, { normalised: true }),
  },
  olmoe: {
    types: ['olmoe'],
    arch: ['olmoe'],
    fromConfig: (c) => ({ clip: numberIn(c, 'clip_qkv') ?? null, ...expertsIn(c) }),
    fromGguf: (m) => expertsInGguf(m),
  },
  granitemoe: {
    types: ['granitemoe', 'granitemoeshared'],
    arch: ['granitemoe'],
    names: graniteMoeNames,
    fromConfig: (c) => ({ ...graniteTraits(c), ...expertsIn(c, { normalised: true }) }),
    fromGguf: (m) => ({ ...graniteTraits(m), interleaved: true, ...expertsInGguf(m, { normalised: true }) }),
  },
  deepseek_v2: {
    types: ['deepseek_v2'],
    arch: ['deepseek2'],
    fromConfig: (c) => ({ ...latentIn(c), ...expertsIn(c) }),
    fromGguf: (m) => ({ ...latentInGguf(m), ...expertsInGguf(m) }),
  },
  deepseek_v3: {
    types: ['deepseek_v3'],
    arch: [],
    fromConfig: (c) => ({ ...latentIn(c), ...expertsIn(c, { scores: 'sigmoid', normalised: true }) }),
  },
  ernie4_5_moe: {
    types: ['ernie4_5_moe'],
    arch: ['ernie4_5-moe'],
    traits: { interleaved: true },
    fromConfig: (c) => expertsIn(c, { normalised: true }),
    fromGguf: (m) => expertsInGguf(m, { normalised: true }),
  },
  lfm2_moe: {
    types: ['lfm2_moe'],
    arch: ['lfm2moe'],
    names: { ...lfm2Names, router: 'feed_forward.gate', chooseBias: 'feed_forward.expert_bias', ...lettered('feed_forward') },
    gguf: lfm2GgufNames,
    traits: { tied: true },
    fromConfig: (c) => ({
      ...lfm2(c),
      ffnWidth: numberIn(c, 'intermediate_size') ?? 1,
      ...expertsIn(c, { scores: 'sigmoid', normalised: true }),
    }),
    fromGguf: (m) => ({ ...lfm2Gguf(m), ...expertsInGguf(m, { scores: 'sigmoid', normalised: true }) }),
  },
};
