import { UserError } from '../../src/types.ts';
import type { StoredTensor, StoredType } from './contract.ts';
import { FileReader } from './file-reader.ts';

/** The safetensors library itself stops at 100 MB; 8 MiB hold 80,000 tensors. */
const longestHeader = 8 << 20;
const widths: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  C64: 8,
};

export interface SafetensorsHeader {
  readonly tensors: readonly StoredTensor[];
  /** Tensors of types that are not weights (masks, position ids) or not read: name → type. */
  readonly others: ReadonlyMap<string, string>;
  readonly size: number;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const natural = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !Array.isArray(offsets)) return false;
  return shape.length <= 8 && shape.every(natural) && offsets.length === 2 && offsets.every(natural);
}

function refuse(path: string, message: string): UserError {
  return new UserError(`${path}: ${message}`, 'the file is damaged or not what it says: fetch it again from where it came');
}

function parsedHeader(reader: FileReader): { entries: Record<string, unknown>; start: number } {
  const { path } = reader;
  if (reader.size < 10) throw refuse(path, 'too short to be a safetensors file');
  const length = reader.u64('the length of the header');
  if (length > reader.left) throw refuse(path, `the header claims ${length} bytes, the file has ${reader.size}`);
  if (length > longestHeader) throw refuse(path, `the header claims ${length} bytes (at most ${longestHeader} are read)`);
  const raw = Buffer.from(reader.bytes(length, 'the header')).toString('utf8');
  let entries: unknown;
  try {
    entries = JSON.parse(raw);
  } catch {
    throw refuse(path, 'the header is not JSON');
  }
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) throw refuse(path, 'the header is not a JSON object');
  // JSON.parse keeps the last of two equal keys; the format forbids them and a scan over the raw text is cheap.
  const seen = new Set<string>();
  for (const [, key] of raw.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*\{\s*"(?:dtype|shape|data_offsets)"/g)) {
    if (key !== undefined && seen.has(key)) throw refuse(path, `tensor ${key} comes twice`);
    if (key !== undefined) seen.add(key);
  }
  return { entries: entries as Record<string, unknown>, start: 8 + length };
}

function tensor(path: string, name: string, entry: Entry, start: number): { tensor: StoredTensor; type: string } {
  const { dtype, shape } = entry;
  const [begin, end] = entry.data_offsets;
  const width = widths[dtype];
  if (width === undefined) throw refuse(path, `tensor ${name} has the unknown type ${dtype}`);
  const bytes = shape.reduce((a, b) => a * b, width);
  if (end - begin !== bytes) {
    throw refuse(
      path,
      `tensor ${name} of shape [${shape.join(', ')}] and type ${dtype} takes ${bytes} bytes, its place has ${end - begin}`,
    );
  }
  return { tensor: { name, shape, type: dtype as StoredType, file: path, offset: start + begin, bytes }, type: dtype };
}

/** Reads the header of one safetensors file: where each tensor lies. Every size is checked against the file. UserError names what is wrong. */
export function readSafetensors(path: string): SafetensorsHeader {
  const reader = new FileReader(path);
  try {
    const { entries, start } = parsedHeader(reader);
    const all = Object.entries(entries).flatMap(([name, entry]) => {
      if (name === '__metadata__') return [];
      if (!isEntry(entry)) throw refuse(path, `the entry of tensor ${name} is not {dtype, shape, data_offsets}`);
      return [tensor(path, name, entry, start)];
    });
    const inOrder = all.map((each) => each.tensor).toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes);
    inOrder.forEach((each, index) => {
      if (each.offset + each.bytes > reader.size) {
        throw refuse(path, `tensor ${each.name} ends at byte ${each.offset + each.bytes}, the file has ${reader.size}`);
      }
      const next = inOrder[index + 1];
      if (next && each.offset + each.bytes > next.offset) throw refuse(path, `tensors ${each.name} and ${next.name} overlap`);
    });
    const isWeight = (type: string) => type === 'F32' || type === 'F16' || type === 'BF16';
    return {
      tensors: all.filter((each) => isWeight(each.type)).map((each) => each.tensor),
      others: new Map(all.filter((each) => !isWeight(each.type)).map((each) => [each.tensor.name, each.type])),
      size: reader.size,
    };
  } finally {
    reader.close();
  }
}
