import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { findReadyMade } from '../runners/onnx/ready-made.ts';
import { openReadyMade } from '../runners/onnx/ready-made-session.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { exportOnnx } from './support/export-onnx.ts';
import { generateFeeds, greedy, int64, newCaches, type Open, run } from './support/graph-model.ts';
import { tinyFolder, tinyModel } from './support/tiny-fixture.ts';

interface Case {
  readonly input_ids: number[];
  readonly token_logprobs: number[];
  readonly greedy: number[];
}
const { cases } = JSON.parse(readFileSync(join(tinyFolder, 'ernie4_5', 'reference.json'), 'utf8')) as { cases: Case[] };
const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const files = openModel(tinyModel('ernie4_5'));
  const [spec, tensors] = [specOf(files), await readyTensors(files, { cacheDir: '' })];
  exportOnnx(spec, tensors, join(folder, 'optimum', 'model.onnx'));
  exportOnnx(spec, tensors, join(folder, 'community', 'onnx', 'model.onnx'));
  exportOnnx(spec, tensors, join(folder, 'genai', 'decoder.onnx'));
  const decoder = { filename: 'decoder.onnx', inputs: { past_key_names: 'past_key_values.%d.key' }, outputs: { logits: 'logits' } };
  writeFileSync(join(folder, 'genai', 'genai_config.json'), JSON.stringify({ model: { context_length: 256, decoder } }));
  writeFileSync(join(folder, 'community', 'config.json'), JSON.stringify({ max_position_embeddings: 256 }));
});

describe.each(['optimum', 'community', 'genai'])('an ONNX folder as %s makes it', (kind) => {
  test('scores and generates as the model itself', async () => {
    const found = findReadyMade(join(folder, kind));
    const made = await openReadyMade(found, { logSeverityLevel: 3 });
    const score = made.session('score') as unknown as Open & {
      run: (feeds: object, fetches: object) => Promise<Record<string, { data: Float32Array }>>;
    };
    for (const { input_ids, token_logprobs } of cases) {
      const target = input_ids.slice(1);
      const pick = target.map((_, i) => i);
      const feeds = {
        input_ids: int64(input_ids, [1, input_ids.length]),
        pick: int64(pick, [pick.length]),
        target: int64(target, [pick.length]),
      };
      const { logprob } = await score.run(feeds, {});
      expect(logprob?.data.length).toBe(token_logprobs.length);
      logprob?.data.forEach((each, i) => {
        expect(each).toBeCloseTo(token_logprobs[i] ?? Number.NaN, 3);
      });
    }
    const generate = made.session('generate');
    const open = { graph: generate.graph, session: generate } as unknown as Open;
    expect(
      await greedy(
        open,
        cases.map((each) => each.input_ids),
        8,
      ),
    ).toEqual(cases.map((each) => each.greedy));
    await made.release();
  });
});

test('a drawn token is the one its random number points at', async () => {
  const made = await openReadyMade(findReadyMade(join(folder, 'optimum')), { logSeverityLevel: 3 });
  const generate = made.session('generate');
  const open = { graph: generate.graph, session: generate } as unknown as Open;
  const ids = cases[0]?.input_ids ?? [];
  const all = await run(open, generateFeeds([ids], [0], { k: 96 }), newCaches(open.graph, 1, 8));
  const shares = new Map((all.top ?? []).map((token, i) => [token, Math.exp(all.top_logprob?.[i] ?? 0)]));
  let passed = 0;
  for (let token = 0; token < 96; token += 1) {
    const middle = passed + (shares.get(token) ?? 0) / 2;
    passed += shares.get(token) ?? 0;
    if ((shares.get(token) ?? 0) < 1e-3) continue;
    const feeds = generateFeeds([ids], [0]);
    feeds.temperature?.data.fill(1 as never);
    feeds.uniform?.data.fill(middle as never);
    expect((await run(open, feeds, newCaches(open.graph, 1, 8))).token).toEqual([token]);
  }
  expect(passed).toBeCloseTo(1, 4);
  await made.release();
});

test('a folder without a decoder, or with several, is an error that names them', () => {
  mkdirSync(join(folder, 'none'));
  expect(() => findReadyMade(join(folder, 'none'))).toThrow('no .onnx file');
  mkdirSync(join(folder, 'two'));
  for (const name of ['a.onnx', 'b.onnx']) writeFileSync(join(folder, 'two', name), '');
  expect(() => findReadyMade(join(folder, 'two'))).toThrow('a.onnx, b.onnx');
});
