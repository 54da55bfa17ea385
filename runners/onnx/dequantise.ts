import type { StoredType } from './contract.ts';
import { iReaders } from './dequantise-i.ts';
import { kBlocks } from './dequantise-k.ts';
import { blocks } from './gguf-types.ts';

/** float16 → float32 for every bit pattern. */
export function halfTable(): Float32Array {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits += 1) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    let value = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (exponent === 31) value = fraction ? Number.NaN : Number.POSITIVE_INFINITY;
    table[bits] = bits & 0x8000 ? -value : value;
  }
  return table;
}

/**
 * Turns `count` blocks of `source`, from byte 0, into `target`, from element 0. Every product here fits float32 exactly, so the one rounding on
 * storing gives the same bits as the chain of float32 operations of ggml.
 */
export type BlockReader = (source: Uint8Array, target: Float32Array, count: number, half: Float32Array) => void;

/** The 16 levels of IQ4_NL and IQ4_XS (ggml-common.h, kvalues_iq4nl). */
const levels = new Float64Array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]);

const f32: BlockReader = (source, target, count) => {
  new Uint8Array(target.buffer, target.byteOffset, count * 4).set(source.subarray(0, count * 4));
};

const f16: BlockReader = (source, target, count, half) => {
  for (let i = 0; i < count; i += 1) target[i] = half[(source[2 * i] ?? 0) | ((source[2 * i + 1] ?? 0) << 8)] ?? 0;
};

const bf16: BlockReader = (source, target, count) => {
  const bits = new Uint32Array(target.buffer, target.byteOffset, count);
  for (let i = 0; i < count; i += 1) bits[i] = ((source[2 * i] ?? 0) << 16) | ((source[2 * i + 1] ?? 0) << 24);
};

const scaleAt = (source: Uint8Array, at: number, half: Float32Array): number => half[(source[at] ?? 0) | ((source[at + 1] ?? 0) << 8)] ?? 0;

const q8: BlockReader = (source, target, count, half) => {
  const signed = new Int8Array(source.buffer, source.byteOffset, source.byteLength);
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 34, out += 32) {
    const d = scaleAt(source, at, half);
    for (let i = 0; i < 32; i += 1) target[out + i] = d * (signed[at + 2 + i] ?? 0);
  }
};

/** Added where a type has no minimum: unlike 0 it leaves -0 as it is. */
const noMinimum = -0;

/** Q4_0, Q4_1: low nibbles are the first half of the block. */
function four(min: boolean): BlockReader {
  const step = min ? 20 : 18;
  return (source, target, count, half) => {
    for (let b = 0, at = 0, out = 0; b < count; b += 1, at += step, out += 32) {
      const d = scaleAt(source, at, half);
      const m = min ? scaleAt(source, at + 2, half) : noMinimum;
      const bias = min ? 0 : 8;
      const from = at + step - 16;
      for (let i = 0; i < 16; i += 1) {
        const q = source[from + i] ?? 0;
        target[out + i] = d * ((q & 15) - bias) + m;
        target[out + 16 + i] = d * ((q >> 4) - bias) + m;
      }
    }
  };
}

/** Q5_0, Q5_1: as four bits, the fifth in a 32-bit mask. */
function five(min: boolean): BlockReader {
  const step = min ? 24 : 22;
  return (source, target, count, half) => {
    for (let b = 0, at = 0, out = 0; b < count; b += 1, at += step, out += 32) {
      const d = scaleAt(source, at, half);
      const m = min ? scaleAt(source, at + 2, half) : noMinimum;
      const bias = min ? 0 : 16;
      const from = at + step - 16;
      const h = from - 4;
      const low = (source[h] ?? 0) | ((source[h + 1] ?? 0) << 8);
      const high = (source[h + 2] ?? 0) | ((source[h + 3] ?? 0) << 8);
      for (let i = 0; i < 16; i += 1) {
        const q = source[from + i] ?? 0;
        target[out + i] = d * (((q & 15) | (((low >> i) & 1) << 4)) - bias) + m;
        target[out + 16 + i] = d * (((q >> 4) | (((high >> i) & 1) << 4)) - bias) + m;
      }
    }
  };
}

const iq4nl: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 18, out += 32) {
    const d = scaleAt(source, at, half);
    for (let i = 0; i < 16; i += 1) {
      const q = source[at + 2 + i] ?? 0;
      target[out + i] = d * (levels[q & 15] ?? 0);
      target[out + 16 + i] = d * (levels[q >> 4] ?? 0);
    }
  }
};

const iq4xs: BlockReader = (source, target, count, half) => {
  for (let b = 0, at = 0, out = 0; b < count; b += 1, at += 136) {
    const d = scaleAt(source, at, half);
    const high = (source[at + 2] ?? 0) | ((source[at + 3] ?? 0) << 8);
    for (let part = 0; part < 8; part += 1, out += 32) {
      const low = ((source[at + 4 + (part >> 1)] ?? 0) >> (4 * (part & 1))) & 15;
      const dl = d * ((low | (((high >> (2 * part)) & 3) << 4)) - 32);
      const from = at + 8 + part * 16;
      for (let i = 0; i < 16; i += 1) {
        const q = source[from + i] ?? 0;
        target[out + i] = dl * (levels[q & 15] ?? 0);
        target[out + 16 + i] = dl * (levels[q >> 4] ?? 0);
      }
    }
  }
};

const readers: Readonly<Record<StoredType, BlockReader>> = {
  F32: f32,
  F16: f16,
  BF16: bf16,
  Q8_0: q8,
  Q4_0: four(false),
  Q4_1: four(true),
  Q5_0: five(false),
  Q5_1: five(true),
  IQ4_NL: iq4nl,
  IQ4_XS: iq4xs,
  ...kBlocks,
  ...iReaders,
};

/**
 * The float32 values of whole blocks: bit for bit those of ggml and of the `gguf` Python package. `bytes`: any number of whole blocks;
 * `half`: a `halfTable()` kept by who calls often.
 */
export function dequantise(type: StoredType, bytes: Uint8Array, half: Float32Array = halfTable()): Float32Array {
  const [elements, size] = blocks[type];
  const count = Math.floor(bytes.byteLength / size);
  const target = new Float32Array(count * elements);
  readers[type](bytes, target, count, half);
  return target;
}
