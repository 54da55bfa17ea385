/** Writes the tiny models of test/fixtures/tiny as safetensors folders: their weights follow from their names, as test/reference/make-tiny.py fills them. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFloats } from '../../runners/onnx/convert.ts';
import { readSafetensors } from '../../runners/onnx/safetensors.ts';

export const tinyFolder = fileURLToPath(new URL('../fixtures/tiny', import.meta.url));

function filled(name: string, shape: readonly number[]): Float32Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619) >>> 0;
  const middle = /(norm|ln_)/.test(name) && name.endsWith('weight') ? 1 : 0;
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i += 1) {
    let x = (Math.imul(i, 2654435761) + seed) >>> 0;
    for (let round = 0; round < 2; round += 1) x = Math.imul(x ^ (x >>> 16), 0x45d9f3b) >>> 0;
    const unit = ((x ^ (x >>> 16)) >>> 0) / 4294967296 - 0.5;
    values[i] = shape.length > 1 ? 0.52 * unit : middle + 0.4 * unit;
  }
  return values;
}

/** Writes named float32 tensors as one safetensors file. */
export function writeSafetensors(path: string, tensors: ReadonlyMap<string, { shape: readonly number[]; values: Float32Array }>): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  const parts = [...tensors.values()].map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  writeFileSync(path, Buffer.concat([size, head, ...parts]));
}

/** Named tensors, filled by their names, as one safetensors file. */
export function writeFilled(path: string, shapes: Readonly<Record<string, readonly number[]>>): void {
  writeSafetensors(path, new Map(Object.entries(shapes).map(([tensor, shape]) => [tensor, { shape, values: filled(tensor, shape) }])));
}

/** The folder of a tiny model, ready to open. */
export function tinyModel(name: string): string {
  const [from, to] = [join(tinyFolder, name), join(mkdtempSync(join(tmpdir(), 'plumbline-tiny-')), name)];
  mkdirSync(to);
  copyFileSync(join(from, 'config.json'), join(to, 'config.json'));
  writeFilled(join(to, 'model.safetensors'), JSON.parse(readFileSync(join(from, 'tensors.json'), 'utf8')) as Record<string, number[]>);
  return to;
}

/** The same model in `count` files with their index. */
export function splitInShards(folder: string, count: number): string {
  const whole = readSafetensors(join(folder, 'model.safetensors')).tensors;
  const map: Record<string, string> = {};
  for (let shard = 0; shard < count; shard += 1) {
    const file = `model-0000${shard + 1}-of-0000${count}.safetensors`;
    const own = whole.filter((_, i) => i % count === shard);
    writeSafetensors(join(folder, file), new Map(own.map((tensor) => [tensor.name, { shape: tensor.shape, values: readFloats(tensor) }])));
    for (const { name } of own) map[name] = file;
  }
  rmSync(join(folder, 'model.safetensors'));
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  return folder;
}
