import { mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numbersOf, stringsOf } from '../runners/onnx/gguf.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { UserError } from '../src/types.ts';
import { type GgufParts, type GgufTensor, ggufBytes, writeGguf } from './support/gguf-file.ts';

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-open-'));
let made = 0;
const fresh = (name: string): string => {
  made += 1;
  mkdirSync(join(scratch, String(made)));
  return join(scratch, String(made), name);
};

const metadata: GgufParts['metadata'] = [
  ['general.architecture', 'llama'],
  ['llama.block_count', 2],
  ['llama.rope.freq_base', 0.5],
  ['llama.attention.head_count_kv', [1, 2, 3]],
  ['tokenizer.ggml.add_bos_token', true],
  ['tokenizer.ggml.tokens', ['a', 'b', 'ü']],
  ['tokenizer.ggml.scores', [0.5, -1.5, 2]],
];
const f32 = (name: string, ...shape: number[]): GgufTensor => ({ name, shape, type: 'F32' });
const good: GgufParts = { metadata, tensors: [f32('a', 3, 32), { name: 'b', shape: [2, 256], type: 'Q4_K' }] };

/** Opening fails with a UserError that says this and what to do. */
function refused(path: string, pattern: RegExp): void {
  let error: unknown;
  try {
    openModel(path);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(pattern);
  expect((error as UserError).hint).toBeTruthy();
}

function refusedBytes(bytes: Uint8Array, pattern: RegExp): void {
  const path = fresh('m.gguf');
  writeFileSync(path, bytes);
  refused(path, pattern);
}

describe('GGUF files', () => {
  test('metadata, tokenizer arrays apart, and tensors with the outermost dimension first', () => {
    for (const version of [2, 3]) {
      const path = fresh('m.gguf');
      writeGguf(path, { ...good, version });
      const files = openModel(path);
      expect(files.config).toEqual({
        'general.architecture': 'llama',
        'llama.block_count': 2,
        'llama.rope.freq_base': 0.5,
        'llama.attention.head_count_kv': [1, 2, 3],
        'tokenizer.ggml.add_bos_token': true,
      });
      const array = (name: string) => files.arrays.get(name) ?? expect.fail(`no ${name}`);
      expect(stringsOf(array('tokenizer.ggml.tokens'))).toEqual(['a', 'b', 'ü']);
      expect([...numbersOf(array('tokenizer.ggml.scores'))]).toEqual([0.5, -1.5, 2]);
      expect(files.tensors.get('a')).toMatchObject({ shape: [3, 32], type: 'F32', bytes: 384 });
      expect(files.tensors.get('b')).toMatchObject({ shape: [2, 256], type: 'Q4_K', bytes: 288 });
      expect((files.tensors.get('b')?.offset ?? 0) - (files.tensors.get('a')?.offset ?? 0)).toBe(384);
    }
  });

  test('split files open by any part, and name a missing one', () => {
    const folder = join(fresh('x'), '..');
    const part = (index: number, tensors: readonly GgufTensor[]): void => {
      const split: GgufParts['metadata'] = [
        ['split.no', index],
        ['split.count', 2],
        ['split.tensors.count', 2],
      ];
      writeGguf(join(folder, `m-0000${index + 1}-of-00002.gguf`), { metadata: index === 0 ? [...metadata, ...split] : split, tensors });
    };
    part(0, [f32('a', 32)]);
    refused(join(folder, 'm-00001-of-00002.gguf'), /m-00002-of-00002\.gguf: missing/);
    part(1, [f32('b', 64)]);
    for (const name of ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']) {
      const files = openModel(join(folder, name));
      expect([...files.tensors.keys()]).toEqual(['a', 'b']);
      expect(files.config['general.architecture']).toBe('llama');
      expect(files.files.map((file) => basename(file))).toEqual(['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']);
    }
    part(1, [f32('a', 64)]);
    refused(join(folder, 'm-00001-of-00002.gguf'), /a comes twice/);
    part(1, []);
    refused(join(folder, 'm-00001-of-00002.gguf'), /hold 1 tensors, 2 are announced/);
  });

  test('what is not GGUF, or of a version that is not read', () => {
    refusedBytes(Buffer.from('<!DOCTYPE html> this is a page, not a model'), /not a GGUF file/);
    refusedBytes(new Uint8Array(), /not a GGUF file/);
    refusedBytes(ggufBytes({ ...good, version: 1 }), /version 1/);
    refusedBytes(ggufBytes({ ...good, version: 0x03000000 }), /big endian/);
  });

  test('sizes that lie', () => {
    refusedBytes(ggufBytes({ ...good, tensorCount: 2n ** 60n }), /claims .* tensors/);
    refusedBytes(ggufBytes({ ...good, keyCount: 2n ** 60n }), /claims .* metadata keys/);
    refusedBytes(ggufBytes({ ...good, keyCount: 9n }), /./);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), dims: [2n ** 60n] }] }), /a ends at byte|claims the shape/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), dims: [2n ** 32n, 2n ** 32n] }] }), /claims the shape/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), dims: [0n] }] }), /claims the shape/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), dims: [1n, 1n, 1n, 1n, 32n] }] }), /5 dimensions/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), offset: 2n ** 50n }] }), /a ends at byte/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 32), offset: 7n }] }), /no multiple of 32/);
  });

  test('tensors that come twice, overlap, or are of a type that is not read', () => {
    refusedBytes(ggufBytes({ ...good, tensors: [f32('a', 32), f32('a', 32)] }), /a comes twice/);
    refusedBytes(ggufBytes({ ...good, tensors: [f32('a', 32), { ...f32('b', 32), offset: 64n }] }), /a and b overlap/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 256), typeNumber: 41 }] }), /a is stored as Q1_0/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 256), typeNumber: 99 }] }), /a is stored as type 99/);
    refusedBytes(ggufBytes({ ...good, tensors: [{ ...f32('a', 100), typeNumber: 12 }] }), /no multiple of a Q4_K block/);
    refusedBytes(ggufBytes({ ...good, metadata: [...metadata, ['llama.block_count', 3]] }), /llama.block_count comes twice/);
  });

  test('huge and nested metadata', () => {
    const bomb = (itemType: number, count: bigint): Buffer => {
      const bytes = ggufBytes({ ...good, metadata: [['x', [1, 2]]], tensors: [] });
      const at = bytes.indexOf(Buffer.from([9, 0, 0, 0, 4, 0, 0, 0]));
      bytes.writeUInt32LE(itemType, at + 4);
      bytes.writeBigUInt64LE(count, at + 8);
      return bytes;
    };
    refusedBytes(bomb(8, 2n ** 61n), /more than the file can hold/);
    refusedBytes(bomb(4, 2n ** 40n), /more than the file can hold/);
    refusedBytes(bomb(9, 1n), /array of arrays/);
    refusedBytes(bomb(77, 1n), /unknown metadata type/);
    const many = fresh('m.gguf');
    writeFileSync(many, bomb(8, 30_000_000n));
    truncateSync(many, 300_000_000);
    refused(many, /at most/);
    const long = ggufBytes(good);
    long.writeBigUInt64LE(2n ** 62n, 24);
    refusedBytes(long, /metadata key 1 claims/);
  });

  test('cut off anywhere, or any byte changed: a UserError or a model, never anything else', () => {
    const whole = ggufBytes(good);
    const path = fresh('m.gguf');
    const opens = (bytes: Uint8Array): void => {
      writeFileSync(path, bytes);
      try {
        openModel(path);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    };
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(() => openModel(path)).toThrow(UserError);
    }
    const change = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = new Uint8Array(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        opens(bytes);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

function safetensors(entries: Record<string, unknown>, data: number, header?: string): Buffer {
  const text = Buffer.from(header ?? JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(data)]);
}
const entry = (dtype: string, shape: readonly number[], begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(fresh('x'), '..');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}
const config = '{"model_type":"llama"}';
const one = safetensors({ __metadata__: { format: 'pt' }, w: entry('F32', [2, 3], 0, 24), m: entry('BOOL', [4], 24, 28) }, 28);

describe('safetensors folders', () => {
  test('weights in place; masks and the like apart', () => {
    const files = openModel(folderWith({ 'config.json': config, 'model.safetensors': one }));
    expect(files.config).toEqual({ model_type: 'llama' });
    expect(files.tensors.get('w')).toMatchObject({ shape: [2, 3], type: 'F32', bytes: 24 });
    expect([...files.others]).toEqual([['m', 'BOOL']]);
  });

  test.skipIf(process.platform === 'win32')('shards by their index, reached through links', () => {
    const index = JSON.stringify({ weight_map: { w: 'model-1.safetensors', v: 'model-2.safetensors' } });
    const two = safetensors({ v: entry('BF16', [3], 0, 6) }, 6);
    const blobs = folderWith({ a: safetensors({ w: entry('F16', [2], 0, 4) }, 4), b: two });
    const folder = folderWith({ 'config.json': config, 'model.safetensors.index.json': index });
    symlinkSync(join(blobs, 'a'), join(folder, 'model-1.safetensors'));
    refused(folder, /model-2\.safetensors is missing/);
    symlinkSync(join(blobs, 'b'), join(folder, 'model-2.safetensors'));
    const files = openModel(folder);
    expect(files.tensors.get('v')).toMatchObject({ type: 'BF16', file: files.files[1] });
    expect(files.files.map((file) => basename(file))).toEqual(['a', 'b']);
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { w: '../../etc/passwd' } }));
    refused(folder, /not one of this folder/);
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { u: 'model-1.safetensors' } }));
    refused(folder, /places tensor u in model-1\.safetensors/);
  });

  test('what is missing is named', () => {
    refused(folderWith({ 'model.safetensors': one }), /config\.json is missing/);
    refused(folderWith({ 'config.json': config, 'pytorch_model.bin': 'x' }), /pickle/);
    refused(folderWith({ 'config.json': config }), /no model here/);
    refused(folderWith({ 'adapter_config.json': '{}', 'adapter_model.safetensors': one }), /a LoRA adapter/);
    refused(folderWith({ 'config.json': '[1', 'model.safetensors': one }), /config\.json: not JSON/);
    refused(join(scratch, 'nowhere'), /no such file/);
  });

  test('headers that lie', () => {
    const bad = (bytes: Uint8Array, pattern: RegExp) => refused(folderWith({ 'config.json': config, 'model.safetensors': bytes }), pattern);
    const huge = Buffer.alloc(64);
    huge.writeBigUInt64LE(2n ** 60n);
    bad(huge, /header claims/);
    bad(Buffer.alloc(4), /too short/);
    bad(safetensors({}, 0, '{"w": '), /not JSON/);
    bad(safetensors({}, 0, '[]'), /not a JSON object/);
    bad(safetensors({}, 0, `{"w":${'['.repeat(200_000)}`), /not JSON/);
    bad(safetensors({ w: 5 }, 0), /entry of tensor w/);
    bad(safetensors({ w: entry('F32', [2 ** 60], 0, 4) }, 4), /entry of tensor w/);
    bad(safetensors({ w: entry('F32', [2 ** 30, 2 ** 30], 0, 4) }, 4), /takes .* bytes, its place has 4/);
    bad(safetensors({ w: entry('F32', [-2], 0, 4) }, 4), /entry of tensor w/);
    bad(safetensors({ w: entry('F32', [4], 0, 16) }, 8), /ends at byte/);
    bad(safetensors({ w: entry('F32', [2], 0, 8), v: entry('F32', [2], 4, 12) }, 16), /w and v overlap|v and w overlap/);
    bad(safetensors({ w: entry('Q9', [2], 0, 8) }, 8), /unknown type Q9/);
    const twice = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}';
    bad(safetensors({}, 8, twice), /w comes twice/);
    const giant = Buffer.concat([Buffer.alloc(8), Buffer.alloc(9 << 20, 0x20)]);
    giant.writeBigUInt64LE(BigInt(9 << 20));
    bad(giant, /at most/);
  });

  test('any byte changed: a UserError or a model', () => {
    const folder = folderWith({ 'config.json': config });
    const path = join(folder, 'model.safetensors');
    const change = fc.array(fc.tuple(fc.nat(one.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(change, (changes) => {
        const bytes = new Uint8Array(one);
        for (const [at, byte] of changes) bytes[at] = byte;
        writeFileSync(path, bytes);
        try {
          openModel(folder);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
