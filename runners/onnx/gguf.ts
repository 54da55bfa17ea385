import { closeSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../src/types.ts';
import type { StoredTensor } from './contract.ts';
import { FileReader } from './file-reader.ts';
import { blocks, bytesOf, ggmlTypes, readable } from './gguf-types.ts';

/** A metadata array that was passed over: where it lies, so that `stringsOf` and `numbersOf` can read it when a tokenizer is built. */
export interface GgufArray {
  readonly file: string;
  /** 8: strings; else a scalar type of the GGUF format. */
  readonly itemType: number;
  readonly count: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly config: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, GgufArray>;
  readonly tensors: readonly StoredTensor[];
  readonly size: number;
}

const again = 'the file is damaged or not what it says: fetch it again from where it came';
const shortArray = 1024;
const longestString = 8 << 20;
/** Bytes of all strings that are kept, and of one array that is read. */
const mostText = 64 << 20;
const longestArray = 256 << 20;
/** The largest vocabularies have some 300,000 tokens and a million merges. */
const mostItems = 8 << 20;
/** Bytes of a scalar metadata type; 8 is a string, 9 an array. */
const scalarBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

function refuse(reader: FileReader, message: string): UserError {
  return new UserError(`${reader.path}: ${message}`, again);
}

function text(reader: FileReader, what: string, longest = longestString): string {
  const length = reader.u64(`the length of ${what}`);
  if (length > longest) throw refuse(reader, `${what} claims ${length} bytes (at most ${longest} are read)`);
  return Buffer.from(reader.bytes(length, what)).toString('utf8');
}

function scalar(reader: FileReader, type: number, what: string): unknown {
  if (type === 8) return text(reader, what);
  const size = scalarBytes[type];
  if (!size) throw refuse(reader, `${what} has the unknown metadata type ${type}`);
  const bytes = reader.bytes(size, what);
  return number(new DataView(bytes.buffer), 0, type);
}

function number(view: DataView, at: number, type: number): number | boolean {
  switch (type) {
    case 0:
      return view.getUint8(at);
    case 1:
      return view.getInt8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getInt16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getInt32(at, true);
    case 6:
      return view.getFloat32(at, true);
    case 7:
      return view.getUint8(at) !== 0;
    case 10:
      return Number(view.getBigUint64(at, true));
    case 11:
      return Number(view.getBigInt64(at, true));
    default:
      return view.getFloat64(at, true);
  }
}

/** Passes over an array; nothing of it is kept but its place. */
function passArray(reader: FileReader, what: string): GgufArray {
  const itemType = reader.u32(`the item type of ${what}`);
  const count = reader.u64(`the length of ${what}`);
  if (itemType === 9) throw refuse(reader, `${what} is an array of arrays, which no known model file has`);
  const size = itemType === 8 ? 8 : scalarBytes[itemType];
  if (!size) throw refuse(reader, `${what} holds the unknown metadata type ${itemType}`);
  if (count * size > reader.left) throw refuse(reader, `${what} claims ${count} items, more than the file can hold`);
  if (count > mostItems) throw refuse(reader, `${what} claims ${count} items (at most ${mostItems} are read)`);
  const offset = reader.position;
  if (itemType !== 8) reader.skip(count * size, what);
  else for (let i = 0; i < count; i += 1) reader.skip(reader.u64(what), what);
  return { file: reader.path, itemType, count, offset, bytes: reader.position - offset };
}

function metadata(reader: FileReader, count: number): Pick<GgufHeader, 'config' | 'arrays'> {
  const config: Record<string, unknown> = Object.create(null);
  const arrays = new Map<string, GgufArray>();
  let chars = 0;
  for (let i = 0; i < count; i += 1) {
    const key = text(reader, `metadata key ${i + 1}`, 65_535);
    const type = reader.u32(`the type of ${key}`);
    if (key in config || arrays.has(key)) throw refuse(reader, `the metadata key ${key} comes twice`);
    if (type !== 9) {
      const kept = scalar(reader, type, `the metadata value ${key}`);
      if (typeof kept === 'string') chars += kept.length;
      if (chars > mostText) throw refuse(reader, `the metadata holds more than ${mostText} characters of text`);
      config[key] = kept;
    } else arrays.set(key, passArray(reader, `the metadata array ${key}`));
  }
  return { config, arrays };
}

function tensor(reader: FileReader, index: number): StoredTensor {
  const name = text(reader, `the name of tensor ${index + 1}`, 1024);
  const rank = reader.u32(`the rank of tensor ${name}`);
  if (rank > 4) throw refuse(reader, `tensor ${name} claims ${rank} dimensions (at most 4)`);
  const shape: number[] = [];
  for (let i = 0; i < rank; i += 1) shape.unshift(reader.u64(`the shape of tensor ${name}`));
  const typeNumber = reader.u32(`the type of tensor ${name}`);
  const type = ggmlTypes[typeNumber] ?? `type ${typeNumber}`;
  const offset = reader.u64(`the offset of tensor ${name}`);
  const elements = shape.reduce((a, b) => a * b, 1);
  if (!(elements > 0 && elements <= Number.MAX_SAFE_INTEGER)) {
    throw refuse(reader, `tensor ${name} claims the shape [${shape.join(', ')}]`);
  }
  if (!readable(type)) {
    throw new UserError(
      `${reader.path}: tensor ${name} is stored as ${type}, which is not read`,
      `get the model in one of ${Object.keys(blocks).join(', ')}`,
    );
  }
  if ((shape.at(-1) ?? 1) % blocks[type][0] !== 0) {
    throw refuse(reader, `tensor ${name} has rows of ${shape.at(-1)} elements, no multiple of a ${type} block of ${blocks[type][0]}`);
  }
  return { name, shape, type, file: reader.path, offset, bytes: bytesOf(type, elements) };
}

/** Refuses tensors that leave the file, come twice or lie over each other; offsets become offsets in the file. */
function placed(reader: FileReader, tensors: readonly StoredTensor[], alignment: number): StoredTensor[] {
  const start = Math.ceil(reader.position / alignment) * alignment;
  const names = new Set<string>();
  const moved = tensors.map((each) => {
    if (names.has(each.name)) throw refuse(reader, `tensor ${each.name} comes twice`);
    names.add(each.name);
    const offset = start + each.offset;
    if (each.offset % alignment !== 0) throw refuse(reader, `tensor ${each.name} starts at ${each.offset}, no multiple of ${alignment}`);
    if (!(offset + each.bytes <= reader.size)) {
      throw refuse(reader, `tensor ${each.name} ends at byte ${offset + each.bytes}, the file has ${reader.size}`);
    }
    return { ...each, offset };
  });
  const inOrder = moved.toSorted((a, b) => a.offset - b.offset);
  inOrder.forEach((each, index) => {
    const next = inOrder[index + 1];
    if (next && each.offset + each.bytes > next.offset) throw refuse(reader, `tensors ${each.name} and ${next.name} overlap`);
  });
  return moved;
}

/** Short arrays become plain values of the config; the tokenizer's stay apart. */
function withShortArrays(header: Pick<GgufHeader, 'config' | 'arrays'>): Record<string, unknown> {
  const config = { ...header.config };
  for (const [key, array] of header.arrays) {
    if (array.count > shortArray || key.startsWith('tokenizer.')) continue;
    config[key] = array.itemType === 8 ? stringsOf(array) : [...numbersOf(array)].map((v) => (array.itemType === 7 ? v !== 0 : v));
  }
  return config;
}

/**
 * Reads the header of one GGUF file (version 2 or 3, little endian): metadata and where each tensor lies; weights are not touched.
 * Every size is checked against the file before it is believed. UserError names what is wrong.
 */
export function readGguf(path: string): GgufHeader {
  const reader = new FileReader(path);
  try {
    if (reader.size < 24 || reader.u32('the magic number') !== 0x46554747) throw refuse(reader, 'not a GGUF file (no "GGUF" at its start)');
    const version = reader.u32('the version');
    if (version !== 2 && version !== 3) {
      const what = version === 0x02000000 || version === 0x03000000 ? 'is big endian' : `has version ${version}`;
      throw new UserError(`${path}: this GGUF file ${what}; versions 2 and 3, little endian, are read`, 'convert the model again');
    }
    const tensorCount = reader.u64('the number of tensors');
    const keyCount = reader.u64('the number of metadata keys');
    if (tensorCount > 100_000 || tensorCount * 24 > reader.size) throw refuse(reader, `claims ${tensorCount} tensors`);
    if (keyCount > 65_536 || keyCount * 13 > reader.size) throw refuse(reader, `claims ${keyCount} metadata keys`);
    const meta = metadata(reader, keyCount);
    const tensors = Array.from({ length: tensorCount }, (_, index) => tensor(reader, index));
    const alignment = meta.config['general.alignment'] ?? 32;
    if (typeof alignment !== 'number' || !(alignment >= 1 && alignment <= 1 << 20))
      throw refuse(reader, `claims an alignment of ${alignment}`);
    const set = placed(reader, tensors, alignment);
    return { config: withShortArrays(meta), arrays: meta.arrays, tensors: set, size: reader.size };
  } finally {
    reader.close();
  }
}

/** A metadata array's bytes as they lie in the file. */
export function bytesOfArray(array: GgufArray): Buffer {
  if (array.bytes > longestArray)
    throw new UserError(`${array.file}: a metadata array of ${array.bytes} bytes (at most ${longestArray} are read)`, again);
  const fd = openSync(array.file, 'r');
  try {
    const buffer = Buffer.alloc(array.bytes);
    let filled = 0;
    while (filled < buffer.length) {
      const got = readSync(fd, buffer, filled, buffer.length - filled, array.offset + filled);
      if (got === 0) throw new UserError(`${array.file}: the file became shorter while it was read`, again);
      filled += got;
    }
    return buffer;
  } finally {
    closeSync(fd);
  }
}

/** The strings of a metadata array, in order. */
export function stringsOf(array: GgufArray): string[] {
  if (array.itemType !== 8)
    throw new UserError(`${array.file}: a metadata array that should hold strings holds type ${array.itemType}`, again);
  const buffer = bytesOfArray(array);
  const strings: string[] = new Array(array.count);
  let at = 0;
  for (let i = 0; i < array.count; i += 1) {
    const length = buffer.readUInt32LE(at);
    strings[i] = buffer.toString('utf8', at + 8, at + 8 + length);
    at += 8 + length;
  }
  return strings;
}

/** The numbers of a metadata array, in order; true is 1. */
export function numbersOf(array: GgufArray): Float64Array {
  const size = scalarBytes[array.itemType];
  if (!size) throw new UserError(`${array.file}: a metadata array that should hold numbers holds type ${array.itemType}`, again);
  const buffer = bytesOfArray(array);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const numbers = new Float64Array(array.count);
  for (let i = 0; i < array.count; i += 1) numbers[i] = Number(number(view, i * size, array.itemType));
  return numbers;
}
