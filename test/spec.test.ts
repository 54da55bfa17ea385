import { describe, expect, test } from 'vitest';
import type { ModelFiles, StoredTensor } from '../runners/onnx/contract.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { ropeOf } from '../runners/onnx/rope.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { tinyModel } from './support/tiny-fixture.ts';

const files = openModel(tinyModel('ernie4_5'));
const withConfig = (more: Record<string, unknown>): ModelFiles => ({ ...files, config: { ...files.config, ...more } });

describe('a model that is not understood is refused', () => {
  test('an unknown family, naming the nearest', () => {
    expect(() => specOf(withConfig({ model_type: 'qwen9' }))).toThrow(/“qwen9” is not known; the nearest known ones are qwen2, qwen3/);
  });
  test('a field that is missing', () => {
    expect(() => specOf(withConfig({ hidden_size: undefined }))).toThrow('hidden_size');
  });
  test('weights of another shape than configured', () => {
    expect(() => specOf(withConfig({ intermediate_size: 40 }))).toThrow(
      /gate_proj.weight is \[32, 32\] where the configuration asks for 40 × 32/,
    );
  });
  test('a tensor that would be passed over in silence', () => {
    const odd: StoredTensor = { name: 'model.layers.0.self_attn.sinks', shape: [4], type: 'F32', file: '', offset: 0, bytes: 16 };
    expect(() => specOf({ ...files, tensors: new Map([...files.tensors, [odd.name, odd]]) })).toThrow('self_attn.sinks');
  });
  test('a matrix that is missing', () => {
    const tensors = new Map(files.tensors);
    tensors.delete('model.layers.1.self_attn.o_proj.weight');
    expect(() => specOf({ ...files, tensors })).toThrow('no o for layer 1');
  });
  test('an unknown kind of rope', () => {
    expect(() => specOf(withConfig({ rope_parameters: { rope_type: 'spiral', rope_theta: 1e4 } }))).toThrow('“spiral”');
  });
});

describe('rope', () => {
  const plain = { kind: 'default', base: 10_000, width: 8, interleaved: false, context: 256 };
  test('plain frequencies are powers of the base', () => {
    expect(ropeOf(plain).frequencies).toEqual([1, 0.1, 0.01, 0.001].map((each) => expect.closeTo(each, 12)));
  });
  test('linear divides them all', () => {
    expect(ropeOf({ ...plain, kind: 'linear', factor: 4 }).frequencies[1]).toBeCloseTo(0.025, 12);
  });
  test('llama3 keeps the fast ones, divides the slow ones', () => {
    const { frequencies } = ropeOf({ ...plain, kind: 'llama3', factor: 8, lowFactor: 1, highFactor: 4, original: 64 });
    // Waves of 6.28, 62.8, 628 and 6283 tokens against 64/4 and 64/1.
    expect(frequencies[0]).toBe(1);
    expect(frequencies[3]).toBeCloseTo(0.001 / 8, 12);
    const smooth = (64 / (2 * Math.PI * 10) - 1) / 3;
    expect(frequencies[1]).toBeCloseTo((1 - smooth) * (0.1 / 8) + smooth * 0.1, 12);
  });
  test('yarn scales cos and sin by 0.1 ln(factor) + 1', () => {
    expect(ropeOf({ ...plain, kind: 'yarn', factor: 4, original: 64 }).scale).toBeCloseTo(0.1 * Math.log(4) + 1, 12);
  });
  test('longrope has two sets, and a scale by the lengthening', () => {
    const rope = ropeOf({ ...plain, kind: 'longrope', original: 64, shortFactors: [1, 1, 1, 1], longFactors: [2, 2, 2, 2] });
    expect(rope.long).toEqual({ frequencies: rope.frequencies.map((each) => each / 2), beyond: 64 });
    expect(rope.scale).toBeCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(64)), 12);
    expect(() => ropeOf({ ...plain, kind: 'longrope', shortFactors: [1] })).toThrow('4 short and 4 long');
  });
});
