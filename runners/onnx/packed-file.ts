/** Quantised weights as the fast graph reads them, or rounded ones as the exact graph does: made once, kept in the cache. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { blockForms } from './block-scales.ts';
import { touch, weightsHash } from './cache.ts';
import type { ModelFiles, PackedTensor, ReadyTensor, Region, StoredTensor } from './contract.ts';
import { filledOnce, type ReadyOptions, readFloats, readIndex, readRaw } from './convert.ts';
import { dequantise, halfTable } from './dequantise.ts';
import { bytesOf } from './gguf-types.ts';
import { matrixOf } from './graph-weights.ts';
import { type Blocks, nearestBlocks, storedBlocks, valuesOf, widenedCodes } from './quantised.ts';
import type { ModelSpec } from './spec.ts';

/** Raised whenever the bytes written could change. */
const packVersion = 3;
const alignment = 64;
const chunkElements = 1 << 20;

export interface PackOptions extends ReadyOptions {
  /** fast: blocks for quantised compute. rounded: float32 of the rounded values, for exact compute on a quantised variant. */
  readonly form: 'fast' | 'rounded';
  /** Rounds every matrix to this many bits, whatever it is stored as; null: as stored, floats to 8 bits. */
  readonly bits: 4 | 8 | null;
  /** Matrices that stay float32. */
  readonly spared?: Spared;
}

/** none: every matrix is packed. head: not the last one, from which the probabilities come (nor the embedding tied to it). */
export type Spared = 'none' | 'head' | 'head and attention';

const sparedRole: Readonly<Record<Spared, RegExp>> = {
  none: /^$/,
  head: /^(embed|head)\./,
  'head and attention': /^(embed|head)\.|\.(q|k|v|qkv|o)\.weight$/,
};

type Packing = Pick<PackedTensor, 'bits' | 'block'> & { readonly minima: boolean };
interface Planned {
  readonly tensor: StoredTensor;
  /** [out,in], also where the file has [in,out]. */
  readonly shape: readonly number[];
  readonly turned: boolean;
  /** null: written as float32. */
  readonly packing: Packing | null;
  readonly rounded: boolean;
  readonly regions: { readonly codes: Region; readonly scales: Region; readonly minima: Region };
}

const matrixRole =
  /^(embed|head|layers\.\d+\.(q|k|v|qkv|o|gate|up|gateUp|down|qDown|qUp|kvDown|kvUp|convIn|convOut|(experts\.(\d+\.)?|shared\.)(gate|up|gateUp|down)))\.weight$/;
const productOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** How a matrix is packed. Tables that are also looked up (the embedding) take 8 bits without minima: that is what the look-up reads. */
function packingOf(tensor: StoredTensor, role: string, options: PackOptions): Packing {
  const table = role.startsWith('embed');
  const form = options.bits === null ? blockForms[tensor.type] : undefined;
  if (form === undefined) return { bits: table ? 8 : (options.bits ?? 8), block: 32, minima: false };
  if (table) return { bits: 8, block: form.minimum ? 32 : form.size, minima: false };
  return { bits: form.bits, block: form.size, minima: form.minimum };
}

function plan(files: ModelFiles, spec: ModelSpec, options: PackOptions): { bytes: number; tensors: ReadonlyMap<string, Planned> } {
  const roles = new Map(Object.entries(spec.tensors).map(([canonical, name]) => [name, canonical]));
  const tensors = new Map<string, Planned>();
  let at = 0;
  const region = (bytes: number): Region => {
    const offset = at;
    at = Math.ceil((at + bytes) / alignment) * alignment;
    return { offset, bytes };
  };
  for (const [name, tensor] of files.tensors) {
    const role = roles.get(name);
    if (role === undefined) continue;
    const spared = sparedRole[options.spared ?? 'none'].test(role);
    const turned = spec.transposed && matrixRole.test(role) && role.startsWith('layers');
    const shape = turned ? tensor.shape.toReversed() : role.includes('.experts.') ? matrixOf(tensor.shape) : tensor.shape;
    const suits = matrixRole.test(role) && !spared && (shape.at(-1) ?? 0) % 32 === 0 && shape.length === 2;
    const packing = suits && options.form === 'fast' ? packingOf(tensor, role, options) : null;
    const count = productOf(shape);
    const scales = packing === null ? 0 : (4 * count) / packing.block;
    const codes = region(packing === null ? 4 * count : (count * packing.bits) / 8);
    const regions = { codes, scales: region(scales), minima: region(packing?.minima ? scales : 0) };
    // Floats keep the stored orientation: the exact graph reads them as any others.
    const rounded = suits && options.form === 'rounded';
    tensors.set(name, {
      tensor,
      shape: packing === null ? tensor.shape : shape,
      turned: turned && (packing !== null || rounded),
      packing,
      rounded,
      regions,
    });
  }
  return { bytes: at, tensors };
}

/** What packed weights take: on disk, in memory of each open graph, of mapped pages (a table that is only looked up), and of mapped pages read once (scales). */
export function packedSizes(
  files: ModelFiles,
  spec: ModelSpec,
  options: PackOptions,
): { readonly disk: number; readonly held: number; readonly mapped: number; readonly idle: number } {
  const { bytes, tensors } = plan(files, spec, options);
  const table = spec.tied ? undefined : spec.tensors['embed.weight'];
  let [held, mapped, idle] = [0, 0, 0];
  for (const [name, { packing, regions }] of tensors) {
    const { codes, scales, minima } = regions;
    if (name === table) mapped += codes.bytes + scales.bytes;
    // Laid out anew, a block has its scale and the sum of its codes (MatMulNBits).
    else {
      held += codes.bytes + (packing === null ? 0 : 2 * scales.bytes + minima.bytes);
      idle += scales.bytes;
    }
  }
  return { disk: bytes, held, mapped, idle };
}

/**
 * The weights for a fast graph (or a rounded exact one), by the names in the file. Made once into `<cache>/weights/<sha256>-<variant>/weights.bin`.
 * Stored GGUF blocks keep their exact values, embeddings with minima and floats are rounded to the nearest of 8 bits.
 */
export async function packedTensors(
  files: ModelFiles,
  spec: ModelSpec,
  options: PackOptions,
): Promise<Map<string, ReadyTensor | PackedTensor>> {
  const { bytes, tensors } = plan(files, spec, options);
  const hash = await weightsHash(files.files, options.cacheDir, (done, total) => options.progress?.('hashing the weights', done, total));
  const spared = options.spared === undefined || options.spared === 'none' ? '' : `-${options.spared.replaceAll(' ', '')}`;
  const variant = `${options.form}${options.bits ?? ''}${spared}-${packVersion}`;
  const folder = join(options.cacheDir, 'weights', `${hash}-${variant}`);
  if (readIndex(folder)?.bytes !== bytes)
    await filledOnce(folder, { bytes, tensors: {} }, options, (path) => write(path, { bytes, tensors }, options));
  touch(folder);
  const file = join(folder, 'weights.bin');
  return new Map([...tensors].map(([name, planned]) => [name, described(planned, file)]));
}

function described(planned: Planned, file: string): ReadyTensor | PackedTensor {
  const { shape, packing, regions } = planned;
  if (packing === null) return { shape, type: 'F32', file, ...regions.codes };
  const { bits, block } = packing;
  return {
    shape,
    type: 'packed',
    bits,
    block,
    file,
    codes: regions.codes,
    scales: regions.scales,
    minima: packing.minima ? regions.minima : null,
  };
}

async function write(path: string, from: { bytes: number; tensors: ReadonlyMap<string, Planned> }, options: PackOptions): Promise<void> {
  const out = openSync(path, 'wx');
  const put = (data: ArrayBufferView, at: number): void => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let done = 0; done < bytes.length; ) done += writeSync(out, bytes, done, bytes.length - done, at + done);
  };
  try {
    put(new Uint8Array(1), from.bytes - 1);
    let done = 0;
    for (const planned of from.tensors.values()) {
      await writeTensor(planned, put, options);
      done += planned.tensor.bytes;
      options.progress?.('packing the weights', done, 0);
    }
  } finally {
    closeSync(out);
  }
}

/** Rows of a tensor, some megabytes at a time, as stored; a turned one whole, as float32. */
function* rowsOf(planned: Planned): Generator<{ type: StoredTensor['type']; bytes: Uint8Array; before: number }> {
  const { tensor } = planned;
  if (planned.turned) {
    const values = readFloats(tensor);
    const whole = planned.packing === null ? values : turned(values, tensor.shape);
    yield { type: 'F32', bytes: new Uint8Array(whole.buffer), before: 0 };
    return;
  }
  const width = tensor.shape.at(-1) ?? 1;
  const rows = productOf(tensor.shape) / width;
  const step = Math.max(1, Math.floor(chunkElements / width));
  for (let row = 0; row < rows; row += step) {
    const some = Math.min(step, rows - row);
    const from = bytesOf(tensor.type, row * width);
    yield { type: tensor.type, bytes: readRaw(tensor, from, bytesOf(tensor.type, some * width)), before: row * width };
  }
}

function turned(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r += 1) for (let c = 0; c < columns; c += 1) out[c * rows + r] = values[r * columns + c] ?? 0;
  return out;
}

type Put = (data: ArrayBufferView, at: number) => void;

/** Blocks run along a matrix's inputs: a matrix stored [in,out] is rounded the other way round. */
function rounded({ turned: crosswise, tensor }: Planned, values: Float32Array, bits: 4 | 8): Float32Array {
  if (!crosswise) return valuesOf(nearestBlocks(values, bits));
  return turned(valuesOf(nearestBlocks(turned(values, tensor.shape), bits)), tensor.shape.toReversed());
}

async function writeTensor(planned: Planned, put: Put, options: PackOptions): Promise<void> {
  const { packing, regions } = planned;
  const half = halfTable();
  for (const { type, bytes, before } of rowsOf(planned)) {
    if (packing === null) {
      const values = dequantise(type, bytes, half);
      put(planned.rounded ? rounded(planned, values, options.bits ?? 8) : values, regions.codes.offset + 4 * before);
    } else {
      const parts = blocksFor(packing, { type, bytes, half }, options);
      put(parts.codes, regions.codes.offset + (before * packing.bits) / 8);
      put(parts.scales, regions.scales.offset + (4 * before) / packing.block);
      if (parts.minima !== null) put(parts.minima, regions.minima.offset + (4 * before) / packing.block);
    }
    await breathe();
  }
}

function blocksFor(
  packing: Packing,
  from: { type: StoredTensor['type']; bytes: Uint8Array; half: Float32Array },
  options: PackOptions,
): Blocks {
  const parts = options.bits === null ? storedBlocks(from.type, from.bytes, from.half) : null;
  const asStored = parts !== null && (parts.minima !== null) === packing.minima;
  // A table rounded to 4 bits keeps those values in 8-bit codes: that is what the look-up reads.
  const found = asStored ? parts : nearestBlocks(dequantise(from.type, from.bytes, from.half), options.bits ?? packing.bits);
  return packing.bits === found.bits ? found : widenedCodes(found);
}
