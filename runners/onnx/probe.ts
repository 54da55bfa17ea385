import type { Graph } from './contract.ts';
import type { NamedDevice } from './devices.ts';
import { modelBytes } from './proto.ts';
import { openSession } from './session.ts';

/** x + x, by the device's own kernels. */
function tiny(): Graph {
  const x = { name: 'x', type: 'float32', shape: [1] } as const;
  const y = { name: 'y', type: 'float32', shape: [1] } as const;
  const bytes = modelBytes({
    name: 'probe',
    irVersion: 10,
    opsets: { '': 21 },
    inputs: [x],
    outputs: [y],
    nodes: [{ op: 'Add', name: 'add', domain: '', inputs: ['x', 'x'], outputs: ['y'], attributes: {} }],
    initializers: [],
  });
  return {
    bytes,
    folder: '.',
    purpose: 'score',
    inputs: [x],
    outputs: [y],
    caches: [],
    onDevice: [],
    biases: [],
    kvBytesPerToken: 0,
    packs: false,
    inexact: null,
  };
}

/** Tries a device with a graph of one node: null when it works, else what onnxruntime says. */
export async function probe(device: NamedDevice): Promise<string | null> {
  try {
    const session = await openSession(tiny(), { device, threads: 1, prepack: false });
    const { y } = await session.run({ x: new session.ort.Tensor('float32', Float32Array.of(21), [1]) }, { y: null });
    await session.release();
    const value = (y?.data as Float32Array | undefined)?.[0];
    return value === 42 ? null : `21 + 21 gave ${value}`;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.split('\n')[0]?.slice(0, 300) ?? message;
  }
}
