import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ModelFiles } from '../runners/onnx/contract.ts';
import { readFloats, readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { asGguf, ggufCases } from './support/gguf-spelling.ts';
import { openGraph, trace } from './support/graph-model.ts';
import { tinyFolder, tinyModel, writeSafetensors } from './support/tiny-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.entries(ggufCases))('%s in the spelling of GGUF', (title, { of, arch, permute, split, within, metadata }) => {
  const name = of ?? title;
  test('scores as transformers does', async () => {
    const original = openModel(tinyModel(name));
    const own = specOf(original);
    const made = asGguf(original, own, { arch, permute, metadata: metadata(original, own), split: split ?? false, folder });
    if (name === 'nemotron') addOne(made);
    const spec = specOf(made);
    const inPlace = await readyTensors({ ...made, format: 'safetensors' }, { cacheDir: '' });
    const open = await openGraph(spec, inPlace, { purpose: 'score', device: 'cpu' });
    const reference = JSON.parse(readFileSync(join(tinyFolder, name, 'reference.json'), 'utf8')) as {
      cases: { input_ids: number[]; token_logprobs: number[] }[];
    };
    for (const { input_ids, token_logprobs } of reference.cases) {
      const { logprob } = await trace(open, input_ids);
      for (const [i, each] of logprob.entries()) expect(Math.abs(each - (token_logprobs[i] ?? Number.NaN))).toBeLessThan(within ?? 1e-4);
    }
  });
});

/** Converters write 1 + w where a family's norms are stored as w. */
function addOne(files: ModelFiles): void {
  const [file = ''] = files.files;
  const whole = new Map(
    [...files.tensors.values()].map((tensor) => {
      const values = readFloats(tensor);
      return [tensor.name, { shape: tensor.shape, values: /norm\.weight$/.test(tensor.name) ? values.map((each) => each + 1) : values }];
    }),
  );
  writeSafetensors(file, whole);
}
