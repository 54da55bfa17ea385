/** Writes ONNX models as protobuf bytes (onnx.proto3): only the fields a decoder graph needs. */

export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool';
const elementCode: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly graph: GraphParts };

export interface NodeParts {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** '' stands for an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

interface InitializerHead {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}
/** A constant: its bytes in the model, or a part of a file beside it (`location` is a plain file name). */
export type Initializer = InitializerHead &
  ({ readonly raw: Uint8Array } | { readonly location: string; readonly offset: number; readonly bytes: number });

/** A graph's input or output; a string in `shape` is a free dimension. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly NodeParts[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface ModelParts extends GraphParts {
  readonly irVersion: number;
  /** Opset version by domain; '' is ai.onnx. */
  readonly opsets: Readonly<Record<string, number>>;
}

const text = new TextEncoder();

function varint(value: number): Uint8Array {
  const out: number[] = [];
  // Negative numbers are written as 64-bit two's complement.
  if (value < 0 || value > 0x7fffffff) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
    out.push(Number(rest));
  } else {
    let rest = value;
    for (; rest > 127; rest >>= 7) out.push((rest & 127) | 128);
    out.push(rest);
  }
  return Uint8Array.from(out);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const int = (field: number, value: number): Uint8Array => join([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Uint8Array): Uint8Array => join([varint((field << 3) | 2), varint(value.length), value]);
const string = (field: number, value: string): Uint8Array => bytes(field, text.encode(value));
const message = (field: number, parts: readonly Uint8Array[]): Uint8Array => bytes(field, join(parts));

function float(field: number, value: number): Uint8Array {
  const raw = new Uint8Array(4);
  new DataView(raw.buffer).setFloat32(0, value, true);
  return join([varint((field << 3) | 5), raw]);
}

function attribute(name: string, value: Attribute): Uint8Array {
  const head = string(1, name);
  if ('int' in value) return message(5, [head, int(3, value.int), int(20, 2)]);
  if ('float' in value) return message(5, [head, float(2, value.float), int(20, 1)]);
  if ('string' in value) return message(5, [head, string(4, value.string), int(20, 3)]);
  if ('ints' in value) return message(5, [head, ...value.ints.map((each) => int(8, each)), int(20, 7)]);
  return message(5, [head, bytes(6, graphBytes(value.graph)), int(20, 5)]);
}

const node = (parts: NodeParts): Uint8Array =>
  message(1, [
    ...parts.inputs.map((name) => string(1, name)),
    ...parts.outputs.map((name) => string(2, name)),
    string(3, parts.name),
    string(4, parts.op),
    ...Object.entries(parts.attributes).map(([name, value]) => attribute(name, value)),
    ...(parts.domain === '' ? [] : [string(7, parts.domain)]),
  ]);

function initializer(parts: Initializer): Uint8Array {
  const head = [...parts.shape.map((size) => int(1, size)), int(2, elementCode[parts.type]), string(8, parts.name)];
  if ('raw' in parts) return message(5, [...head, bytes(9, parts.raw)]);
  const entry = (key: string, value: string): Uint8Array => message(13, [string(1, key), string(2, value)]);
  return message(5, [
    ...head,
    entry('location', parts.location),
    entry('offset', String(parts.offset)),
    entry('length', String(parts.bytes)),
    int(14, 1),
  ]);
}

function value(field: number, parts: Value): Uint8Array {
  const dimensions = parts.shape.map((size) => message(1, [typeof size === 'number' ? int(1, size) : string(2, size)]));
  const tensor = message(1, [int(1, elementCode[parts.type]), message(2, dimensions)]);
  return message(field, [string(1, parts.name), message(2, [tensor])]);
}

const graphBytes = (parts: GraphParts): Uint8Array =>
  join([
    ...parts.nodes.map(node),
    string(2, parts.name),
    ...parts.initializers.map(initializer),
    ...parts.inputs.map((each) => value(11, each)),
    ...parts.outputs.map((each) => value(12, each)),
  ]);

/** The bytes of a ModelProto. */
export const modelBytes = (parts: ModelParts): Uint8Array =>
  join([
    int(1, parts.irVersion),
    string(2, 'plumbline'),
    bytes(7, graphBytes(parts)),
    ...Object.entries(parts.opsets).map(([domain, version]) => message(8, [string(1, domain), int(2, version)])),
  ]);
