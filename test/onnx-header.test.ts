import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOnnxHeader } from '../runners/onnx/onnx-header.ts';
import { type Initializer, modelBytes, type Value } from '../runners/onnx/proto.ts';
import { findReadyMade } from '../runners/onnx/ready-made.ts';
import { UserError } from '../src/types.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'plumbline-onnx-'));

function decoder(past: string, present: string, initializers: readonly Initializer[] = []): Uint8Array {
  const cache = (name: string): Value => ({ name, type: 'float32', shape: ['batch', 2, 'past', 16] });
  return modelBytes({
    name: 'decoder',
    irVersion: 10,
    opsets: { '': 21, 'com.microsoft': 1 },
    nodes: [{ name: 'n', op: 'Identity', domain: '', inputs: ['input_ids'], outputs: ['logits'], attributes: {} }],
    initializers,
    inputs: [
      { name: 'input_ids', type: 'int64', shape: ['batch', 'sequence'] },
      { name: 'attention_mask', type: 'int64', shape: ['batch', 'total'] },
      cache(`${past}.0.key`),
      cache(`${past}.0.value`),
    ],
    outputs: [
      { name: 'logits', type: 'float32', shape: ['batch', 'sequence', 32000] },
      cache(`${present}.0.key`),
      cache(`${present}.0.value`),
    ],
  });
}

describe('ONNX files', () => {
  test('inputs, outputs, operator sets and files of weights, without reading the weights', () => {
    const path = folder();
    mkdirSync(join(path, 'onnx'));
    const file = join(path, 'onnx', 'model.onnx');
    const outside: Initializer = { name: 'w', type: 'float32', shape: [4], location: 'weights.bin', offset: 0, bytes: 16 };
    writeFileSync(file, decoder('past_key_values', 'present', [outside]));
    expect(() => findReadyMade(path)).toThrow(/weights\.bin: missing/);
    writeFileSync(join(path, 'onnx', 'weights.bin'), new Uint8Array(16));
    writeFileSync(join(path, 'onnx', 'model.onnx_data'), new Uint8Array(8));
    const header = readOnnxHeader(file);
    expect(header.opsets).toEqual({ '': 21, 'com.microsoft': 1 });
    expect(header.external).toEqual(['weights.bin']);
    expect(header.inputs.map((value) => value.name)).toEqual([
      'input_ids',
      'attention_mask',
      'past_key_values.0.key',
      'past_key_values.0.value',
    ]);
    expect(header.inputs[2]).toEqual({ name: 'past_key_values.0.key', type: 'float32', shape: ['batch', 2, 'past', 16] });
    expect(header.outputs[0]).toEqual({ name: 'logits', type: 'float32', shape: ['batch', 'sequence', 32000] });
    const found = findReadyMade(path);
    expect(found.files.map((each) => basename(each))).toEqual(['model.onnx', 'weights.bin', 'model.onnx_data']);
    expect(found.bytes).toBe(statSync(file).size + 24);
  });

  test('what is cut off, or reaches outside its folder, is refused by name', () => {
    const path = folder();
    const file = join(path, 'model.onnx');
    const refused = (bytes: Uint8Array, pattern: RegExp): void => {
      writeFileSync(file, bytes);
      expect(() => findReadyMade(path)).toThrow(UserError);
      expect(() => findReadyMade(path)).toThrow(pattern);
    };
    const whole = decoder('past_key_values', 'present');
    refused(whole.subarray(0, whole.length - 20), /damaged|ends inside/);
    refused(new Uint8Array(100), /damaged/);
    const away: Initializer = { name: 'w', type: 'float32', shape: [4], location: '../secret', offset: 0, bytes: 16 };
    refused(decoder('past_key_values', 'present', [away]), /outside its folder/);
    writeFileSync(file, whole);
    writeFileSync(join(path, 'genai_config.json'), JSON.stringify({ model: { decoder: { filename: '../x.onnx' } } }));
    expect(() => findReadyMade(path)).toThrow(/outside its folder/);
  });
});
