/**
 * The IQ types (indices into tables of values), the ternary types and the 4-bit float types. Layouts after ggml-quants.c and the `gguf` Python package's quants.py.
 * Each is a reader of scales and one of whole numbers: value = scale of its part × number.
 */
import type { BlockReader } from './dequantise.ts';
import * as grids from './iq-grids.ts';

/** How one block is read. `at`: its first byte. */
export interface PartForm {
  /** Values that share a scale. */
  readonly part: 16 | 32;
  readonly values: number;
  readonly bytes: number;
  readonly scales: (source: Uint8Array, at: number, into: { scales: Float64Array; half: Float32Array }) => void;
  readonly numbers: (source: Uint8Array, at: number, into: Int8Array) => void;
}

const byte = (source: Uint8Array, at: number): number => source[at] as number;
const word = (source: Uint8Array, at: number): number => byte(source, at) | (byte(source, at + 1) << 8);
const long = (source: Uint8Array, at: number): number => (word(source, at) | (word(source, at + 2) << 16)) >>> 0;

/** A table of rows of 8 (or 4) values, unpacked when first read. */
function tableOf(text: string, levels: readonly number[]): () => Int8Array {
  let made: Int8Array | undefined;
  return () => {
    if (made) return made;
    const bytes = Buffer.from(text, 'base64');
    const width = levels.length === 3 ? 2 : 3;
    made = new Int8Array(Math.floor((8 * bytes.length) / width)).map((_, i) => {
      const bit = i * width;
      return levels[((bytes.readUInt8(bit >> 3) | ((bytes[(bit >> 3) + 1] ?? 0) << 8)) >> (bit & 7)) & ((1 << width) - 1)] ?? 0;
    });
    return made;
  };
}

const twoBits = [8, 25, 43];
const tables = {
  iq1: tableOf(grids.iq1s, [-1, 0, 1]),
  iq2xxs: tableOf(grids.iq2xxs, twoBits),
  iq2xs: tableOf(grids.iq2xs, twoBits),
  iq2s: tableOf(grids.iq2s, twoBits),
  iq3xxs: tableOf(grids.iq3xxs, [4, 12, 20, 28, 36, 44, 52, 62]),
  iq3s: tableOf(grids.iq3s, [1, 3, 5, 7, 9, 11, 13, 15]),
};

/** Seven sign bits; the eighth makes their number even. */
function signsOf(seven: number): number {
  let odd = 0;
  for (let bits = seven; bits > 0; bits >>= 1) odd ^= bits & 1;
  return seven | (odd << 7);
}

/** Eight values: one row of eight of the table, or two rows of four. */
function put(into: Int8Array, at: number, from: { table: Int8Array; rows: readonly number[]; signs: number }): void {
  const { table, rows, signs } = from;
  const width = 8 / rows.length;
  for (let i = 0; i < 8; i += 1) {
    const value = table[(rows[Math.floor(i / width)] ?? 0) * width + (i % width)] as number;
    into[at + i] = (signs >> i) & 1 ? -value : value;
  }
}

/** IQ2_XXS and IQ3_XXS: 28 bits of signs and 4 bits of scale for 32 values. */
const packedSigns = (wordAt: (at: number, part: number) => number, step: number): PartForm['scales'] => {
  return (source, at, { scales, half }) => {
    const d = half[word(source, at)] as number;
    for (let part = 0; part < 8; part += 1) scales[part] = d * (0.5 + (long(source, wordAt(at, part)) >>> 28)) * step;
  };
};
const iq2xxsWord = (at: number, part: number): number => at + 2 + part * 8 + 4;
const iq3xxsWord = (at: number, part: number): number => at + 66 + part * 4;

/** Two 4-bit scales a byte, from byte `from` of the block. */
const nibbles = (from: number, scale: (nibble: number) => number): PartForm['scales'] => {
  return (source, at, { scales, half }) => {
    const d = half[word(source, at)] as number;
    for (let part = 0; part < scales.length; part += 1)
      scales[part] = d * scale((byte(source, at + from + (part >> 1)) >> (4 * (part & 1))) & 15);
  };
};
const quarter = (nibble: number): number => (0.5 + nibble) * 0.25;

const iq2xxs: PartForm = {
  part: 32,
  values: 256,
  bytes: 66,
  scales: packedSigns(iq2xxsWord, 0.25),
  numbers: (source, at, into) => {
    const table = tables.iq2xxs();
    for (let part = 0; part < 8; part += 1)
      for (let k = 0; k < 4; k += 1) {
        const signs = signsOf((long(source, iq2xxsWord(at, part)) >>> (7 * k)) & 127);
        put(into, part * 32 + k * 8, { table, rows: [byte(source, at + 2 + part * 8 + k)], signs });
      }
  },
};

const iq2xs: PartForm = {
  part: 16,
  values: 256,
  bytes: 74,
  scales: nibbles(66, quarter),
  numbers: (source, at, into) => {
    const table = tables.iq2xs();
    for (let k = 0; k < 32; k += 1) {
      const q = word(source, at + 2 + 2 * k);
      put(into, k * 8, { table, rows: [q & 511], signs: signsOf(q >> 9) });
    }
  },
};

const iq2s: PartForm = {
  part: 16,
  values: 256,
  bytes: 82,
  scales: nibbles(74, quarter),
  numbers: (source, at, into) => {
    const table = tables.iq2s();
    for (let k = 0; k < 32; k += 1) {
      const high = (byte(source, at + 66 + (k >> 2)) >> (2 * (k & 3))) & 3;
      put(into, k * 8, { table, rows: [byte(source, at + 2 + k) | (high << 8)], signs: byte(source, at + 34 + k) });
    }
  },
};

const iq3xxs: PartForm = {
  part: 32,
  values: 256,
  bytes: 98,
  scales: packedSigns(iq3xxsWord, 0.5),
  numbers: (source, at, into) => {
    const table = tables.iq3xxs();
    for (let part = 0; part < 8; part += 1)
      for (let k = 0; k < 4; k += 1) {
        const q = at + 2 + part * 8 + 2 * k;
        const signs = signsOf((long(source, iq3xxsWord(at, part)) >>> (7 * k)) & 127);
        put(into, part * 32 + k * 8, { table, rows: [byte(source, q), byte(source, q + 1)], signs });
      }
  },
};

const iq3s: PartForm = {
  part: 32,
  values: 256,
  bytes: 110,
  scales: nibbles(106, (nibble) => 1 + 2 * nibble),
  numbers: (source, at, into) => {
    const table = tables.iq3s();
    for (let k = 0; k < 32; k += 1) {
      const high = byte(source, at + 66 + (k >> 2)) >> (2 * (k & 3));
      const rows = [byte(source, at + 2 + 2 * k) | ((high & 1) << 8), byte(source, at + 3 + 2 * k) | ((high & 2) << 7)];
      put(into, k * 8, { table, rows, signs: byte(source, at + 74 + k) });
    }
  },
};

/** IQ1: values of -1, 0, 1, all moved up or down by an eighth; here in eighths. */
function eighths(into: Int8Array, at: number, from: { row: number; down: boolean }): void {
  const table = tables.iq1();
  for (let i = 0; i < 8; i += 1) into[at + i] = 8 * (table[from.row * 8 + i] as number) + (from.down ? -1 : 1);
}

const iq1s: PartForm = {
  part: 32,
  values: 256,
  bytes: 50,
  scales: (source, at, { scales, half }) => {
    const d = half[word(source, at)] as number;
    for (let part = 0; part < 8; part += 1) scales[part] = (d * (2 * ((word(source, at + 34 + 2 * part) >> 12) & 7) + 1)) / 8;
  },
  numbers: (source, at, into) => {
    for (let k = 0; k < 32; k += 1) {
      const high = word(source, at + 34 + 2 * (k >> 2));
      const row = byte(source, at + 2 + k) | (((high >> (3 * (k & 3))) & 7) << 8);
      eighths(into, k * 8, { row, down: (high & 0x8000) !== 0 });
    }
  },
};

const iq1m: PartForm = {
  part: 16,
  values: 256,
  bytes: 56,
  scales: (source, at, { scales, half }) => {
    const words = [0, 1, 2, 3].map((i) => word(source, at + 48 + 2 * i));
    // The float16 of the whole block lies in the upper four bits of four words.
    const d = half[words.reduce((bits, each, i) => bits | ((each >> 12) << (4 * i)), 0)] as number;
    for (let part = 0; part < 16; part += 1) scales[part] = (d * (2 * (((words[part >> 2] ?? 0) >> (3 * (part & 3))) & 7) + 1)) / 8;
  },
  numbers: (source, at, into) => {
    for (let k = 0; k < 32; k += 1) {
      const high = byte(source, at + 32 + (k >> 1)) >> (4 * (k & 1));
      eighths(into, k * 8, { row: byte(source, at + k) | ((high & 7) << 8), down: (high & 8) !== 0 });
    }
  },
};

/** One float16 scale for a whole block. */
const whole = (from: number): PartForm['scales'] => {
  return (source, at, { scales, half }) => void scales.fill(half[word(source, at + from)] as number);
};

const tq1: PartForm = {
  part: 32,
  values: 256,
  bytes: 54,
  scales: whole(52),
  numbers: (source, at, into) => {
    // Five (at the end four) ternary digits a byte, as a fraction of 256.
    const run = (from: number, width: number, digits: number, to: number): void => {
      for (let digit = 0, power = 1; digit < digits; digit += 1, power *= 3)
        for (let i = 0; i < width; i += 1) into[to + digit * width + i] = ((((byte(source, at + from + i) * power) & 255) * 3) >> 8) - 1;
    };
    run(0, 32, 5, 0);
    run(32, 16, 5, 160);
    run(48, 4, 4, 240);
  },
};

const tq2: PartForm = {
  part: 32,
  values: 256,
  bytes: 66,
  scales: whole(64),
  numbers: (source, at, into) => {
    for (let i = 0; i < 256; i += 1) into[i] = ((byte(source, at + (i >> 7) * 32 + (i & 31)) >> (2 * ((i >> 5) & 3))) & 3) - 1;
  },
};

/** E2M1, doubled. */
const floats4 = new Int8Array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]);

const mxfp4: PartForm = {
  part: 32,
  values: 32,
  bytes: 17,
  scales: (source, at, { scales }) => {
    scales[0] = 2 ** (byte(source, at) - 128);
  },
  numbers: (source, at, into) => {
    for (let i = 0; i < 16; i += 1) {
      const q = byte(source, at + 1 + i);
      into[i] = floats4[q & 15] as number;
      into[16 + i] = floats4[q >> 4] as number;
    }
  },
};

/** Unsigned E4M3, halved, as numbers of E2M1 are doubled. */
function small(bits: number): number {
  if (bits === 0 || bits === 0x7f) return 0;
  const [exponent, fraction] = [(bits >> 3) & 15, bits & 7];
  return 0.5 * (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7));
}

const nvfp4: PartForm = {
  part: 16,
  values: 64,
  bytes: 36,
  scales: (source, at, { scales }) => {
    for (let part = 0; part < 4; part += 1) scales[part] = small(byte(source, at + part));
  },
  numbers: (source, at, into) => {
    for (let part = 0; part < 4; part += 1)
      for (let i = 0; i < 8; i += 1) {
        const q = byte(source, at + 4 + part * 8 + i);
        into[part * 16 + i] = floats4[q & 15] as number;
        into[part * 16 + 8 + i] = floats4[q >> 4] as number;
      }
  },
};

export const partForms = {
  IQ1_S: iq1s,
  IQ1_M: iq1m,
  IQ2_XXS: iq2xxs,
  IQ2_XS: iq2xs,
  IQ2_S: iq2s,
  IQ3_XXS: iq3xxs,
  IQ3_S: iq3s,
  TQ1_0: tq1,
  TQ2_0: tq2,
  MXFP4: mxfp4,
  NVFP4: nvfp4,
} as const satisfies Readonly<Record<string, PartForm>>;

/** Scales of `count` blocks, part by part. */
export function partScales(form: PartForm, source: Uint8Array, into: { count: number; scales: Float32Array; half: Float32Array }): void {
  const parts = form.values / form.part;
  const own = new Float64Array(parts);
  for (let b = 0; b < into.count; b += 1) {
    form.scales(source, b * form.bytes, { scales: own, half: into.half });
    into.scales.set(own, b * parts);
  }
}

const reader =
  (form: PartForm): BlockReader =>
  (source, target, count, half) => {
    const scales = new Float64Array(form.values / form.part);
    const numbers = new Int8Array(form.values);
    for (let b = 0; b < count; b += 1) {
      form.scales(source, b * form.bytes, { scales, half });
      form.numbers(source, b * form.bytes, numbers);
      for (let i = 0; i < form.values; i += 1)
        target[b * form.values + i] = (scales[Math.floor(i / form.part)] as number) * (numbers[i] as number);
    }
  };

export const iReaders = Object.fromEntries(Object.entries(partForms).map(([type, form]) => [type, reader(form)])) as Record<
  keyof typeof partForms,
  BlockReader
>;
