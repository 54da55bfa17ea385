/** Writes GGUF files for tests, right ones and wrong ones. */
import { writeFileSync } from 'node:fs';
import { blocks, ggmlTypes } from '../../runners/onnx/gguf-types.ts';

export type GgufValue = number | boolean | string | readonly number[] | readonly string[];

export interface GgufTensor {
  readonly name: string;
  /** Outermost first. */
  readonly shape: readonly number[];
  readonly type: keyof typeof blocks;
  readonly data?: Uint8Array;
  /** Lies instead of the truth. */
  readonly offset?: bigint;
  readonly typeNumber?: number;
  readonly dims?: readonly bigint[];
}

export interface GgufParts {
  readonly version?: number;
  readonly metadata: readonly (readonly [key: string, value: GgufValue])[];
  readonly tensors: readonly GgufTensor[];
  /** Lies instead of the true counts. */
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
}

const u32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};
const u64 = (value: number | bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const float = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
};

/** Whole numbers are u32, others f32. */
function value(item: GgufValue): Buffer {
  if (typeof item === 'string') return Buffer.concat([u32(8), text(item)]);
  if (typeof item === 'boolean') return Buffer.concat([u32(7), Buffer.from([item ? 1 : 0])]);
  if (typeof item === 'number') return Number.isInteger(item) ? Buffer.concat([u32(4), u32(item)]) : Buffer.concat([u32(6), float(item)]);
  const isText = typeof item[0] === 'string';
  const whole = item.every((each) => Number.isInteger(each));
  const parts = item.map((each) => (typeof each === 'string' ? text(each) : whole ? u32(each) : float(each)));
  return Buffer.concat([u32(9), u32(isText ? 8 : whole ? 4 : 6), u64(item.length), ...parts]);
}

const typeNumber = (name: string): number => Number(Object.entries(ggmlTypes).find(([, each]) => each === name)?.[0]);
const bytesOf = (tensor: GgufTensor): number => (tensor.shape.reduce((a, b) => a * b, 1) / blocks[tensor.type][0]) * blocks[tensor.type][1];

/** All of a file before its weights (a multiple of 32 bytes), where each tensor lies behind it, and where the last one ends. */
export function ggufHead(parts: GgufParts): { head: Buffer; places: readonly number[]; end: number } {
  let at = 0;
  const places = parts.tensors.map((tensor) => {
    const place = at;
    at = Math.ceil((at + bytesOf(tensor)) / 32) * 32;
    return place;
  });
  const infos = parts.tensors.map((tensor, i) => {
    const dims = tensor.dims ?? tensor.shape.toReversed().map(BigInt);
    return Buffer.concat([
      text(tensor.name),
      u32(dims.length),
      ...dims.map(u64),
      u32(tensor.typeNumber ?? typeNumber(tensor.type)),
      u64(tensor.offset ?? places[i] ?? 0),
    ]);
  });
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(parts.version ?? 3),
    u64(parts.tensorCount ?? parts.tensors.length),
    u64(parts.keyCount ?? parts.metadata.length),
    ...parts.metadata.map(([key, each]) => Buffer.concat([text(key), value(each)])),
    ...infos,
  ]);
  return { head: Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32)]), places, end: at };
}

/** The bytes of a GGUF file with 32-byte alignment; tensors without data are zeros. */
export function ggufBytes(parts: GgufParts): Buffer {
  const { head, places, end } = ggufHead(parts);
  const data = Buffer.alloc(end);
  parts.tensors.forEach((tensor, i) => {
    if (tensor.data) data.set(tensor.data, places[i] ?? 0);
  });
  return Buffer.concat([head, data]);
}

export function writeGguf(path: string, parts: GgufParts): void {
  writeFileSync(path, ggufBytes(parts));
}
