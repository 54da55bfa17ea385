import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type ModelParts, modelBytes } from '../runners/onnx/proto.ts';

const model = (attributes: ModelParts['nodes'][number]['attributes']): ModelParts => ({
  name: 'one',
  irVersion: 10,
  opsets: { '': 21 },
  inputs: [{ name: 'x', type: 'int64', shape: ['N', 2] }],
  outputs: [{ name: 'y', type: 'int64', shape: [2, 'N'] }],
  initializers: [{ name: 'big', type: 'int64', shape: [2], raw: new Uint8Array(BigInt64Array.of(-1n, 1n << 40n).buffer) }],
  nodes: [
    { name: 'add', op: 'Add', domain: '', inputs: ['x', 'big'], outputs: ['sum'], attributes: {} },
    { name: 'turn', op: 'Transpose', domain: '', inputs: ['sum'], outputs: ['y'], attributes },
  ],
});

describe('bytes of an ONNX model', () => {
  test('are what onnxruntime reads', async () => {
    const session = await ort.InferenceSession.create(modelBytes(model({ perm: { ints: [1, 0] } })), { logSeverityLevel: 3 });
    const { y } = await session.run({ x: new ort.Tensor('int64', BigInt64Array.of(1n, 2n, 3n, 4n), [2, 2]) });
    expect([...((y?.data ?? []) as BigInt64Array)]).toEqual([0n, 2n, (1n << 40n) + 2n, (1n << 40n) + 4n]);
  });

  test('hold negative numbers and lengths of several bytes', async () => {
    const parts = model({ perm: { ints: [1, 0] } });
    const long = 'n'.repeat(20_000);
    const axes = { name: long, op: 'Softmax', domain: '', inputs: ['f'], outputs: ['s'], attributes: { axis: { int: -1 } } };
    const soft: ModelParts = {
      ...parts,
      inputs: [{ name: 'f', type: 'float32', shape: [2, 2] }],
      outputs: [{ name: 's', type: 'float32', shape: [2, 2] }],
      initializers: [],
      nodes: [axes],
    };
    const session = await ort.InferenceSession.create(modelBytes(soft), { logSeverityLevel: 3 });
    const { s } = await session.run({ f: new ort.Tensor('float32', Float32Array.of(0, 0, 5, 5), [2, 2]) });
    expect([...((s?.data ?? []) as Float32Array)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});
