/** A graph while it is drawn: nodes in order, constants, inputs and outputs. */
import type { Attribute, ElementType, GraphParts, Initializer, NodeParts, Value } from './proto.ts';

export type Attributes = Readonly<
  Record<string, number | string | readonly number[] | { readonly float: number } | { readonly graph: GraphParts }>
>;

export interface Draft {
  /** Adds a node and returns its first output's name. '' stands for an optional input left out. */
  readonly op: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** Adds a node with several outputs. */
  readonly ops: (op: string, inputs: readonly string[], outputs: number, attributes?: Attributes) => readonly string[];
  /** An operator of onnxruntime whose name ONNX has too. */
  readonly own: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  readonly ints: (values: readonly number[], scalar?: boolean) => string;
  readonly floats: (values: readonly number[], shape: readonly number[]) => string;
  readonly initializer: (parts: Initializer) => string;
  readonly input: (value: Value) => string;
  /** Makes `from` an output of the graph under the value's name. */
  readonly output: (from: string, value: Value) => void;
  readonly parts: () => GraphParts;
}

const microsoft = new Set(['FusedMatMul', 'GroupQueryAttention', 'QuickGelu', 'FastGelu', 'MatMulNBits', 'GatherBlockQuantized']);

function attributesOf(given: Attributes): Record<string, Attribute> {
  const out: Record<string, Attribute> = {};
  for (const [name, value] of Object.entries(given))
    out[name] =
      typeof value === 'number'
        ? { int: value }
        : typeof value === 'string'
          ? { string: value }
          : 'length' in value
            ? { ints: value }
            : value;
  return out;
}

const rawInts = (values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
const rawFloats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** `around`: the graph that this one is a branch of. Constants go there: a branch's own are written twice when onnxruntime saves a graph, which it then cannot read. */
export function draftOf(name: string, around?: Draft): Draft {
  const prefix = around ? `${name}.` : '';
  const nodes: NodeParts[] = [];
  const initializers = new Map<string, Initializer>();
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  // An output takes its maker's place: an Identity between them would undo running the cache in place.
  const renamed = new Map<string, string>();
  const add = (op: string, from: readonly string[], count: number, more: { attributes: Attributes; domain: string }): readonly string[] => {
    const label = `${prefix}${op}_${nodes.length}`;
    const made = Array.from({ length: count }, (_, i) => (i === 0 ? label : `${label}_${i}`));
    nodes.push({ name: label, op, domain: more.domain, inputs: from, outputs: made, attributes: attributesOf(more.attributes) });
    return made;
  };
  const ops: Draft['ops'] = (op, from, count, attributes = {}) =>
    add(op, from, count, { attributes, domain: microsoft.has(op) ? 'com.microsoft' : '' });
  const constant = (key: string, type: ElementType, shape: readonly number[], raw: Uint8Array): string => {
    if (!initializers.has(key)) initializers.set(key, { name: key, type, shape, raw });
    return key;
  };
  return {
    ops,
    own: (op, from, attributes = {}) => add(op, from, 1, { attributes, domain: 'com.microsoft' })[0] ?? '',
    op: (op, from, attributes) => ops(op, from, 1, attributes)[0] ?? '',
    ints: (values, scalar = false) =>
      around?.ints(values, scalar) ??
      constant(`i:${values.join(',')}${scalar ? ':s' : ''}`, 'int64', scalar ? [] : [values.length], rawInts(values)),
    floats: (values, shape) =>
      around?.floats(values, shape) ??
      constant(
        `f:${shape.join('x')}:${values.length > 8 ? `#${initializers.size}` : values.join(',')}`,
        'float32',
        shape,
        rawFloats(values),
      ),
    initializer: (parts) => {
      if (!initializers.has(parts.name)) initializers.set(parts.name, parts);
      return parts.name;
    },
    input: (value) => {
      inputs.push(value);
      return value.name;
    },
    output: (from, value) => {
      renamed.set(from, value.name);
      outputs.push(value);
    },
    parts: () => {
      const now = (each: string): string => renamed.get(each) ?? each;
      const named = nodes.map((node) => ({ ...node, inputs: node.inputs.map(now), outputs: node.outputs.map(now) }));
      return { name, nodes: named, initializers: [...initializers.values()], inputs, outputs };
    },
  };
}
