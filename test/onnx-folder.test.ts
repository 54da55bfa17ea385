import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openOnnxFolder } from '../runners/onnx/onnx-folder.ts';
import { type Initializer, modelBytes, type Value } from '../runners/onnx/proto.ts';
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

describe('ONNX folders', () => {
  test('optimum naming in onnx/, weights beside the model', () => {
    const path = folder();
    mkdirSync(join(path, 'onnx'));
    const outside: Initializer = { name: 'w', type: 'float32', shape: [4], location: 'model.onnx_data', offset: 0, bytes: 16 };
    writeFileSync(join(path, 'onnx', 'model.onnx'), decoder('past_key_values', 'present', [outside]));
    expect(() => openOnnxFolder(path)).toThrow(/model\.onnx_data: missing/);
    writeFileSync(join(path, 'onnx', 'model.onnx_data'), new Uint8Array(16));
    writeFileSync(join(path, 'config.json'), '{"model_type":"llama"}');
    const model = openOnnxFolder(path);
    expect(model.folder).toBe(path);
    expect(model.files.map((file) => file.split('/').at(-1))).toEqual(['model.onnx', 'model.onnx_data']);
    expect(model.names).toEqual({ ids: 'input_ids', mask: 'attention_mask', positions: null, logits: 'logits' });
    expect(model.caches.map((cache) => [cache.past.name, cache.present.name])).toEqual([
      ['past_key_values.0.key', 'present.0.key'],
      ['past_key_values.0.value', 'present.0.value'],
    ]);
    expect(model.caches[0]?.past).toEqual({ name: 'past_key_values.0.key', type: 'float32', shape: ['batch', 2, 'past', 16] });
    expect(model.opsets).toEqual({ '': 21, 'com.microsoft': 1 });
    expect(model.config.model_type).toBe('llama');
  });

  test('onnxruntime-genai naming', () => {
    const path = folder();
    writeFileSync(join(path, 'decoder.onnx'), decoder('past_key_values', 'present'));
    writeFileSync(join(path, 'genai_config.json'), JSON.stringify({ model: { type: 'llama', decoder: { filename: 'decoder.onnx' } } }));
    const model = openOnnxFolder(path);
    expect(model.model).toBe(join(path, 'decoder.onnx'));
    expect(model.config.genai).toMatchObject({ type: 'llama' });
  });

  test('what is no decoder, cut off, or reaches outside is refused by name', () => {
    const path = folder();
    const file = join(path, 'model.onnx');
    const refused = (bytes: Uint8Array, pattern: RegExp): void => {
      writeFileSync(file, bytes);
      expect(() => openOnnxFolder(path)).toThrow(UserError);
      expect(() => openOnnxFolder(path)).toThrow(pattern);
    };
    const whole = decoder('past_key_values', 'present');
    refused(whole.subarray(0, whole.length - 20), /damaged|ends inside/);
    refused(new Uint8Array(100), /damaged/);
    refused(decoder('past_key_values', 'other'), /gives nothing to feed it with/);
    const away: Initializer = { name: 'w', type: 'float32', shape: [4], location: '../secret', offset: 0, bytes: 16 };
    refused(decoder('past_key_values', 'present', [away]), /outside its folder/);
  });
});
