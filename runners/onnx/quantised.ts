/** Values and their blocks: codes that give back a stored type exactly, or the nearest ones (round to nearest) for any floats. */

import { blockForms } from './block-scales.ts';
import type { StoredType } from './contract.ts';
import { dequantise } from './dequantise.ts';
import { blocks } from './gguf-types.ts';

export interface Blocks {
  readonly bits: 4 | 8;
  readonly block: 16 | 32;
  /** Bytes: one code a byte (8 bits) or two (4 bits, lower half first). */
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
  /** null: all minima are 0. */
  readonly minima: Float32Array | null;
}

/** The codes of whole stored blocks, exactly; null for float types. `half`: a halfTable(). */
export function storedBlocks(type: StoredType, bytes: Uint8Array, half: Float32Array): Blocks | null {
  const form = blockForms[type];
  if (form === undefined) return null;
  const values = dequantise(type, bytes, half);
  const count = values.length / form.size;
  const scales = new Float32Array(count);
  const minima = new Float32Array(count);
  form.read(bytes, bytes.byteLength / blocks[type][1], { scales, minima }, half);
  // With a minimum, codes 0 … 2ⁿ are moved to lie around 0; what that adds goes into the minimum.
  const shift = form.minimum ? (form.bits === 4 ? 8 : 16) : 0;
  const codes = codesOf(values, { scales, minima, size: form.size, bits: form.bits, shift });
  if (form.minimum) for (let b = 0; b < count; b += 1) minima[b] = (minima[b] ?? 0) + shift * (scales[b] ?? 0);
  return { bits: form.bits, block: form.size, codes, scales, minima: form.minimum ? minima : null };
}

interface Grid {
  readonly scales: Float32Array;
  readonly minima: Float32Array;
  readonly size: number;
  readonly bits: 4 | 8;
  readonly shift: number;
}

function codesOf(values: Float32Array, grid: Grid): Uint8Array {
  const { scales, minima, size, bits, shift } = grid;
  // Half a step more: cutting off what follows the point rounds to nearest.
  const zero = (bits === 8 ? 128 : 8) - shift + 0.5;
  const most = bits === 8 ? 255 : 15;
  const codes = new Uint8Array(bits === 8 ? values.length : values.length / 2);
  for (let b = 0; b < scales.length; b += 1) {
    const scale = scales[b] as number;
    const least = minima[b] as number;
    const per = scale === 0 ? 0 : 1 / scale;
    for (let i = b * size; i < (b + 1) * size; i += 1) {
      const step = ((values[i] as number) - least) * per + zero;
      const code = step < 0 ? 0 : step > most ? most : Math.trunc(step);
      if (bits === 8) codes[i] = code;
      else codes[i >> 1] = (codes[i >> 1] as number) | (code << (4 * (i & 1)));
    }
  }
  return codes;
}

/** Round to nearest in blocks of 32 (as ggml's Q8_0 and Q4_0): the largest value of a block becomes the end of the codes. */
export function nearestBlocks(values: Float32Array, bits: 4 | 8): Blocks {
  const scales = new Float32Array(values.length / 32);
  for (let b = 0; b < scales.length; b += 1) {
    let largest = 0;
    for (let i = 32 * b; i < 32 * b + 32; i += 1) if (Math.abs(values[i] ?? 0) > Math.abs(largest)) largest = values[i] ?? 0;
    scales[b] = bits === 8 ? Math.abs(largest) / 127 : largest / -8;
  }
  const grid = { scales, minima: new Float32Array(scales.length), size: 32, bits, shift: 0 };
  return { bits, block: 32, codes: codesOf(values, grid), scales, minima: null };
}

/** The values that blocks stand for. */
export function valuesOf(parts: Blocks): Float32Array {
  const { bits, block, codes, scales, minima } = parts;
  const values = new Float32Array(bits === 8 ? codes.length : 2 * codes.length);
  for (let i = 0; i < values.length; i += 1) {
    const code = bits === 8 ? (codes[i] ?? 0) - 128 : (((codes[i >> 1] ?? 0) >> (4 * (i & 1))) & 15) - 8;
    const b = Math.floor(i / block);
    values[i] = code * (scales[b] ?? 0) + (minima?.[b] ?? 0);
  }
  return values;
}

/** 4-bit codes as 8-bit ones. */
export function widenedCodes(parts: Blocks): Blocks {
  const codes = new Uint8Array(2 * parts.codes.length);
  for (let i = 0; i < codes.length; i += 1) codes[i] = (((parts.codes[i >> 1] ?? 0) >> (4 * (i & 1))) & 15) - 8 + 128;
  return { ...parts, bits: 8, codes };
}
