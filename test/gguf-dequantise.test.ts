import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { StoredType } from '../runners/onnx/contract.ts';
import { dequantise } from '../runners/onnx/dequantise.ts';
import { blocks } from '../runners/onnx/gguf-types.ts';

interface Fixture {
  readonly source: string;
  readonly types: Readonly<Record<string, { readonly bytes: string; readonly values: string }>>;
}
const fixture = JSON.parse(readFileSync(new URL('./fixtures/dequantise.json', import.meta.url), 'utf8')) as Fixture;

/** Bit patterns, with every NaN made one. */
function bits(values: Float32Array): number[] {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return [...words].map((word, i) => (Number.isNaN(values[i]) ? 0x7fc00000 : word));
}

describe('dequantising is bit-exact against the gguf Python package', () => {
  test('every readable type has a fixture', () => {
    expect(Object.keys(fixture.types).toSorted()).toEqual(Object.keys(blocks).toSorted());
  });
  for (const [type, { bytes, values }] of Object.entries(fixture.types)) {
    test(type, () => {
      const expected = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
      const got = dequantise(type as StoredType, new Uint8Array(Buffer.from(bytes, 'base64')));
      expect(got.length).toBe(expected.length);
      expect(bits(got)).toEqual(bits(expected));
    });
  }
});
