/** The tiny models as a GGUF file spells them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelFiles, StoredTensor } from '../../runners/onnx/contract.ts';
import { readFloats } from '../../runners/onnx/convert.ts';
import { families } from '../../runners/onnx/families.ts';
import type { ModelSpec } from '../../runners/onnx/spec.ts';
import { ggufNames } from '../../runners/onnx/tensor-names.ts';
import { writeSafetensors } from './tiny-fixture.ts';

type Values = { readonly shape: readonly number[]; readonly values: Float32Array };

/** Rows of a query or key matrix as llama.cpp's converter orders them for neighbouring pairs (LlamaModel.permute). */
function permuted({ shape, values }: Values, heads: number): Values {
  const [rows = 0, width = 0] = shape;
  const half = rows / heads / 2;
  const out = new Float32Array(values.length);
  for (let head = 0; head < heads; head += 1)
    for (let i = 0; i < half; i += 1)
      for (const part of [0, 1]) {
        const from = (head * 2 * half + part * half + i) * width;
        out.set(values.subarray(from, from + width), (head * 2 * half + 2 * i + part) * width);
      }
  return { shape, values: out };
}

const roleIn = /^(?:layers\.(\d+)\.)?(?:experts\.(\d+)\.)?([\w.]+)\.(weight|bias)$/;

/** One more expert at the end of those before it. */
function stackedOn(before: Values | undefined, { shape, values }: Values): Values {
  if (before === undefined) return { shape: [1, ...shape], values };
  const both = new Float32Array(before.values.length + values.length);
  both.set(before.values);
  both.set(values, before.values.length);
  return { shape: [(before.shape[0] ?? 0) + 1, ...shape], values: both };
}

/** GPT-2's matrices are stored [in,out]. */
function turned({ shape: [rows = 0, columns = 0], values }: Values): Values {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r += 1) for (let c = 0; c < columns; c += 1) out[c * rows + r] = values[r * columns + c] ?? 0;
  return { shape: [columns, rows], values: out };
}

/** Granite's gate and up in one tensor [experts,2·width,in] (or [2·width,in]) apart, as its converter writes them. */
function fusedPair(role: string, { shape, values }: Values): readonly (readonly ['gate' | 'up', Values])[] {
  if (role !== 'experts.gateUp' && role !== 'shared.gateUp') return [];
  const [count, double = 0, width = 0] = shape.length === 3 ? shape : [1, ...shape];
  const half = (double / 2) * width;
  return (['gate', 'up'] as const).map((name, part) => {
    const out = new Float32Array(values.length / 2);
    for (let e = 0; e < (count ?? 1); e += 1) out.set(values.subarray((2 * e + part) * half, (2 * e + part + 1) * half), e * half);
    return [name, { shape: shape.length === 3 ? [count ?? 1, double / 2, width] : [double / 2, width], values: out }];
  });
}

/** The key's and the value's part of DeepSeek's kv_b, the former turned (convert_hf_to_gguf.py, DeepseekV2Model). */
function splitKv(spec: ModelSpec, { values }: Values): readonly (readonly ['kUp' | 'vUp', Values])[] {
  const { plain, value, rank } = spec.latent ?? { plain: 0, value: 0, rank: 0 };
  const [k, v] = [new Float32Array(spec.heads * rank * plain), new Float32Array(spec.heads * value * rank)];
  for (let head = 0; head < spec.heads; head += 1)
    for (let r = 0; r < rank; r += 1) {
      const at = (row: number): number => values[(head * (plain + value) + row) * rank + r] ?? 0;
      for (let i = 0; i < plain; i += 1) k[(head * rank + r) * plain + i] = at(i);
      for (let i = 0; i < value; i += 1) v[(head * value + i) * rank + r] = at(plain + i);
    }
  return [
    ['kUp', { shape: [spec.heads, rank, plain], values: k }],
    ['vUp', { shape: [spec.heads, value, rank], values: v }],
  ];
}

/** Fused projections group by group as all queries, all keys, all values (convert_hf_to_gguf.py: FalconModel, BloomModel, GPTNeoXModel). */
function joinedRows(spec: ModelSpec, { shape, values }: Values): Values {
  const { heads, kvHeads, headDim } = spec;
  const group = heads / kvHeads;
  const width = shape.length === 1 ? 1 : (shape[1] ?? 0);
  const out = new Float32Array(values.length);
  const move = (from: number, to: number, rows: number): void => out.set(values.subarray(from * width, (from + rows) * width), to * width);
  for (let g = 0; g < kvHeads; g += 1) {
    const start = g * (group + 2) * headDim;
    move(start, g * group * headDim, group * headDim);
    move(start + group * headDim, (heads + g) * headDim, headDim);
    move(start + (group + 1) * headDim, (heads + kvHeads + g) * headDim, headDim);
  }
  return { shape, values: out };
}

const text = (names: string | readonly string[]): string => (typeof names === 'string' ? names : (names[0] ?? ''));

/** The model as its GGUF file spells it: llama.cpp's tensor names, and metadata for `arch`. */
export function asGguf(
  files: ModelFiles,
  spec: ModelSpec,
  more: { arch: string; metadata: Record<string, unknown>; permute: boolean; split?: boolean; folder: string },
): ModelFiles {
  const written = new Map<string, Values>();
  const names = { ...ggufNames, ...families[spec.family]?.gguf };
  for (const [canonical, name] of Object.entries(spec.tensors)) {
    const [, layer, expert, role = '', part = ''] = roleIn.exec(canonical) ?? [];
    const own = text(names[(expert === undefined ? role : `experts.${role}`) as keyof typeof ggufNames]);
    const tensor = files.tensors.get(name);
    if (tensor === undefined || (spec.tied && role === 'head')) continue;
    const stored: Values = { shape: tensor.shape, values: readFloats(tensor) };
    const values = spec.transposed && layer !== undefined && part === 'weight' && stored.shape.length === 2 ? turned(stored) : stored;
    if (role === 'chooseBias') {
      written.set(`blk.${layer}.${own}`, { shape: [values.values.length], values: values.values });
      continue;
    }
    if (role === 'conv') {
      written.set(`blk.${layer}.${own}.weight`, { shape: [values.shape[0] ?? 0, values.shape[2] ?? 0], values: values.values });
      continue;
    }
    if (fusedPair(role, values).length > 0) {
      const stem = role.startsWith('shared') ? 'shared.' : 'experts.';
      for (const [half, each] of fusedPair(role, values)) written.set(`blk.${layer}.${text(names[`${stem}${half}`])}.weight`, each);
      continue;
    }
    if (expert !== undefined) {
      const stacked = written.get(`blk.${layer}.${own}.weight`);
      written.set(`blk.${layer}.${own}.weight`, stackedOn(stacked, values));
      continue;
    }
    if (role === 'kvUp' && more.split) {
      for (const [half, each] of splitKv(spec, values)) written.set(`blk.${layer}.${text(names[half])}.weight`, each);
      continue;
    }
    if (role === 'qkv' && spec.qkv !== 'joined') {
      written.set(`blk.${layer}.${own}.${part}`, joinedRows(spec, values));
      continue;
    }
    const heads = role === 'q' ? spec.heads : role === 'k' ? spec.kvHeads : 0;
    const prefix = layer === undefined ? '' : text(ggufNames.layer).replace('{i}', layer);
    written.set(`${prefix}${own}.${part}`, more.permute && heads > 0 ? permuted(values, heads) : values);
  }
  const file = join(more.folder, `${spec.family}-${more.arch}.bin`);
  writeSafetensors(file, written);
  let at = 8 + Number(readFileSync(file).readBigUInt64LE(0));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, values }] of written) {
    tensors.set(name, { name, shape, type: 'F32', file, offset: at, bytes: values.byteLength });
    at += values.byteLength;
  }
  const sizes = {
    block_count: spec.layers.length,
    embedding_length: spec.hidden,
    feed_forward_length: spec.ffn.width,
    context_length: spec.context,
    'attention.head_count': spec.heads,
    'attention.head_count_kv': spec.kvHeads,
    'rope.freq_base': spec.ropes[0]?.base,
    'rope.dimension_count': spec.ropes[0]?.width,
    [spec.norm.kind === 'rms' ? 'attention.layer_norm_rms_epsilon' : 'attention.layer_norm_epsilon']: spec.norm.eps,
    ...more.metadata,
  };
  const config = Object.fromEntries(Object.entries(sizes).map(([key, value]) => [`${more.arch}.${key}`, value]));
  return { ...files, format: 'gguf', files: [file], tensors, config: { ...config, 'general.architecture': more.arch } };
}

const graniteKeys = ({ config }: ModelFiles): Record<string, unknown> => ({
  embedding_scale: config.embedding_multiplier,
  residual_scale: config.residual_multiplier,
  'attention.scale': config.attention_multiplier,
  logit_scale: config.logits_scaling,
});

/** Sizes of experts and of latent heads as converters write them. */
const expertKeys = (files: ModelFiles, spec: ModelSpec): Record<string, unknown> => ({
  expert_count: spec.experts?.count,
  expert_used_count: spec.experts?.chosen,
  expert_feed_forward_length: spec.experts?.width,
  expert_weights_scale: spec.experts?.scale,
  expert_shared_count: files.config.n_shared_experts,
  expert_shared_feed_forward_length: spec.experts?.shared || undefined,
  expert_gating_func: spec.experts?.scores === 'sigmoid' ? 2 : 1,
});
const latentKeys = (spec: ModelSpec, split: boolean): Record<string, unknown> => ({
  'attention.kv_lora_rank': spec.latent?.rank,
  'rope.dimension_count': spec.latent?.rotated,
  ...(split
    ? {
        'attention.head_count_kv': 1,
        'attention.key_length': (spec.latent?.rank ?? 0) + (spec.latent?.rotated ?? 0),
        'attention.value_length': spec.latent?.rank,
        'attention.key_length_mla': spec.headDim,
        'attention.value_length_mla': spec.latent?.value,
      }
    : { 'attention.key_length': spec.headDim, 'attention.value_length': spec.latent?.value }),
});
const yarnKeys = {
  'rope.scaling.type': 'yarn',
  'rope.scaling.factor': 4,
  'rope.scaling.original_context_length': 64,
  'rope.scaling.yarn_log_multiplier': 0.0707,
};

/** Tiny model → what its converter writes. `of`: the model where the title is not its name. */
export const ggufCases: Readonly<
  Record<
    string,
    {
      of?: string;
      arch: string;
      permute: boolean;
      split?: boolean;
      /** How far the file itself strays from its original. */
      within?: number;
      metadata: (files: ModelFiles, spec: ModelSpec) => Record<string, unknown>;
    }
  >
> = {
  'granite-moe': { arch: 'granitemoe', permute: true, metadata: (files, spec) => ({ ...expertKeys(files, spec), ...graniteKeys(files) }) },
  'granite-moe-shared': {
    arch: 'granitemoe',
    permute: true,
    metadata: (files, spec) => ({ ...expertKeys(files, spec), ...graniteKeys(files) }),
  },
  mixtral: { arch: 'llama', permute: true, metadata: (files, spec) => ({ ...expertKeys(files, spec), 'attention.sliding_window': 16 }) },
  'qwen2-moe': { arch: 'qwen2moe', permute: false, metadata: expertKeys },
  'qwen3-moe': {
    arch: 'qwen3moe',
    permute: false,
    metadata: (files, spec) => ({ ...expertKeys(files, spec), 'attention.key_length': spec.headDim }),
  },
  'ernie4_5-moe': { arch: 'ernie4_5-moe', permute: false, metadata: expertKeys },
  'lfm2-moe': {
    arch: 'lfm2moe',
    permute: false,
    metadata: (files, spec) => ({ ...expertKeys(files, spec), 'shortconv.l_cache': 3, 'attention.head_count_kv': [0, 2, 0] }),
  },
  lfm2: { arch: 'lfm2', permute: false, metadata: () => ({ 'shortconv.l_cache': 3, 'attention.head_count_kv': [0, 2, 0] }) },
  'deepseek-v2-lite': {
    arch: 'deepseek2',
    permute: false,
    metadata: (files, spec) => ({ ...expertKeys(files, spec), ...latentKeys(spec, false), ...yarnKeys }),
  },
  'deepseek-v2-lite, keys and values apart': {
    of: 'deepseek-v2-lite',
    arch: 'deepseek2',
    permute: false,
    split: true,
    metadata: (files, spec) => ({ ...expertKeys(files, spec), ...latentKeys(spec, true), ...yarnKeys }),
  },
  'deepseek-v3': {
    arch: 'deepseek2',
    permute: false,
    split: true,
    metadata: (files, spec) => ({
      ...expertKeys(files, spec),
      ...latentKeys(spec, true),
      expert_weights_norm: true,
      expert_group_count: 4,
      expert_group_used_count: 2,
    }),
  },
  granite: { arch: 'granite', permute: true, metadata: graniteKeys },
  stablelm: { arch: 'stablelm', permute: false, metadata: () => ({ use_parallel_residual: false }) },
  'stablelm-parallel': { arch: 'stablelm', permute: false, metadata: () => ({ use_parallel_residual: true }) },
  starcoder2: { arch: 'starcoder2', permute: false, metadata: () => ({ 'attention.sliding_window': 16 }) },
  cohere: { arch: 'command-r', permute: false, metadata: (files) => ({ logit_scale: files.config.logit_scale }) },
  olmo: { arch: 'olmo', permute: true, metadata: (files) => ({ 'attention.clamp_kqv': files.config.clip_qkv }) },
  arcee: { arch: 'arcee', permute: true, metadata: () => ({}) },
  nemotron: { arch: 'nemotron', permute: false, metadata: () => ({}) },
  bloom: { of: 'bloom-6-heads', arch: 'bloom', permute: false, metadata: () => ({}) },
  'falcon-40b': { arch: 'falcon', permute: false, metadata: () => ({}) },
  'falcon-7b': { arch: 'falcon', permute: false, metadata: () => ({ 'attention.head_count_kv': 1 }) },
  // GGUF does not say that this one's GELU is the exact one.
  'cerebras-gpt': { arch: 'gpt2', permute: false, within: 1e-3, metadata: () => ({}) },
  ernie4_5: { arch: 'ernie4_5', permute: false, metadata: (_, spec) => ({ 'attention.key_length': spec.headDim }) },
  seed_oss: { arch: 'seed_oss', permute: false, metadata: (_, spec) => ({ 'attention.key_length': spec.headDim }) },
  exaone4: {
    arch: 'exaone4',
    permute: false,
    metadata: (_, spec) => ({ 'attention.key_length': spec.headDim, 'attention.sliding_window': 16 }),
  },
  cohere2: {
    arch: 'cohere2',
    permute: false,
    metadata: (files) => ({ logit_scale: files.config.logit_scale, 'attention.sliding_window': 16 }),
  },
  hunyuan: { arch: 'hunyuan-dense', permute: false, metadata: (_, spec) => ({ 'attention.key_length': spec.headDim }) },
  'minicpm3-mla': {
    arch: 'minicpm3',
    permute: false,
    metadata: (_, spec) => ({ ...latentKeys(spec, false), 'attention.q_lora_rank': 16 }),
  },
};
