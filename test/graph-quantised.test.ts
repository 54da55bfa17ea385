import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blockForms } from '../runners/onnx/block-scales.ts';
import type { StoredType } from '../runners/onnx/contract.ts';
import { dequantise, halfTable } from '../runners/onnx/dequantise.ts';
import { deviationOf, mayScore } from '../runners/onnx/deviation.ts';
import { nearestBlocks, storedBlocks, valuesOf, widenedCodes } from '../runners/onnx/quantised.ts';

const fixture = JSON.parse(readFileSync(new URL('./fixtures/dequantise.json', import.meta.url), 'utf8')) as {
  types: Record<string, { bytes: string }>;
};

/** Largest distance, in units of the largest finite value of the block (fixtures hold NaN and infinite scales). */
function furthest(a: Float32Array, b: Float32Array, block: number): number {
  let worst = 0;
  for (let at = 0; at < b.length; at += block) {
    const part = b.subarray(at, at + block);
    const size = Math.max(...part.map(Math.abs));
    if (!Number.isFinite(size) || size === 0) continue;
    for (let i = 0; i < part.length; i += 1) worst = Math.max(worst, Math.abs((a[at + i] ?? Number.NaN) - (part[i] ?? 0)) / size);
  }
  return worst;
}

describe('codes, scales and minima', () => {
  for (const type of Object.keys(blockForms) as StoredType[]) {
    test(`give back every value of ${type}`, () => {
      const bytes = new Uint8Array(Buffer.from(fixture.types[type]?.bytes ?? '', 'base64'));
      const blocks = storedBlocks(type, bytes, halfTable());
      expect(blocks).not.toBeNull();
      if (blocks === null) return;
      const values = dequantise(type, bytes);
      // The minimum takes the code's shift in: one more rounding to float32.
      expect(furthest(valuesOf(blocks), values, blocks.block)).toBeLessThan(blocks.minima === null ? 1e-7 : 2e-6);
      if (blocks.bits === 4) expect(valuesOf(widenedCodes(blocks))).toEqual(valuesOf(blocks));
    });
  }
  test('floats have none', () => expect(storedBlocks('F16', new Uint8Array(64), halfTable())).toBeNull());
});

describe('rounding to nearest', () => {
  const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 7)));
  test('8 bits: off by half a step at most', () => {
    const rounded = valuesOf(nearestBlocks(values, 8));
    for (let b = 0; b < values.length; b += 32) {
      const step = Math.max(...values.subarray(b, b + 32).map(Math.abs)) / 127;
      for (let i = b; i < b + 32; i += 1) expect(Math.abs((rounded[i] ?? 0) - (values[i] ?? 0))).toBeLessThanOrEqual(step * 0.501);
    }
  });
  test('4 bits: the largest value of a block is kept, as by Q4_0', () => {
    const rounded = valuesOf(nearestBlocks(values, 4));
    for (let b = 0; b < values.length; b += 32) {
      const part = [...values.subarray(b, b + 32)];
      const at = part.findIndex((each) => Math.abs(each) === Math.max(...part.map(Math.abs)));
      expect(rounded[b + at]).toBeCloseTo(part[at] ?? Number.NaN, 5);
    }
  });
  test('zeros stay zeros', () => expect([...valuesOf(nearestBlocks(new Float32Array(32), 4))]).toEqual(new Array(32).fill(0)));
});

describe('deviation', () => {
  const log = (shares: readonly number[]): number[] => shares.map(Math.log);
  test('of a mode from itself is none', () => {
    const next = { width: 2, top: [3, 5, 1, 0], logprobs: log([0.7, 0.2, 0.5, 0.4]) };
    expect(deviationOf(next, next)).toEqual({ kl: 0, worstKl: 0, top1: 1, positions: 2 });
  });
  test('is the divergence of what both list and of the rest', () => {
    const exact = { width: 2, top: [3, 5], logprobs: log([0.7, 0.2]) };
    const fast = { width: 2, top: [5, 3], logprobs: log([0.5, 0.4]) };
    const expected = 0.7 * Math.log(0.7 / 0.4) + 0.2 * Math.log(0.2 / 0.5) + 0.1 * Math.log(0.1 / 0.1);
    const deviation = deviationOf(exact, fast);
    expect(deviation.kl).toBeCloseTo(expected, 12);
    expect(deviation.top1).toBe(0);
    expect(mayScore(deviation)).toBe(false);
  });
});
