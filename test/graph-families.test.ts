import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { greedy, openGraph, packed, run, scoreFeeds, trace } from './support/graph-model.ts';
import { tinyFolder, tinyModel } from './support/tiny-fixture.ts';

interface Case {
  readonly input_ids: number[];
  readonly token_logprobs: number[];
  readonly greedy: number[];
}
const worstOf = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, each, i) => Math.max(worst, Math.abs(each - (b[i] ?? Number.NaN))), 0);
};

/** Fixtures are made by test/reference/make-tiny.py from the real transformers. */
describe.each(readdirSync(tinyFolder))('%s', (name) => {
  const { cases } = JSON.parse(readFileSync(join(tinyFolder, name, 'reference.json'), 'utf8')) as { cases: Case[] };
  const opened = async () => {
    const files = openModel(tinyModel(name));
    return { spec: specOf(files), tensors: await readyTensors(files, { cacheDir: '' }) };
  };

  test.each(['cpu', 'plain'])('log-probabilities and greedy tokens are those of transformers (%s graph)', async (device) => {
    const { spec, tensors } = await opened();
    const score = await openGraph(spec, tensors, { purpose: 'score', device, keep: true });
    const generate = await openGraph(spec, tensors, { purpose: 'generate', device });
    for (const each of cases) expect(worstOf((await trace(score, each.input_ids)).logprob, each.token_logprobs)).toBeLessThan(1e-4);
    const prompts = cases.map((each) => each.input_ids);
    expect(await greedy(generate, prompts, 8)).toEqual(cases.map((each) => each.greedy));
  });

  test('texts packed into one row score as they do alone', async () => {
    const { spec, tensors } = await opened();
    const score = await openGraph(spec, tensors, { purpose: 'score', device: 'cpu' });
    if (!score.graph.packs) return expect(score.graph.caches.length).toBeGreaterThanOrEqual(0);
    const row = packed(cases.map((each) => ({ ids: each.input_ids })));
    const pick = cases.flatMap((each, i) => each.token_logprobs.map((_, j) => (row.starts[i] ?? 0) + j));
    const target = cases.flatMap((each) => each.input_ids.slice(1));
    const out = await run(score, scoreFeeds(score, row, { pick, target }));
    expect(
      worstOf(
        out.logprob ?? [],
        cases.flatMap((each) => each.token_logprobs),
      ),
    ).toBeLessThan(1e-4);
  });
});
