import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { clearCache, contentHash, freeBytes, listCache } from '../runners/onnx/cache.ts';
import type { ReadyTensor } from '../runners/onnx/contract.ts';
import { conversionBytes, notFinite, readFloats, readRaw, readyTensors } from '../runners/onnx/convert.ts';
import { dequantise } from '../runners/onnx/dequantise.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { randomOf } from '../src/kit/random.ts';
import { UserError } from '../src/types.ts';
import { ggufBytes, writeGguf } from './support/gguf-file.ts';

const scratch = (): string => mkdtempSync(join(tmpdir(), 'plumbline-convert-'));
const metadata = [['general.architecture', 'llama']] as const;

/** Random bytes, with the exponents of float16 scales kept small. */
function noise(count: number, seed: string): Uint8Array {
  const random = randomOf(seed);
  return new Uint8Array(count).map(() => Math.floor(random() * 120));
}

function model(path: string): void {
  writeGguf(path, {
    metadata,
    tensors: [
      { name: 'norm', shape: [40], type: 'F32', data: new Uint8Array(new Float32Array(40).fill(1.5).buffer) },
      { name: 'half', shape: [3, 5], type: 'F16', data: noise(30, 'half') },
      { name: 'q8', shape: [8, 64], type: 'Q8_0', data: noise(16 * 34, 'q8') },
      { name: 'q6', shape: [2, 256], type: 'Q6_K', data: noise(420, 'q6') },
    ],
  });
}

function floats(tensor: ReadyTensor | undefined): Float32Array {
  if (!tensor) return new Float32Array();
  const bytes = new Uint8Array(readFileSync(tensor.file).subarray(tensor.offset, tensor.offset + tensor.bytes));
  return new Float32Array(bytes.buffer, 0, tensor.bytes / 4);
}

describe('weights made ready', () => {
  test('a GGUF is dequantised once, into aligned float32, and found the next time', async () => {
    const folder = scratch();
    const path = join(folder, 'm.gguf');
    model(path);
    const files = openModel(path);
    const said: string[] = [];
    const options = { cacheDir: join(folder, 'cache'), say: (message: string) => said.push(message) };
    const ready = await readyTensors(files, options);
    for (const [name, tensor] of files.tensors) {
      expect(floats(ready.get(name))).toEqual(dequantise(tensor.type, readRaw(tensor)));
      expect(floats(ready.get(name))).toEqual(readFloats(tensor));
      expect(ready.get(name)).toMatchObject({ shape: tensor.shape, type: 'F32' });
      expect((ready.get(name)?.offset ?? 1) % 64).toBe(0);
    }
    expect(said).toHaveLength(1);
    expect(await readyTensors(openModel(path), options)).toEqual(ready);
    expect(said).toHaveLength(1);
    expect(statSync(ready.get('q8')?.file ?? '').size).toBe(conversionBytes(files));
  });

  test('safetensors stay where they lie', async () => {
    const folder = scratch();
    const header = Buffer.from(JSON.stringify({ w: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(4)]));
    writeFileSync(join(folder, 'config.json'), '{}');
    const files = openModel(folder);
    const ready = await readyTensors(files, { cacheDir: join(folder, 'cache') });
    expect(ready.get('w')).toEqual({ shape: [2], type: 'BF16', file: files.files[0], offset: 8 + header.length, bytes: 4 });
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  test('weights that are not finite are found by name', () => {
    const path = join(scratch(), 'm.gguf');
    const bad = new Float32Array(64);
    bad[37] = Number.NaN;
    const good = { name: 'good', shape: [64], type: 'F32' } as const;
    writeGguf(path, { metadata, tensors: [good, { name: 'bad', shape: [64], type: 'F32', data: new Uint8Array(bad.buffer) }] });
    expect(notFinite(openModel(path).tensors)).toEqual({ name: 'bad', index: 37 });
    writeGguf(path, { metadata, tensors: [good] });
    expect(notFinite(openModel(path).tensors)).toBeNull();
  });

  test.skipIf(process.platform === 'win32')('a disk that is too small is refused with both numbers before anything is read', async () => {
    const folder = scratch();
    const path = join(folder, 'm.gguf');
    const blocks = Math.ceil((freeBytes(folder) * 2) / 4 / 256);
    const head = ggufBytes({ metadata, tensors: [{ name: 'w', shape: [1, 256], type: 'Q2_K', dims: [256n, BigInt(blocks)] }] });
    writeFileSync(path, head);
    const fd = openSync(path, 'r+');
    ftruncateSync(fd, head.length + blocks * 84);
    closeSync(fd);
    const error = await readyTensors(openModel(path), { cacheDir: join(folder, 'cache') }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exit: 3 });
    expect((error as UserError).message).toMatch(/needs [\d.]+ GB of disk .* [\d.]+ GB are free/);
    expect((error as UserError).hint).toContain('PLUMBLINE_CACHE');
  });
});

const script = fileURLToPath(new URL('support/convert-once.ts', import.meta.url));
function conversion(path: string, cacheDir: string): { child: ChildProcess; out: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, ['--import', 'tsx', script, path, cacheDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return { child, out: () => out, ended: new Promise((resolve) => child.on('close', resolve)) };
}

describe('conversions by several processes', () => {
  test('two at once end with one result; a killed one leaves nothing that is used', async () => {
    const folder = scratch();
    const path = join(folder, 'm.gguf');
    const cacheDir = join(folder, 'cache');
    writeGguf(path, { metadata, tensors: [{ name: 'w', shape: [4096, 4096], type: 'Q8_0' }] });
    const killed = conversion(path, cacheDir);
    while (!killed.out().includes('converting') && killed.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(readdirSync(join(cacheDir, 'weights')).filter((name) => !name.includes('.tmp-'))).toEqual([]);
    const both = [conversion(path, cacheDir), conversion(path, cacheDir)];
    expect(await Promise.all(both.map((each) => each.ended))).toEqual([0, 0]);
    expect(new Set(both.map((each) => each.out().trim().split('\n').at(-1))).size).toBe(1);
    const [only, ...more] = readdirSync(join(cacheDir, 'weights'));
    expect(more).toEqual([]);
    expect(statSync(join(cacheDir, 'weights', only ?? '', 'weights.bin')).size).toBe(4096 * 4096 * 4);
  });
});

describe('the cache', () => {
  test('converted weights that were cut short or changed are noticed and made again', async () => {
    const folder = scratch();
    const [path, cacheDir] = [join(folder, 'm.gguf'), join(folder, 'cache')];
    model(path);
    const made = async (): Promise<{ file: string; said: string[]; values: Float32Array }> => {
      const said: string[] = [];
      const ready = await readyTensors(openModel(path), { cacheDir, say: (message) => said.push(message) });
      return { file: ready.get('q8')?.file ?? '', said, values: floats(ready.get('q8')) };
    };
    const whole = await made();
    const bytes = readFileSync(whole.file);
    const later = (seconds: number) => utimesSync(whole.file, new Date(), new Date(Date.now() + 1000 * seconds));
    writeFileSync(whole.file, bytes);
    later(10);
    expect((await made()).said).toEqual([]); // the same bytes written anew
    const flipped = Buffer.from(bytes);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 4;
    for (const [i, wrong] of [flipped, bytes.subarray(0, bytes.length - 1), Buffer.alloc(bytes.length)].entries()) {
      writeFileSync(whole.file, wrong);
      later(20 + i);
      const again = await made();
      expect(again.said).toEqual([expect.stringMatching(/converting/)]);
      expect(again.values).toEqual(whole.values);
    }
  });

  test('what an earlier version of the converter made goes when the weights are made again', async () => {
    const folder = scratch();
    const [path, cacheDir] = [join(folder, 'm.gguf'), join(folder, 'cache')];
    model(path);
    const now = join((await readyTensors(openModel(path), { cacheDir })).get('q8')?.file ?? '', '..');
    const [old, other] = [now.replace(/-\d+$/, '-0'), now.replace(/-\d+$/, '-fast-1')];
    for (const each of [old, other]) cpSync(now, each, { recursive: true });
    rmSync(now, { recursive: true });
    await readyTensors(openModel(path), { cacheDir });
    expect([now, old, other].map((each) => existsSync(each))).toEqual([true, false, true]);
  });

  test('what was used longest ago makes room; listing and clearing', async () => {
    const folder = scratch();
    const cacheDir = join(folder, 'cache');
    const path = join(folder, 'm.gguf');
    const one = async (index: number): Promise<string> => {
      writeGguf(path, { metadata: [...metadata, ['n', index]], tensors: [{ name: 'w', shape: [1024], type: 'F32' }] });
      const ready = await readyTensors(openModel(path), { cacheDir, cacheLimit: 10_000 });
      return ready.get('w')?.file ?? '';
    };
    const first = await one(1);
    const second = await one(2);
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(second, '..'), old, old);
    const third = await one(3);
    expect([first, second, third].map((file) => existsSync(file))).toEqual([true, false, true]);
    expect(listCache(cacheDir).filter((entry) => entry.part === 'weights')).toHaveLength(2);
    expect(clearCache(cacheDir)).toBeGreaterThan(8_000);
    expect(listCache(cacheDir)).toEqual([]);
  });

  test('a file’s hash is remembered until the file changes', async () => {
    const folder = scratch();
    const path = join(folder, 'f');
    writeFileSync(path, 'abc');
    let read = 0;
    const hash = () =>
      contentHash(path, join(folder, 'cache'), () => {
        read += 1;
      });
    expect(await hash()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(await hash()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(read).toBe(1);
    writeFileSync(path, 'abcd');
    expect(await hash()).toBe('88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589');
  });
});
