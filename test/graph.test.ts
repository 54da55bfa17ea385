import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ReadyTensor } from '../runners/onnx/contract.ts';
import { readyTensors } from '../runners/onnx/convert.ts';
import { architectureFacts } from '../runners/onnx/facts.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { packedTensors } from '../runners/onnx/packed-file.ts';
import { type ModelSpec, specOf } from '../runners/onnx/spec.ts';
import { float32, generateFeeds, newCaches, type Open, openGraph, packed, run, scoreFeeds, trace } from './support/graph-model.ts';
import { biasOf } from './support/masks.ts';
import { tinyModel } from './support/tiny-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model of no layers: the head reads one row of the embedding. */
function bareModel(
  vocabulary: number,
  hidden: number,
): { spec: ModelSpec; tensors: ReadonlyMap<string, ReadyTensor>; values: Float32Array } {
  let state = 1;
  const values = Float32Array.from({ length: vocabulary * hidden }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647 - 0.5) * 6;
  });
  const file = join(folder, `bare-${vocabulary}.bin`);
  writeFileSync(file, values);
  const base = specOf(openModel(tinyModel('ernie4_5')));
  const spec: ModelSpec = { ...base, layers: [], vocabulary, hidden, tied: true, tensors: { 'embed.weight': 'table' } };
  const tensors = new Map([['table', { shape: [vocabulary, hidden], type: 'F32', file, offset: 0, bytes: values.byteLength } as const]]);
  return { spec, tensors, values };
}

describe('the head', () => {
  test('sums 262,144 exponentials as double precision does, within 1e-4', async () => {
    const [vocabulary, hidden] = [262_144, 8];
    const { spec, tensors, values } = bareModel(vocabulary, hidden);
    for (const device of ['cpu', 'plain']) {
      const score = await openGraph(spec, tensors, { purpose: 'score', device });
      const ids = [5, 77_777, 262_143, 131_072];
      const { logprob, argmax } = await trace(score, ids);
      for (const [i, id] of ids.slice(0, -1).entries()) {
        const logits = Float64Array.from({ length: vocabulary }, (_, row) => {
          let sum = 0;
          for (let j = 0; j < hidden; j += 1) sum += (values[row * hidden + j] ?? 0) * (values[id * hidden + j] ?? 0);
          return sum;
        });
        const largest = logits.reduce((a, b) => Math.max(a, b));
        const sum = logits.reduce((total, each) => total + Math.exp(each - largest), 0);
        const expected = (logits[ids[i + 1] ?? 0] ?? 0) - largest - Math.log(sum);
        expect(Math.abs((logprob[i] ?? Number.NaN) - expected)).toBeLessThan(1e-4);
        expect(argmax[i]).toBe(logits.indexOf(largest));
      }
      await score.session.release();
    }
  });

  test('draws the token its random number points at, and the likeliest at temperature 0', async () => {
    const files = openModel(tinyModel('ernie4_5'));
    const open = await openGraph(specOf(files), await readyTensors(files, { cacheDir: '' }), { purpose: 'generate', device: 'cpu' });
    const ids = [7, 30, 61];
    const all = await run(open, generateFeeds([ids], [0], { k: 96 }), newCaches(open.graph, 1, 4));
    expect(all.token).toEqual(all.top?.slice(0, 1));
    const [chances, expected]: [number[], number[]] = [[], []];
    const shares = new Map((all.top ?? []).map((token, i) => [token, Math.exp((all.top_logprob?.[i] ?? 0) / 0.7)]));
    const whole = [...shares.values()].reduce((a, b) => a + b, 0);
    let passed = 0;
    for (let token = 0; token < 96; token += 1) {
      const share = (shares.get(token) ?? 0) / whole;
      if (share > 1e-3) {
        chances.push(passed + share / 2);
        expected.push(token);
      }
      passed += share;
    }
    const rows = chances.map(() => ids);
    const feeds = {
      ...generateFeeds(
        rows,
        rows.map(() => 0),
      ),
      temperature: float32(
        rows.map(() => 0.7),
        [rows.length],
      ),
      uniform: float32(chances, [rows.length]),
    };
    const drawn = await run(open, feeds, newCaches(open.graph, rows.length, 4));
    expect(drawn.token).toEqual(expected);
    // A greedy row among them stays greedy.
    const mixed = { ...feeds, temperature: float32([0, ...rows.slice(1).map(() => 0.7)], [rows.length]) };
    expect((await run(open, mixed, newCaches(open.graph, rows.length, 4))).token?.[0]).toBe(all.token?.[0]);
  });
});

describe('fast weights', () => {
  const open = async (name: string, bits: 4 | 8 | null, accuracy: 0 | 4): Promise<{ fast: Open; rounded: Open }> => {
    const files = openModel(tinyModel(name));
    const spec = specOf(files);
    const packing = { cacheDir: join(folder, 'cache'), bits };
    const fast = await openGraph(spec, await packedTensors(files, spec, { ...packing, form: 'fast' }), {
      purpose: 'score',
      device: 'cpu',
      accuracy: () => accuracy,
    });
    const rounded = await openGraph(spec, await packedTensors(files, spec, { ...packing, bits: bits ?? 8, form: 'rounded' }), {
      purpose: 'score',
      device: 'cpu',
    });
    return { fast, rounded };
  };
  const ids = Array.from({ length: 40 }, (_, i) => 3 + ((i * 31) % 90));

  test.each(['granite', 'cerebras-gpt', 'falcon-40b', 'granite-moe', 'qwen2-moe', 'deepseek-v2-lite'])(
    '%s: products on blocks are those of the rounded matrices',
    async (name) => {
      for (const bits of [4, 8] as const) {
        const { fast, rounded } = await open(name, bits, 0);
        const [a, b] = [(await trace(fast, ids)).logprob, (await trace(rounded, ids)).logprob];
        for (const [i, each] of a.entries()) expect(Math.abs(each - (b[i] ?? Number.NaN))).toBeLessThan(1e-4);
        expect(fast.graph.inexact).not.toBeNull();
        expect(rounded.graph.inexact).toBeNull();
      }
    },
  );
});

describe('masks', () => {
  test('a packed token sees its own text and what it stands on, within the window', () => {
    // A prefix of two tokens (node 0) and two options of two on it (nodes 1 and 2).
    const tokens = {
      positions: Int32Array.of(0, 1, 2, 3, 2, 3),
      nodes: Int32Array.of(0, 0, 1, 1, 2, 2),
      ends: Int32Array.of(3, 3, 2, 2, 3, 3),
    };
    const seen = (window: number | null): string[] =>
      Array.from({ length: 4 }, (_, row) =>
        [...biasOf(tokens, 4, window).subarray(row * 6, row * 6 + 6)].map((each) => (each === 0 ? '1' : '.')).join(''),
      );
    expect(seen(null)).toEqual(['111...', '1111..', '11..1.', '11..11']);
    expect(seen(2)).toEqual(['.11...', '..11..', '.1..1.', '....11']);
  });
});

test('a score graph keeps what it read: a second run goes on where the first stopped', async () => {
  const files = openModel(tinyModel('granite'));
  const open = await openGraph(specOf(files), await readyTensors(files, { cacheDir: '' }), { purpose: 'score', device: 'cpu', keep: true });
  const ids = Array.from({ length: 30 }, (_, i) => 3 + ((i * 17) % 90));
  const whole = (await trace(open, ids)).logprob;
  const caches = newCaches(open.graph, 1, 40);
  const row = packed([{ ids }]);
  const first = {
    ...row,
    ids: ids.slice(0, 20),
    positions: row.positions.slice(0, 20),
    nodes: row.nodes.slice(0, 20),
    ends: row.ends.slice(0, 20),
  };
  await run(open, scoreFeeds(open, first, { pick: [0], target: [0] }), caches);
  const pick = Array.from({ length: 9 }, (_, i) => i);
  const rest = await run(open, scoreFeeds(open, row, { pick, target: ids.slice(21) }, 20), caches);
  for (const [i, each] of (rest.logprob ?? []).entries()) expect(each).toBeCloseTo(whole[20 + i] ?? Number.NaN, 5);
});

test('facts as surveys tabulate them', () => {
  const files = openModel(tinyModel('falcon-40b'));
  expect(architectureFacts(files, specOf(files))).toMatchObject({
    family: 'falcon',
    layers: 2,
    width: 32,
    attention: 'GQA',
    heads: 4,
    kvHeads: 2,
    feedForward: 'plain gelu',
    feedForwardRatio: 4,
    norm: 'LayerNorm',
    position: 'RoPE',
    quantisation: 'F32',
  });
});
