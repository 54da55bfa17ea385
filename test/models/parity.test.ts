import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ModelFiles, ReadyTensor } from '../../runners/onnx/contract.ts';
import { readyTensors } from '../../runners/onnx/convert.ts';
import { openModel } from '../../runners/onnx/open-model.ts';
import { type ModelSpec, specOf } from '../../runners/onnx/spec.ts';
import { generateFeeds, greedy, newCaches, type Open, openGraph, packed, run, scoreFeeds, trace } from '../support/graph-model.ts';
import { sharedFolder } from '../support/shared-folder.ts';

interface Reference {
  readonly cases: readonly { readonly input_ids: number[]; readonly token_logprobs: number[]; readonly greedy: number[] }[];
}

const folder = join(sharedFolder, 'parity');
const here = existsSync(folder);
if (!here) console.warn(`SKIPPED: parity with transformers on 18 models: ${folder} is not there (set PLUMBLINE_SHARED)`);
const names = here ? readdirSync(folder).filter((name) => !name.includes('.')) : [];

const referenceOf = (name: string): Reference => JSON.parse(readFileSync(join(folder, name, 'reference.json'), 'utf8')) as Reference;
const furthest = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, each, i) => Math.max(worst, Math.abs(each - (b[i] ?? Number.NaN))), 0);
};

async function loaded(name: string, config = 'config.json'): Promise<{ spec: ModelSpec; tensors: ReadonlyMap<string, ReadyTensor> }> {
  const opened = openModel(join(folder, name));
  const files: ModelFiles = { ...opened, config: JSON.parse(readFileSync(join(folder, name, config), 'utf8')) };
  return { spec: specOf(files), tensors: await readyTensors(files, { cacheDir: '' }) };
}

describe.skipIf(!here).each(names)('%s', (name) => {
  let score: Open;
  let keep: Open;
  let generate: Open;
  const { cases } = here ? referenceOf(name) : { cases: [] };
  const longest = cases.at(-1)?.input_ids ?? [];

  beforeAll(async () => {
    const { spec, tensors } = await loaded(name);
    score = await openGraph(spec, tensors, { purpose: 'score', device: 'cpu' });
    keep = await openGraph(spec, tensors, { purpose: 'score', device: 'cpu', keep: true });
    generate = await openGraph(spec, tensors, { purpose: 'generate', device: 'cpu' });
  });

  test('both spellings of the configuration mean the same', async () => {
    expect((await loaded(name, 'config.v4.json')).spec).toEqual((await loaded(name)).spec);
  });

  test('every log-probability is that of transformers within 1e-3', async () => {
    for (const { input_ids, token_logprobs } of cases) {
      expect(furthest((await trace(score, input_ids)).logprob, token_logprobs)).toBeLessThan(1e-3);
      expect(furthest((await trace(keep, input_ids)).logprob, token_logprobs)).toBeLessThan(1e-3);
    }
  });

  test('greedy tokens are those of transformers, alone and in one ragged batch', async () => {
    for (const each of cases) expect(await greedy(generate, [each.input_ids], 12)).toEqual([each.greedy]);
    // A batch shares its longest span: models whose rope depends on the length are batched by that.
    const batch = generate.graph.inputs.some((input) => input.name === 'span') ? cases.slice(2) : cases;
    expect(
      await greedy(
        generate,
        batch.map((each) => each.input_ids),
        12,
      ),
    ).toEqual(batch.map((each) => each.greedy));
  });

  test('sixteen texts packed into one row score as they do alone', async () => {
    const texts = Array.from({ length: 16 }, (_, i) => longest.slice(i, i + 20 + 3 * (i % 5)));
    const row = packed(texts.map((ids) => ({ ids })));
    const pick = texts.flatMap((ids, i) => ids.slice(1).map((_, j) => (row.starts[i] ?? 0) + j));
    const target = texts.flatMap((ids) => ids.slice(1));
    const together = await run(score, scoreFeeds(score, row, { pick, target }));
    const apart: number[] = [];
    for (const ids of texts) apart.push(...(await trace(score, ids)).logprob);
    expect(furthest(together.logprob ?? [], apart)).toBeLessThan(1e-4);
  });

  test('every option on a shared prefix and a shared header scores as its whole sequence, past the window too', async () => {
    const [header, context] = [longest.slice(0, 40), longest.slice(40, 70)];
    const options = Array.from({ length: 4 }, (_, i) => longest.slice(70 + 5 * i, 70 + 5 * i + 2 + i));
    const segments = [{ ids: header }, { ids: context, on: [0] }, ...options.map((ids) => ({ ids, on: [0, 1] }))];
    const row = packed(segments);
    const caches = newCaches(keep.graph, 1, row.ids.length + 7);
    const alone = packed([{ ids: header }]);
    await run(keep, scoreFeeds(keep, { ...alone, spans: row.spans }, { pick: [0], target: [0] }), caches);
    const pick: number[] = [];
    options.forEach((ids, i) => {
      const start = (row.starts[i + 2] ?? 0) - header.length;
      pick.push(context.length - 1, ...ids.slice(1).map((_, j) => start + j));
    });
    const out = await run(keep, scoreFeeds(keep, row, { pick, target: options.flat() }, header.length), caches);
    const apart: number[] = [];
    for (const ids of options) apart.push(...(await trace(score, [...header, ...context, ...ids])).logprob.slice(-ids.length));
    expect(furthest(out.logprob ?? [], apart)).toBeLessThan(1e-4);
  });

  test('a text in chunks scores as it does whole', async () => {
    const caches = newCaches(keep.graph, 1, longest.length);
    const row = packed([{ ids: longest }]);
    const logprobs: number[] = [];
    for (let from = 0; from < longest.length; from += 37) {
      const to = Math.min(from + 37, longest.length);
      const part = {
        ...row,
        ids: row.ids.slice(0, to),
        positions: row.positions.slice(0, to),
        nodes: row.nodes.slice(0, to),
        ends: row.ends.slice(0, to),
      };
      const target = longest.slice(from + 1, to + 1);
      const out = await run(keep, scoreFeeds(keep, part, { pick: target.map((_, i) => i), target }, from), caches);
      logprobs.push(...(out.logprob ?? []));
    }
    expect(furthest(logprobs, (await trace(score, longest)).logprob)).toBeLessThan(1e-4);
  });

  test('sixteen ragged rows and one row agree on the next tokens', async () => {
    const rows = Array.from({ length: 16 }, (_, i) => longest.slice(0, 20 + 6 * i));
    const span = longest.length;
    const caches = newCaches(generate.graph, 16, span);
    const none = rows.map(() => 0);
    const together = await run(generate, generateFeeds(rows, none, { span, k: 5 }), caches);
    for (const [i, ids] of rows.entries()) {
      const alone = await run(generate, generateFeeds([ids], [0], { span, k: 5 }), newCaches(generate.graph, 1, span));
      expect(together.top?.slice(5 * i, 5 * i + 5)).toEqual(alone.top);
      expect(furthest(together.top_logprob?.slice(5 * i, 5 * i + 5) ?? [], alone.top_logprob ?? [])).toBeLessThan(1e-4);
    }
  });
});
