/** The scale and minimum of every small block of a stored tensor type: with the values themselves they give back the integer codes. */
import type { StoredType } from './contract.ts';
import { type PartForm, partForms, partScales } from './dequantise-i.ts';

export interface BlockForm {
  /** Values that share a scale. */
  readonly size: 16 | 32;
  readonly bits: 4 | 8;
  readonly minimum: boolean;
  /** Writes scales (and minima) of `count` stored blocks. */
  readonly read: (source: Uint8Array, count: number, into: { scales: Float32Array; minima: Float32Array }, half: Float32Array) => void;
}

type Read = BlockForm['read'];

const halfAt = (source: Uint8Array, at: number, half: Float32Array): number => half[(source[at] ?? 0) | ((source[at + 1] ?? 0) << 8)] ?? 0;

/** One float16 scale (and minimum) at the start of every block. */
const leading =
  (step: number, minimum: boolean): Read =>
  (source, count, { scales, minima }, half) => {
    for (let b = 0; b < count; b += 1) {
      scales[b] = halfAt(source, b * step, half);
      minima[b] = minimum ? halfAt(source, b * step + 2, half) : 0;
    }
  };

/** Q4_K and Q5_K: eight 6-bit scales and minima in 12 bytes. */
const twelve =
  (step: number): Read =>
  (source, count, { scales, minima }, half) => {
    for (let b = 0; b < count; b += 1) {
      const at = b * step;
      const [d, least] = [halfAt(source, at, half), halfAt(source, at + 2, half)];
      for (let part = 0; part < 8; part += 1) {
        const j = at + 4 + (part & 3);
        const [low, middle, both] = [source[j] ?? 0, source[j + 4] ?? 0, source[j + 8] ?? 0];
        scales[8 * b + part] = d * (part < 4 ? low & 63 : (both & 15) | ((low >> 2) & 48));
        minima[8 * b + part] = -least * (part < 4 ? middle & 63 : (both >> 4) | ((middle >> 2) & 48));
      }
    }
  };

const q2: Read = (source, count, { scales, minima }, half) => {
  for (let b = 0; b < count; b += 1) {
    const [d, least] = [halfAt(source, b * 84 + 80, half), halfAt(source, b * 84 + 82, half)];
    for (let part = 0; part < 16; part += 1) {
      const packed = source[b * 84 + part] ?? 0;
      scales[16 * b + part] = d * (packed & 15);
      minima[16 * b + part] = -least * (packed >> 4);
    }
  }
};

const q3: Read = (source, count, { scales }, half) => {
  for (let b = 0; b < count; b += 1) {
    const at = b * 110 + 96;
    const d = halfAt(source, at + 12, half);
    for (let part = 0; part < 16; part += 1) {
      const low = ((source[at + (part & 7)] ?? 0) >> (part < 8 ? 0 : 4)) & 15;
      const high = ((source[at + 8 + (part & 3)] ?? 0) >> (2 * (part >> 2))) & 3;
      scales[16 * b + part] = d * ((low | (high << 4)) - 32);
    }
  }
};

const q6: Read = (source, count, { scales }, half) => {
  const signed = new Int8Array(source.buffer, source.byteOffset, source.byteLength);
  for (let b = 0; b < count; b += 1) {
    const d = halfAt(source, b * 210 + 208, half);
    for (let part = 0; part < 16; part += 1) scales[16 * b + part] = d * (signed[b * 210 + 192 + part] ?? 0);
  }
};

const iq4xs: Read = (source, count, { scales }, half) => {
  for (let b = 0; b < count; b += 1) {
    const at = b * 136;
    const d = halfAt(source, at, half);
    const high = (source[at + 2] ?? 0) | ((source[at + 3] ?? 0) << 8);
    for (let part = 0; part < 8; part += 1) {
      const low = ((source[at + 4 + (part >> 1)] ?? 0) >> (4 * (part & 1))) & 15;
      scales[8 * b + part] = d * ((low | (((high >> (2 * part)) & 3) << 4)) - 32);
    }
  }
};

const inParts = (form: PartForm, bits: 4 | 8): BlockForm => ({
  size: form.part,
  bits,
  minimum: false,
  read: (source, count, { scales }, half) => partScales(form, source, { count, scales, half }),
});

/** Layouts: ggml-common.h and the `gguf` Python package's quants.py. Types without an entry are floats. */
export const blockForms: Partial<Readonly<Record<StoredType, BlockForm>>> = {
  Q8_0: { size: 32, bits: 8, minimum: false, read: leading(34, false) },
  Q4_0: { size: 32, bits: 4, minimum: false, read: leading(18, false) },
  Q4_1: { size: 32, bits: 4, minimum: true, read: leading(20, true) },
  Q5_0: { size: 32, bits: 8, minimum: false, read: leading(22, false) },
  Q5_1: { size: 32, bits: 8, minimum: true, read: leading(24, true) },
  IQ4_NL: { size: 32, bits: 8, minimum: false, read: leading(18, false) },
  IQ4_XS: { size: 32, bits: 8, minimum: false, read: iq4xs },
  Q2_K: { size: 16, bits: 4, minimum: true, read: q2 },
  Q3_K: { size: 16, bits: 4, minimum: false, read: q3 },
  Q4_K: { size: 32, bits: 4, minimum: true, read: twelve(144) },
  Q5_K: { size: 32, bits: 8, minimum: true, read: twelve(176) },
  Q6_K: { size: 16, bits: 8, minimum: false, read: q6 },
  ...Object.fromEntries(Object.entries(partForms).map(([type, form]) => [type, inParts(form, type.startsWith('TQ') ? 4 : 8)])),
};
