import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReadyTensor } from '../../runners/onnx/contract.ts';
import { readyTensors } from '../../runners/onnx/convert.ts';
import { openModel } from '../../runners/onnx/open-model.ts';
import { type ModelSpec, specOf } from '../../runners/onnx/spec.ts';
import { greedy, type Open, openGraph, trace } from '../support/graph-model.ts';
import { realModel, realModelNames } from '../support/real-models.ts';
import { sharedFolder } from '../support/shared-folder.ts';

interface Reference {
  readonly traces: readonly { readonly ids: number[]; readonly logprobs: (number | null)[] }[];
  readonly greedy: readonly { readonly ids: number[]; readonly tokens: number[] }[];
}

const known = existsSync(join(sharedFolder, 'reference'));
if (!known) console.warn(`SKIPPED: real models against transformers: ${sharedFolder}/reference is not there (set PLUMBLINE_SHARED)`);

describe.each(realModelNames)('the graph of %s', (name) => {
  const path = realModel(name);
  describe.skipIf(path === null || !known)('against transformers in float32', () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'plumbline-'));
    let reference: Reference;
    let spec: ModelSpec;
    let tensors: ReadonlyMap<string, ReadyTensor>;
    beforeAll(async () => {
      reference = JSON.parse(readFileSync(join(sharedFolder, 'reference', `${name}.json`), 'utf8')) as Reference;
      const files = openModel(path ?? '');
      spec = specOf(files);
      tensors = await readyTensors(files, { cacheDir });
    });
    afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

    test('every log-probability of both traces within 1e-3', async () => {
      const score: Open = await openGraph(spec, tensors, { purpose: 'score', device: 'cpu' });
      for (const { ids, logprobs } of reference.traces) {
        const { logprob } = await trace(score, ids);
        const worst = logprob.reduce((most, each, i) => Math.max(most, Math.abs(each - (logprobs[i + 1] ?? Number.NaN))), 0);
        expect(worst).toBeLessThan(1e-3);
      }
      await score.session.release();
    });

    test('greedy continuations token for token', async () => {
      const generate = await openGraph(spec, tensors, { purpose: 'generate', device: 'cpu' });
      for (const { ids, tokens } of reference.greedy) expect(await greedy(generate, [ids], tokens.length)).toEqual([tokens]);
      await generate.session.release();
    });
  });
});
