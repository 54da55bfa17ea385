/** Writes the tiny models of test/fixtures/tiny as safetensors folders: their weights follow from their names, as test/reference/make-tiny.py fills them. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** The folder of a tiny model, ready to open. */
export function tinyModel(name: string): string {
  const [from, to] = [join(tinyFolder, name), join(mkdtempSync(join(tmpdir(), 'plumbline-tiny-')), name)];
  mkdirSync(to);
  copyFileSync(join(from, 'config.json'), join(to, 'config.json'));
  const shapes = JSON.parse(readFileSync(join(from, 'tensors.json'), 'utf8')) as Record<string, number[]>;
  const tensors = new Map(Object.entries(shapes).map(([tensor, shape]) => [tensor, { shape, values: filled(tensor, shape) }]));
  writeSafetensors(join(to, 'model.safetensors'), tensors);
  return to;
}
