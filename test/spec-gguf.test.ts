import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ModelFiles, StoredTensor } from '../runners/onnx/contract.ts';
import { readFloats, readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { type ModelSpec, specOf } from '../runners/onnx/spec.ts';
import { ggufNames } from '../runners/onnx/tensor-names.ts';
import { openGraph, trace } from './support/graph-model.ts';
import { tinyFolder, tinyModel, writeSafetensors } from './support/tiny-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

const text = (names: string | readonly string[]): string => (typeof names === 'string' ? names : (names[0] ?? ''));

/** The model as its GGUF file spells it: llama.cpp's tensor names, and metadata for `arch`. */
function asGguf(
  files: ModelFiles,
  spec: ModelSpec,
  more: { arch: string; metadata: Record<string, unknown>; permute: boolean },
): ModelFiles {
  const written = new Map<string, Values>();
  for (const [canonical, name] of Object.entries(spec.tensors)) {
    const [, layer, role = '', part = ''] = /^(?:layers\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(canonical) ?? [];
    const own = text(ggufNames[role as keyof typeof ggufNames]);
    const tensor = files.tensors.get(name);
    if (tensor === undefined || (spec.tied && role === 'head')) continue;
    const values: Values = { shape: tensor.shape, values: readFloats(tensor) };
    const heads = role === 'q' ? spec.heads : role === 'k' ? spec.kvHeads : 0;
    const prefix = layer === undefined ? '' : text(ggufNames.layer).replace('{i}', layer);
    written.set(`${prefix}${own}.${part}`, more.permute && heads > 0 ? permuted(values, heads) : values);
  }
  const file = join(folder, `${more.arch}.bin`);
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

const kept = (files: ModelFiles, ...keys: string[]): unknown[] => keys.map((key) => files.config[key]);

const cases: Readonly<Record<string, { arch: string; permute: boolean; metadata: (files: ModelFiles) => Record<string, unknown> }>> = {
  granite: {
    arch: 'granite',
    permute: true,
    metadata: (files) => {
      const [embedding, residual, attention, logits] = kept(
        files,
        'embedding_multiplier',
        'residual_multiplier',
        'attention_multiplier',
        'logits_scaling',
      );
      return { embedding_scale: embedding, residual_scale: residual, 'attention.scale': attention, logit_scale: logits };
    },
  },
  stablelm: { arch: 'stablelm', permute: false, metadata: () => ({ use_parallel_residual: false }) },
  'stablelm-parallel': { arch: 'stablelm', permute: false, metadata: () => ({ use_parallel_residual: true }) },
  starcoder2: { arch: 'starcoder2', permute: false, metadata: () => ({ 'attention.sliding_window': 16 }) },
  cohere: { arch: 'command-r', permute: false, metadata: (files) => ({ logit_scale: files.config.logit_scale }) },
  olmo: { arch: 'olmo', permute: true, metadata: (files) => ({ 'attention.clamp_kqv': files.config.clip_qkv }) },
  arcee: { arch: 'arcee', permute: true, metadata: () => ({}) },
  nemotron: { arch: 'nemotron', permute: false, metadata: () => ({}) },
};

describe.each(Object.entries(cases))('%s in the spelling of GGUF', (name, { arch, permute, metadata }) => {
  test('scores as transformers does', async () => {
    const original = openModel(tinyModel(name));
    const made = asGguf(original, specOf(original), { arch, permute, metadata: metadata(original) });
    if (name === 'nemotron') addOne(made);
    const spec = specOf(made);
    const inPlace = await readyTensors({ ...made, format: 'safetensors' }, { cacheDir: '' });
    const open = await openGraph(spec, inPlace, { purpose: 'score', device: 'cpu' });
    const reference = JSON.parse(readFileSync(join(tinyFolder, name, 'reference.json'), 'utf8')) as {
      cases: { input_ids: number[]; token_logprobs: number[] }[];
    };
    for (const { input_ids, token_logprobs } of reference.cases) {
      const { logprob } = await trace(open, input_ids);
      for (const [i, each] of logprob.entries()) expect(Math.abs(each - (token_logprobs[i] ?? Number.NaN))).toBeLessThan(1e-4);
    }
  });
});

/** Converters write 1 + w where a family's norms are stored as w. */
function addOne(files: ModelFiles): void {
  const [file = ''] = files.files;
  const whole = new Map(
    [...files.tensors.values()].map((tensor) => {
      const values = readFloats(tensor);
      return [tensor.name, { shape: tensor.shape, values: /norm\.weight$/.test(tensor.name) ? values.map((each) => each + 1) : values }];
    }),
  );
  writeSafetensors(file, whole);
}
