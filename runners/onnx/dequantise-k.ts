import type { BlockReader } from './dequantise.ts';

/** The K types: super-blocks of 256. Layouts after ggml-quants.c and the `gguf` Python package's quants.py. */

const halfAt = (source: Uint8Array, at: number, half: Float32Array): number => half[(source[at] ?? 0) | ((source[at + 1] ?? 0) << 8)] ?? 0;

const q2: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 84) {
    const d = halfAt(source, at + 80, half);
    const dmin = halfAt(source, at + 82, half);
    for (let part = 0; part < 16; part += 1, out += 16) {
      const scale = source[at + part] ?? 0;
      const dl = d * (scale & 15);
      const ml = dmin * (scale >> 4);
      const from = at + 16 + (part >> 3) * 32 + (part & 1) * 16;
      const shift = ((part >> 1) & 3) * 2;
      for (let i = 0; i < 16; i += 1) target[out + i] = dl * (((source[from + i] ?? 0) >> shift) & 3) - ml;
    }
  }
};

const q3: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 110) {
    const d = halfAt(source, at + 108, half);
    const scales = at + 96;
    for (let part = 0; part < 16; part += 1, out += 16) {
      const low = ((source[scales + (part & 7)] ?? 0) >> (part < 8 ? 0 : 4)) & 15;
      const high = ((source[scales + 8 + (part & 3)] ?? 0) >> (2 * (part >> 2))) & 3;
      const dl = d * ((low | (high << 4)) - 32);
      const lane = (part & 1) * 16;
      const from = at + 32 + (part >> 3) * 32 + lane;
      const shift = ((part >> 1) & 3) * 2;
      const bit = part >> 1;
      for (let i = 0; i < 16; i += 1) {
        const q = ((source[from + i] ?? 0) >> shift) & 3;
        target[out + i] = dl * (q - ((((source[at + lane + i] ?? 0) >> bit) & 1) === 1 ? 0 : 4));
      }
    }
  }
};

/** Scale and minimum number `part` (of 8) of the 12 bytes at `at`, as scale | min << 8. */
function scaleMin(source: Uint8Array, at: number, part: number): number {
  const j = part & 3;
  const d = source[at + j] ?? 0;
  const m = source[at + 4 + j] ?? 0;
  if (part < 4) return (d & 63) | ((m & 63) << 8);
  const both = source[at + 8 + j] ?? 0;
  return (both & 15) | ((d >> 2) & 48) | (((both >> 4) | ((m >> 2) & 48)) << 8);
}

const q4: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 144) {
    const d = halfAt(source, at, half);
    const dmin = halfAt(source, at + 2, half);
    for (let part = 0; part < 8; part += 1, out += 32) {
      const packed = scaleMin(source, at + 4, part);
      const dl = d * (packed & 255);
      const ml = dmin * (packed >> 8);
      const from = at + 16 + (part >> 1) * 32;
      const shift = (part & 1) * 4;
      for (let i = 0; i < 32; i += 1) target[out + i] = dl * (((source[from + i] ?? 0) >> shift) & 15) - ml;
    }
  }
};

const q5: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 176) {
    const d = halfAt(source, at, half);
    const dmin = halfAt(source, at + 2, half);
    for (let part = 0; part < 8; part += 1, out += 32) {
      const packed = scaleMin(source, at + 4, part);
      const dl = d * (packed & 255);
      const ml = dmin * (packed >> 8);
      const from = at + 48 + (part >> 1) * 32;
      const shift = (part & 1) * 4;
      for (let i = 0; i < 32; i += 1) {
        const q = (((source[from + i] ?? 0) >> shift) & 15) | ((((source[at + 16 + i] ?? 0) >> part) & 1) << 4);
        target[out + i] = dl * q - ml;
      }
    }
  }
};

const q6: BlockReader = (source, target, count, half) => {
  const signed = new Int8Array(source.buffer, source.byteOffset, source.byteLength);
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 210) {
    const d = halfAt(source, at + 208, half);
    for (let part = 0; part < 16; part += 1, out += 16) {
      const dl = d * (signed[at + 192 + part] ?? 0);
      const row = part >> 1;
      const lane = (part & 1) * 16;
      const low = at + (row >> 2) * 64 + (row & 1) * 32 + lane;
      const lowShift = ((row >> 1) & 1) * 4;
      const high = at + 128 + (row >> 2) * 32 + lane;
      const highShift = (row & 3) * 2;
      for (let i = 0; i < 16; i += 1) {
        const q = (((source[low + i] ?? 0) >> lowShift) & 15) | ((((source[high + i] ?? 0) >> highShift) & 3) << 4);
        target[out + i] = dl * (q - 32);
      }
    }
  }
};

export const kBlocks = { Q2_K: q2, Q3_K: q3, Q4_K: q4, Q5_K: q5, Q6_K: q6 } as const;
