import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRaw } from '../../runners/onnx/convert.ts';
import { dequantise, halfTable } from '../../runners/onnx/dequantise.ts';
import { blocks } from '../../runners/onnx/gguf-types.ts';
import { openModel } from '../../runners/onnx/open-model.ts';
import { realModel, realModelNames } from '../support/real-models.ts';

const fixture = JSON.parse(readFileSync(new URL('../fixtures/gguf-models.json', import.meta.url), 'utf8')) as {
  readonly models: Readonly<Record<string, Readonly<Record<string, { readonly tensors: number; readonly sha256: string }>>>>;
};

describe('real GGUF files: every weight bit for bit as the gguf package dequantises it', () => {
  for (const name of realModelNames) {
    const path = realModel(name);
    test.skipIf(path === null)(name, () => {
      const half = halfTable();
      const seen: Record<string, { tensors: number; hash: Hash }> = {};
      for (const tensor of openModel(path ?? '').tensors.values()) {
        seen[tensor.type] ??= { tensors: 0, hash: createHash('sha256') };
        const kind = seen[tensor.type] ?? expect.fail('just made');
        kind.tensors += 1;
        const step = blocks[tensor.type][1] * 32_768;
        for (let at = 0; at < tensor.bytes; at += step) {
          const values = dequantise(tensor.type, readRaw(tensor, at, Math.min(step, tensor.bytes - at)), half);
          kind.hash.update(new Uint8Array(values.buffer, 0, values.byteLength));
        }
      }
      const got = Object.fromEntries(
        Object.entries(seen).map(([type, { tensors, hash }]) => [type, { tensors, sha256: hash.digest('hex') }]),
      );
      expect(got).toEqual(fixture.models[name]);
    });
  }
});
