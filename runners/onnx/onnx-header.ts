import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';
import { FileReader } from './file-reader.ts';

/** A graph input or output: ONNX element type by name, dimensions as numbers or names ('' where the file says nothing). */
export interface OnnxValue {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxHeader {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Files beside the model that hold weights, as the model names them. */
  readonly external: readonly string[];
  /** Operator sets by domain ('' is ONNX's own). */
  readonly opsets: Readonly<Record<string, number>>;
}

/** TensorProto.DataType (onnx.proto3). */
const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

/** One field of a protobuf message: its number, and where its content lies. Varints and fixed widths carry `value`. */
interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

function varint(reader: FileReader): number {
  let value = 0;
  for (let shift = 0; shift < 10; shift += 1) {
    const byte = reader.u8('the ONNX header');
    value += (byte & 127) * 2 ** (7 * shift);
    if (byte < 128) return value;
  }
  throw damaged(reader);
}

function damaged(reader: FileReader): UserError {
  return new UserError(`${reader.path}: not an ONNX model, or damaged`, 'fetch the file again');
}

/** The fields of a message that ends at `end`; contents are passed over unless read. */
function* fieldsOf(reader: FileReader, end: number): Generator<Field> {
  while (reader.position < end) {
    const tag = varint(reader);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0) throw damaged(reader);
    if (wire === 0) {
      yield { number, start: reader.position, end: reader.position, value: varint(reader) };
      continue;
    }
    const length = wire === 2 ? varint(reader) : wire === 5 ? 4 : wire === 1 ? 8 : -1;
    const start = reader.position;
    if (length < 0 || start + length > end) throw damaged(reader);
    yield { number, start, end: start + length, value: 0 };
    reader.seek(start + length);
  }
}

function textOf(reader: FileReader, field: Field): string {
  if (field.end - field.start > 65_536) throw damaged(reader);
  return Buffer.from(reader.bytes(field.end - field.start, 'a name')).toString('utf8');
}

/** `path` of nested messages → every innermost field with that number. */
function* inside(reader: FileReader, outer: Field, path: readonly number[]): Generator<Field> {
  const [first, ...rest] = path;
  for (const field of fieldsOf(reader, outer.end)) {
    if (field.number !== first) continue;
    if (rest.length === 0) yield field;
    else yield* inside(reader, field, rest);
  }
}

function dimension(reader: FileReader, outer: Field): number | string {
  let found: number | string = '';
  for (const field of fieldsOf(reader, outer.end)) {
    if (field.number === 1) found = field.value;
    else if (field.number === 2) found = textOf(reader, field);
  }
  return found;
}

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1. */
function valueInfo(reader: FileReader, outer: Field): OnnxValue {
  let name = '';
  let type = 'unknown';
  const shape: (number | string)[] = [];
  for (const field of fieldsOf(reader, outer.end)) {
    if (field.number === 1) name = textOf(reader, field);
    if (field.number !== 2) continue;
    for (const part of inside(reader, field, [1])) {
      for (const each of fieldsOf(reader, part.end)) {
        if (each.number === 1) type = elementTypes[each.value] ?? `type ${each.value}`;
        else if (each.number === 2) for (const dim of inside(reader, each, [1])) shape.push(dimension(reader, dim));
      }
    }
  }
  return { name, type, shape };
}

/** The `location` entries of a tensor's external data (TensorProto.external_data 13: key 1, value 2). */
function locations(reader: FileReader, outer: Field): string[] {
  const found: string[] = [];
  for (const entry of inside(reader, outer, [13])) {
    let key = '';
    let value = '';
    for (const field of fieldsOf(reader, entry.end)) {
      if (field.number === 1) key = textOf(reader, field);
      else if (field.number === 2) value = textOf(reader, field);
    }
    if (key === 'location') found.push(value);
  }
  return found;
}

/** Reads what an ONNX file takes and gives, and which other files it needs; weights inside it are passed over. UserError when it is none. */
export function readOnnxHeader(path: string): OnnxHeader {
  const reader = new FileReader(path);
  try {
    const inputs: OnnxValue[] = [];
    const outputs: OnnxValue[] = [];
    const external = new Set<string>();
    const opsets: Record<string, number> = {};
    const whole = { number: 0, start: 0, end: reader.size, value: 0 };
    for (const top of fieldsOf(reader, whole.end)) {
      if (top.number === 8) {
        const parts = [...fieldsWithText(reader, top)];
        opsets[String(parts.find((part) => part.number === 1)?.text ?? '')] = parts.find((part) => part.number === 2)?.value ?? 0;
      }
      if (top.number !== 7) continue;
      for (const field of fieldsOf(reader, top.end)) {
        if (field.number === 11) inputs.push(valueInfo(reader, field));
        else if (field.number === 12) outputs.push(valueInfo(reader, field));
        else if (field.number === 5) for (const name of locations(reader, field)) external.add(name);
      }
    }
    if (outputs.length === 0) throw damaged(reader);
    return { inputs, outputs, external: [...external], opsets };
  } finally {
    reader.close();
  }
}

function* fieldsWithText(reader: FileReader, outer: Field): Generator<{ number: number; value: number; text: string }> {
  for (const field of fieldsOf(reader, outer.end)) {
    yield { number: field.number, value: field.value, text: field.end > field.start ? textOf(reader, field) : '' };
  }
}

/**
 * The real paths of an ONNX file and of every file its weights lie in. UserError for weights that are missing or outside the model's folder.
 * Weights that only a branch inside the model names are found by their file name, which begins like the model's.
 */
export function onnxFiles(path: string): string[] {
  const folder = dirname(path);
  const named = readOnnxHeader(path).external.map((name) => {
    if (name !== basename(name)) throw new UserError(`${path}: keeps weights in ${name}, outside its folder`, 'export the model again');
    if (!existsSync(join(folder, name)))
      throw new UserError(`${join(folder, name)}: missing; ${basename(path)} keeps its weights there`, 'fetch it');
    return join(folder, name);
  });
  const usual = [`${path}_data`, `${path}.data`].filter((file) => existsSync(file));
  return [...new Set([path, ...named, ...usual])].map((file) => realpathSync(file));
}
