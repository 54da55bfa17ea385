/** That the runner does no more than it says: counts of its own facts, not only equal answers. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readyTensors } from '../runners/onnx/convert.ts';
import { deviceNamed } from '../runners/onnx/devices.ts';
import { type GenerateOptions, generate, type Job } from '../runners/onnx/generate.ts';
import { buildGraph } from '../runners/onnx/graph.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { openSession, type Session } from '../runners/onnx/session.ts';
import { specOf } from '../runners/onnx/spec.ts';
import type { Request } from '../src/types.ts';
import { temporary } from './support/cli.ts';
import { answersOf, asks, good, openRunner, text } from './support/local-runner.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const place = temporary();
const cacheDir = join(place.path, 'cache');
const model = writeTinyModel(join(place.path, 'tiny'));
afterAll(() => place[Symbol.dispose]());

const header = 'Questions and answers, as short as can be. '.repeat(4);
const items = Array.from({ length: 24 }, (_, i) => ({
  prompt: `${header}Question ${i}: what is ${i * 7} and ${i}?`,
  options: [' yes', ' no', ` ${i}`, ' it is not known'],
}));

/** Prompt tokens that a runner computed for some requests, and those it would have without sharing. */
async function counted(requests: readonly Request[], more: { batchSize?: number } = {}) {
  await using runner = (await openRunner(model, { cacheDir, ...more })).runner;
  const answers = (await answersOf(runner, requests)).map(good);
  const { cost = {} } = await runner.facts();
  return { answers, cost, computed: Number(cost.prefillTokens), asked: Number(cost.promptTokensAsked) };
}

/** Nodes of the tree of all texts: a byte is a token here, and a begin token stands in front. No runner can compute fewer. */
function treeOf(texts: readonly string[]): number {
  const seen = new Set<string>(['']);
  for (const each of texts) for (let end = 1; end <= each.length; end += 1) seen.add(each.slice(0, end));
  return seen.size;
}

describe('what is shared is computed once', () => {
  test('options of one item, and the header of all items', async () => {
    const { computed, asked } = await counted(items.map(({ prompt, options }) => asks(prompt, { kind: 'choice', options })));
    const paths = items.flatMap(({ prompt, options }) => options.map((option) => `${prompt}${option.slice(0, -1)}`));
    expect(asked).toBe(paths.reduce((sum, path) => sum + path.length + 1, 0));
    // All but a piece of a token or two where one run ends and the next begins.
    expect(computed).toBeGreaterThanOrEqual(treeOf(paths));
    expect(computed).toBeLessThan(1.01 * treeOf(paths));
    expect(asked / computed).toBeGreaterThan(8);
  });

  test('with a batch size of 1 each item is by itself: its options still share', async () => {
    const [one] = items;
    const request = asks(one?.prompt ?? '', { kind: 'choice', options: one?.options ?? [] });
    const { computed } = await counted([request, asks(`${one?.prompt}!`, { kind: 'choice', options: one?.options ?? [] })], {
      batchSize: 1,
    });
    const paths = (prompt: string) => (one?.options ?? []).map((option) => `${prompt}${option.slice(0, -1)}`);
    expect(computed).toBe(treeOf(paths(one?.prompt ?? '')) + treeOf(paths(`${one?.prompt}!`)));
  });

  test('equal texts', async () => {
    const { computed } = await counted(Array.from({ length: 5 }, () => asks('The river ran on and on.', { kind: 'trace' })));
    expect(computed).toBe('The river ran on and on.'.length); // the last token is only asked about
  });

  test('what prompts to continue begin with', async () => {
    const prompts = Array.from({ length: 12 }, (_, i) => `${header}Tell me of ${i}`);
    const { computed, asked } = await counted(prompts.map((prompt) => asks(prompt, text(3))));
    const own = prompts.reduce((sum, prompt) => sum + prompt.length + 1, 0);
    expect(asked).toBe(own);
    // All begin alike as far as “of ”; the rest of each is its own.
    const common = `${header}Tell me of `.length + 1;
    expect(computed).toBe(common + own - 12 * common);
  });
});

test('a finished row makes room at once', async () => {
  const lengths = [28, ...new Array<number>(11).fill(5)];
  const requests = lengths.map((n, i) => asks(`story ${i}`, text(n)));
  const { answers, cost } = await counted(requests, { batchSize: 2 });
  expect(answers.map(({ tokens }) => tokens)).toEqual(lengths);
  // Every row of every step is somebody's token: the first of each comes with its prompt.
  expect(cost.decodeTokens).toBe(lengths.reduce((sum, n) => sum + n - 1, 0));
  // The eleven short ones run beside the long one; batches that wait for their longest would take 27 + 5 × 4 steps, and as many rows more.
  expect(cost.decodeRuns).toBeLessThanOrEqual(37);
});

test('two children give the answers of one, and both work', async () => {
  const requests = [
    ...items.map(({ prompt, options }) => asks(prompt, { kind: 'choice', options })),
    ...items.map(({ prompt }, i) => asks(prompt, text(4 + (i % 5), { temperature: i % 2, seed: i }))),
  ];
  await using two = (await openRunner(model, { cacheDir, device: 'cpu,cpu' })).runner;
  const [a, b] = [(await answersOf(two, requests)).map(good), (await counted(requests)).answers];
  expect(a.map((answer) => answer.text)).toEqual(b.map((answer) => answer.text));
  for (const [i, { logprobs = [] }] of a.entries())
    for (const [j, value] of logprobs.entries()) expect(Math.abs((value ?? 0) - (b[i]?.logprobs?.[j] ?? 0))).toBeLessThan(1e-4);
  expect(new Set(two.pids()).size).toBe(2);
  const { cost = {} } = await two.facts();
  expect(cost.children).toBe(2);
  // Parts are dealt out to whoever is free, and each child computes the header for itself.
  expect(Number(cost.prefillTokens)).toBeGreaterThan((await counted(requests)).computed);
});

describe('memory that runs out', () => {
  /** A real session that fails as onnxruntime does where a run has more rows than `most`. */
  async function tight(most: number): Promise<Session> {
    const files = openModel(model);
    const spec = specOf(files);
    const graph = buildGraph(spec, await readyTensors(files, { cacheDir }), { purpose: 'generate', device: 'cpu' });
    const session = await openSession(graph, { device: deviceNamed('cpu'), threads: 1, prepack: false });
    return {
      ...session,
      run: async (feeds, fetches) => {
        if ((feeds.input_ids?.dims[0] ?? 0) > most) throw new Error('Failed to allocate memory for requested buffer of size 123');
        return session.run(feeds, fetches);
      },
    };
  }

  async function run(session: Session): Promise<{ tokens: (readonly number[])[]; said: string[] }> {
    const jobs = Array.from({ length: 9 }, (_, request): Job => {
      const ids = [1, 3 + 65 + request, 3 + 66];
      return { request, ids, maxTokens: 5 + request, temperature: 0, random: () => () => 0, top: 0, ends: () => false };
    });
    const said: string[] = [];
    const nothing = (): void => {};
    const options: GenerateOptions = {
      rows: 8,
      cacheBytes: 1e9,
      prefillTokens: 64,
      busy: nothing,
      stopped: () => false,
      spent: nothing,
      say: (message) => said.push(message),
    };
    const tokens: (readonly number[])[] = [];
    for await (const { job, tokens: made } of generate(session, jobs, options)) tokens[job.request] = made;
    await session.release();
    return { tokens, said };
  }

  test('halves the rows until they fit, says so, and loses nothing', async () => {
    const [free, little] = [await run(await tight(99)), await run(await tight(3))];
    expect(little.tokens).toEqual(free.tokens);
    expect(free.said).toEqual([]);
    expect(little.said).toEqual([
      'memory ran out while generating: 4 rows and 32 tokens of prompts at a time from here on',
      'memory ran out while generating: 2 rows and 16 tokens of prompts at a time from here on',
    ]);
  });
});
