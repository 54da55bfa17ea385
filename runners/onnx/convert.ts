import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { UserError } from '../../src/types.ts';
import { defaultCacheLimit, freeBytes, makeFolder, makeRoom, touch, weightsHash, writeWhole } from './cache.ts';
import type { ModelFiles, ReadyTensor, StoredTensor } from './contract.ts';
import { dequantise, halfTable } from './dequantise.ts';
import { gigabytes } from './forecast.ts';
import { blocks } from './gguf-types.ts';

/** Raised whenever the converted bytes or what is kept beside them could change. */
const converterVersion = 2;
const alignment = 64;
const chunkElements = 1 << 20;

export interface ReadyOptions {
  readonly cacheDir: string;
  readonly progress?: (what: string, done: number, total: number) => void;
  readonly say?: (message: string) => void;
  /** Bytes that converted weights may take on disk in all. */
  readonly cacheLimit?: number;
}

/** What a folder of converted weights holds. */
export interface Index {
  readonly bytes: number;
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly offset: number; readonly bytes: number }>>;
}

const elementsOf = (tensor: { readonly shape: readonly number[] }): number => tensor.shape.reduce((a, b) => a * b, 1);

/** Bytes on disk that `readyTensors` needs before the model runs: 0 for safetensors that are read in place. */
export function conversionBytes(files: ModelFiles): number {
  return readInPlace(files) ? 0 : layout(files).bytes;
}

/** Safetensors of one real folder are read where they lie; GGUF, and shards spread over folders, go through the cache. */
function readInPlace(files: ModelFiles): boolean {
  return files.format === 'safetensors' && new Set(files.files.map((file) => dirname(file))).size === 1;
}

/**
 * The weights as onnxruntime's external data wants them, all in one folder. Safetensors stay in place; GGUF tensors are dequantised to float32
 * once, into `<cache>/weights/<sha256>-<version>/weights.bin`. A killed conversion leaves nothing that is used, and two at once are safe.
 * UserError (exit 3) with both numbers when the disk is too small.
 */
export async function readyTensors(files: ModelFiles, options: ReadyOptions): Promise<Map<string, ReadyTensor>> {
  if (readInPlace(files)) return inPlace(files);
  // Hashing a large file takes a while: what cannot fit is refused before.
  if (!convertedOfSize(options.cacheDir, conversionBytes(files))) forecast(conversionBytes(files), options);
  const hash = await weightsHash(files.files, options.cacheDir, (done, total) => options.progress?.('hashing the weights', done, total));
  const folder = join(options.cacheDir, 'weights', `${hash}-${converterVersion}`);
  const ready = readIndex(folder) ?? (await convert(files, folder, options));
  touch(folder);
  const file = join(folder, 'weights.bin');
  return new Map(Object.entries(ready.tensors).map(([name, tensor]) => [name, { ...tensor, type: 'F32' as const, file }]));
}

function inPlace(files: ModelFiles): Map<string, ReadyTensor> {
  const ready = new Map<string, ReadyTensor>();
  for (const [name, { shape, type, file, offset, bytes }] of files.tensors) {
    if (type === 'F32' || type === 'F16' || type === 'BF16') ready.set(name, { shape, type, file, offset, bytes });
  }
  return ready;
}

function layout(files: ModelFiles): Index {
  let at = 0;
  const tensors: Record<string, { shape: readonly number[]; offset: number; bytes: number }> = Object.create(null);
  for (const [name, tensor] of files.tensors) {
    const bytes = elementsOf(tensor) * 4;
    tensors[name] = { shape: tensor.shape, offset: at, bytes };
    at = Math.ceil((at + bytes) / alignment) * alignment;
  }
  return { bytes: at, tensors };
}

/** What is stored beside converted weights: the index, and by what they are known again. */
interface Kept extends Index {
  readonly sha256: string;
  /** Of weights.bin when its hash was last made: while it is the same, the file is not read. */
  readonly modifiedMs: number;
}

function sha256Of(path: string): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  const chunk = new Uint8Array(8 << 20);
  try {
    for (let got = readSync(fd, chunk); got > 0; got = readSync(fd, chunk)) hash.update(chunk.subarray(0, got));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** The index of converted weights that are whole: of the size they were made with, and unchanged since (or, where the file was written to, of the same content). */
export function readIndex(folder: string): Index | undefined {
  try {
    const kept = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Kept;
    const path = join(folder, 'weights.bin');
    const { size, mtimeMs } = statSync(path);
    if (size !== kept.bytes || kept.sha256 === undefined) return undefined;
    if (mtimeMs === kept.modifiedMs) return kept;
    if (sha256Of(path) !== kept.sha256) return undefined;
    writeWhole(join(folder, 'index.json'), JSON.stringify({ ...kept, modifiedMs: mtimeMs }));
    return kept;
  } catch {
    return undefined;
  }
}

function indexed(path: string, index: Index): Kept {
  return { ...index, sha256: sha256Of(path), modifiedMs: statSync(path).mtimeMs };
}

/** Does the cache hold converted weights of so many bytes: this model's, perhaps? */
function convertedOfSize(cacheDir: string, bytes: number): boolean {
  const parent = join(cacheDir, 'weights');
  if (!existsSync(parent)) return false;
  return readdirSync(parent).some((name) => statSync(join(parent, name, 'weights.bin'), { throwIfNoEntry: false })?.size === bytes);
}

/** Room for the conversion, or a UserError with what is needed and what is free. */
function forecast(needed: number, options: ReadyOptions): void {
  for (const entry of makeRoom(options.cacheDir, needed, options.cacheLimit ?? defaultCacheLimit)) {
    options.say?.(`cache: ${entry.part} ${entry.name.slice(0, 12)} (${gigabytes(entry.bytes)}) was used longest ago and made room`);
  }
  const free = freeBytes(options.cacheDir);
  if (needed + (64 << 20) <= free) return;
  throw new UserError(
    `the converted form of these weights needs ${gigabytes(needed)} of disk in ${options.cacheDir}, ${gigabytes(free)} are free`,
    'free some disk, clear the cache with `plumbline cache clear`, or set PLUMBLINE_CACHE to a folder on a larger disk',
    3,
  );
}

async function convert(files: ModelFiles, folder: string, options: ReadyOptions): Promise<Index> {
  const index = layout(files);
  options.say?.(`converting ${files.path} to float32 once (${gigabytes(index.bytes)} on disk)`);
  return filledOnce(folder, index, options, (path) => writeWeights(files, index, path, options));
}

/** Has `write` fill `<folder>/weights.bin` with `index.bytes` bytes, under a temporary name until it is whole. Room is made and forecast before. */
export async function filledOnce(
  folder: string,
  index: Index,
  options: ReadyOptions,
  write: (path: string) => Promise<void>,
): Promise<Index> {
  sweep(dirname(folder));
  sweepOlder(folder);
  forecast(index.bytes, options);
  const temporary = `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  makeFolder(temporary);
  try {
    const made = join(temporary, 'weights.bin');
    await write(made);
    writeFileSync(join(temporary, 'index.json'), JSON.stringify(indexed(made, index)));
    return settle(temporary, folder, index);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new UserError(
      `${dirname(folder)}: the disk became full while converting`,
      'free some disk, or set PLUMBLINE_CACHE to a larger one',
      3,
    );
  }
}

/** Puts the finished folder in its place; when another process was first, its result is used and ours dropped. */
function settle(temporary: string, folder: string, index: Index): Index {
  const there = readIndex(folder);
  if (!there && existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  if (!there) {
    try {
      renameSync(temporary, folder);
      return index;
    } catch (error) {
      if (!readIndex(folder)) throw error;
    }
  }
  rmSync(temporary, { recursive: true, force: true });
  return readIndex(folder) ?? index;
}

/** Removes what earlier versions of the converter made of the same weights. */
function sweepOlder(folder: string): void {
  const [parent, own] = [dirname(folder), basename(folder)];
  const stem = own.replace(/-\d+$/, '');
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent))
    if (name !== own && /^-\d+$/.test(name.slice(stem.length)) && name.startsWith(stem))
      rmSync(join(parent, name), { recursive: true, force: true });
}

/** Removes what killed conversions left. */
function sweep(parent: string): void {
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = /\.tmp-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function writeWeights(files: ModelFiles, index: Index, path: string, options: ReadyOptions): Promise<void> {
  const out = openSync(path, 'wx');
  const half = halfTable();
  let done = 0;
  try {
    for (const [name, tensor] of files.tensors) {
      const start = index.tensors[name]?.offset ?? 0;
      let at = 0;
      for (const bytes of chunksOf(tensor)) {
        const values = dequantise(tensor.type, bytes, half);
        const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        for (let written = 0; written < data.length; ) {
          written += writeSync(out, data, written, data.length - written, start + at + written);
        }
        at += data.length;
        done += data.length;
        options.progress?.('converting the weights', done, index.bytes);
        await breathe();
      }
    }
    // The last tensor's padding: the file is as long as the index says.
    const { size } = statSync(path);
    if (size < index.bytes) writeSync(out, new Uint8Array(index.bytes - size), 0, index.bytes - size, size);
  } finally {
    closeSync(out);
  }
}

/** A tensor's bytes as they lie in its file, in pieces of whole blocks (about a million elements each). */
function* chunksOf(tensor: StoredTensor): Generator<Uint8Array> {
  const step = (chunkElements / blocks[tensor.type][0]) * blocks[tensor.type][1];
  const fd = openSync(tensor.file, 'r');
  try {
    for (let at = 0; at < tensor.bytes; at += step) {
      yield readExactly(fd, tensor, at, Math.min(step, tensor.bytes - at));
    }
  } finally {
    closeSync(fd);
  }
}

function readExactly(fd: number, tensor: StoredTensor, from: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    const got = readSync(fd, bytes, filled, count - filled, tensor.offset + from + filled);
    if (got === 0) throw new UserError(`${tensor.file}: ends inside tensor ${tensor.name}`, 'fetch the file again', 3);
    filled += got;
  }
  return bytes;
}

/** The bytes of a tensor as stored (its quantised blocks, row-major, row after row), or a part of them. */
export function readRaw(tensor: StoredTensor, from = 0, count = tensor.bytes - from): Uint8Array {
  const fd = openSync(tensor.file, 'r');
  try {
    return readExactly(fd, tensor, from, count);
  } finally {
    closeSync(fd);
  }
}

/** A tensor's values in float32, row-major. For small tensors: all of it is in memory. */
export function readFloats(tensor: StoredTensor): Float32Array {
  return dequantise(tensor.type, readRaw(tensor));
}

/** Name of the first tensor that holds a NaN or an infinity, with the element's index; null when all are finite. Reads every weight. */
export function notFinite(tensors: ReadonlyMap<string, StoredTensor>): { readonly name: string; readonly index: number } | null {
  const half = halfTable();
  for (const [name, tensor] of tensors) {
    let before = 0;
    for (const bytes of chunksOf(tensor)) {
      const values = dequantise(tensor.type, bytes, half);
      const index = values.findIndex((value) => !Number.isFinite(value));
      if (index >= 0) return { name, index: before + index };
      before += values.length;
    }
  }
  return null;
}
