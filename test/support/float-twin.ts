import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dequantise } from '../../runners/onnx/dequantise.ts';
import { readGguf } from '../../runners/onnx/gguf.ts';
import { ggmlTypes } from '../../runners/onnx/gguf-types.ts';

const alignment = 32;
const scalarBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

/** Where the metadata of a GGUF file end. */
function metadataEnd(bytes: Buffer): number {
  let at = 24;
  const text = () => {
    at += 8 + Number(bytes.readBigUInt64LE(at));
  };
  const value = (type: number): void => {
    if (type === 8) text();
    else if (type !== 9) at += scalarBytes[type] ?? 0;
    if (type !== 9) return;
    const item = bytes.readUInt32LE(at);
    const count = Number(bytes.readBigUInt64LE(at + 4));
    at += 12;
    for (let i = 0; i < count; i++) value(item);
  };
  for (let keys = Number(bytes.readBigUInt64LE(16)); keys > 0; keys--) {
    text();
    const type = bytes.readUInt32LE(at);
    at += 4;
    value(type);
  }
  return at;
}

const f32 = Number(Object.entries(ggmlTypes).find(([, name]) => name === 'F32')?.[0]);

/** Writes the float32 twin of a quantised GGUF file: the same metadata and the same numbers, so that no engine rounds what flows between layers. */
export function writeFloatTwin(from: string, to: string): void {
  const { tensors } = readGguf(from);
  const whole = readFileSync(from);
  const head = whole.subarray(0, metadataEnd(whole));
  const counts = tensors.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  let offset = 0;
  const infos = tensors.map(({ name, shape }, i) => {
    const info = Buffer.alloc(8 + Buffer.byteLength(name) + 4 + 8 * shape.length + 12);
    let at = info.writeBigUInt64LE(BigInt(Buffer.byteLength(name)));
    at += info.write(name, at);
    at = info.writeUInt32LE(shape.length, at);
    for (const size of shape.toReversed()) at = info.writeBigUInt64LE(BigInt(size), at);
    at = info.writeUInt32LE(f32, at);
    info.writeBigUInt64LE(BigInt(offset), at);
    offset = Math.ceil((offset + 4 * (counts[i] ?? 0)) / alignment) * alignment;
    return info;
  });
  const file = openSync(to, 'w');
  const source = openSync(from, 'r');
  try {
    const front = Buffer.concat([head, ...infos]);
    const start = Math.ceil(front.length / alignment) * alignment;
    writeSync(file, Buffer.concat([front, Buffer.alloc(start - front.length)]));
    let at = start;
    tensors.forEach((tensor, i) => {
      const stored = Buffer.alloc(tensor.bytes);
      readSync(source, stored, 0, tensor.bytes, tensor.offset);
      const values = dequantise(tensor.type, stored).subarray(0, counts[i]);
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
      at = Math.ceil((at + bytes.length) / alignment) * alignment;
    });
  } finally {
    closeSync(file);
    closeSync(source);
  }
}
