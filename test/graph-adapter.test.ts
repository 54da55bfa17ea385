import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readAdapter } from '../runners/onnx/adapter.ts';
import { readFloats, readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { openGraph, trace } from './support/graph-model.ts';
import { tinyModel, writeSafetensors } from './support/tiny-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const rank = 4;
const wave = (count: number, step: number): Float32Array => Float32Array.from({ length: count }, (_, i) => 0.3 * Math.sin(1 + i * step));

/** A PEFT folder that adds to the named matrices of a model, and the same model with those additions merged. */
function adapted(name: string, matrices: readonly string[], settings: object = {}): { base: string; adapter: string; merged: string } {
  const [base, merged, adapter] = [tinyModel(name), tinyModel(name), join(folder, `${name}-${Object.keys(settings).join('')}`)];
  const stored = openModel(base).tensors;
  const whole = new Map([...stored].map(([key, tensor]) => [key, { shape: tensor.shape, values: readFloats(tensor) }]));
  const low = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  matrices.forEach((matrix, index) => {
    const { shape, values } = whole.get(`${matrix}.weight`) ?? { shape: [0, 0], values: new Float32Array() };
    const [out = 0, width = 0] = shape;
    const [a, b] = [wave(rank * width, 0.7 + index), wave(out * rank, 1.3 + index)];
    low.set(`base_model.model.${matrix}.lora_A.weight`, { shape: [rank, width], values: a });
    low.set(`base_model.model.${matrix}.lora_B.weight`, { shape: [out, rank], values: b });
    for (let r = 0; r < out; r += 1)
      for (let c = 0; c < width; c += 1) {
        let sum = 0;
        for (let k = 0; k < rank; k += 1) sum += (b[r * rank + k] ?? 0) * (a[k * width + c] ?? 0);
        values[r * width + c] = (values[r * width + c] ?? 0) + 2 * sum;
      }
  });
  mkdirSync(adapter);
  writeFileSync(join(adapter, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: rank, lora_alpha: 8, ...settings }));
  writeSafetensors(join(adapter, 'adapter_model.safetensors'), low);
  writeSafetensors(join(merged, 'model.safetensors'), whole);
  return { base, adapter, merged };
}

const ids = Array.from({ length: 24 }, (_, i) => 3 + ((i * 29) % 90));
async function logprobs(path: string, adapter?: string): Promise<number[]> {
  const files = openModel(path);
  const spec = specOf(files);
  const more = adapter === undefined ? {} : { adapter: readAdapter(adapter, files, spec) };
  const open = await openGraph(spec, await readyTensors(files, { cacheDir: '' }), { purpose: 'score', device: 'cpu', ...more });
  return (await trace(open, ids)).logprob;
}

describe('a LoRA adapter', () => {
  test('scores as the merged model does, and not as the base', async () => {
    const matrices = [0, 1].flatMap((i) =>
      ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.down_proj'].map((each) => `model.layers.${i}.${each}`),
    );
    const { base, adapter, merged } = adapted('granite', matrices);
    const [with_, whole, without] = [await logprobs(base, adapter), await logprobs(merged), await logprobs(base)];
    for (const [i, each] of with_.entries()) expect(each).toBeCloseTo(whole[i] ?? Number.NaN, 4);
    expect(Math.max(...with_.map((each, i) => Math.abs(each - (without[i] ?? 0))))).toBeGreaterThan(0.01);
  });
  test('of another model or kind is refused', () => {
    const made = adapted('granite', ['model.layers.0.self_attn.q_proj'], { use_dora: true });
    const files = openModel(made.base);
    expect(() => readAdapter(made.adapter, files, specOf(files))).toThrow('DoRA');
    const other = openModel(tinyModel('glm'));
    const plain = adapted('granite', ['model.layers.0.mlp.gate_proj'], { bias: 'none' });
    expect(() => readAdapter(plain.adapter, other, specOf(other))).toThrow('fit no matrix');
    expect(() => readAdapter(folder, files, specOf(files))).toThrow('adapter_config.json');
  });
});
