import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRows, resultIds } from '../../src/engine/run-folder.ts';
import { loadRunner } from '../../src/load.ts';
import { checkRunner } from '../../src/runner-contract.ts';
import type { Request, Response, RunnerOptions } from '../../src/types.ts';
import { plumbline, temporary } from '../support/cli.ts';
import { writeFloatTwin } from '../support/float-twin.ts';
import { hasLlamaServer, llamaServer } from '../support/llama-peers.ts';
import { realModel } from '../support/real-models.ts';
import { costOf, manifestIn } from '../support/run-files.ts';
import { runnerOptions } from '../support/scripted.ts';

const model = realModel('smollm2');
const ready = model !== null && hasLlamaServer();
const place = temporary();
const twin = join(place.path, 'twin.gguf');
let server: ChildProcess | null = null;
let base = '';

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}

beforeAll(async () => {
  if (!ready || !model) return;
  writeFloatTwin(model, twin);
  const started = await llamaServer(twin, await freePort());
  server = started.process;
  base = started.base;
});
afterAll(() => {
  server?.kill('SIGKILL');
  place[Symbol.dispose]();
});

const open = async (argument: string, options: Partial<RunnerOptions> = {}) => {
  const { module, target } = await loadRunner(argument, place.path);
  return module.open(target, { ...runnerOptions, cacheDir: join(place.path, 'cache'), offline: false, device: 'cpu', ...options });
};
async function asked(argument: string, requests: readonly Request[]): Promise<Response[]> {
  await using runner = await open(argument);
  const found: Response[] = [];
  for await (const [index, response] of runner.answer(requests, new AbortController().signal)) found[index] = response;
  return found;
}

const ask = (prompt: Request['prompt'], want: Request['want']): Request => ({ to: 'target', prompt, want });
const chat = (content: string) => [{ role: 'user', content }] as const;
const requests: readonly Request[] = [
  ask('The capital of France is Paris, and the capital of Italy is Rome.', { kind: 'trace' }),
  ask('def mean(values):\n    return sum(values) / len(values)\n', { kind: 'trace' }),
  ask('水在海平面上大约一百摄氏度时沸腾。 café 🙂', { kind: 'trace' }),
  ask('The capital of France is', { kind: 'choice', options: [' Paris', ' Rome', ' a small village by the sea'] }),
  ask('Two and two make ', { kind: 'choice', options: ['four', 'five', 'twenty-two'] }),
  ask(chat('Is ice colder than steam? Answer yes or no.'), { kind: 'choice', options: ['Yes', 'No'] }),
  ask(chat('Name the colour of fresh snow.'), { kind: 'choice', options: ['White', 'Black', 'Green'] }),
  ask('The capital of France is', { kind: 'next', top: 5 }),
];

describe.skipIf(!ready)("llama.cpp's own server on loopback", () => {
  it('log-probabilities of traces, options and next tokens are within 0.05 of the local runner’s', async () => {
    const [theirs, ours] = [await asked(`openai:smol@${base}`, requests), await asked(twin, requests)];
    let compared = 0;
    for (const [i, a] of theirs.entries()) {
      const b = ours[i];
      if (!a.ok || !b?.ok) throw new Error(`${requests[i]?.want.kind}: ${JSON.stringify([a, b])}`);
      expect(a.logprobs?.length).toBe(b.logprobs?.length);
      expect(a.optionTokens).toEqual(b.optionTokens);
      if (requests[i]?.want.kind === 'trace') expect(a.ids).toEqual(b.ids);
      if (requests[i]?.want.kind === 'next') expect(a.top).toEqual(b.top);
      a.logprobs?.forEach((value, at) => {
        expect(Math.abs((value ?? 0) - (b.logprobs?.[at] ?? 0))).toBeLessThan(0.05);
        compared++;
      });
    }
    expect(compared).toBeGreaterThan(60);
  });

  it('chat suites: the outcome of at least 95 % of greedy items is the local run’s', async () => {
    const suites = ['--suite', 'reliability/premises', '--suite', 'safety/over-refusal', '--suite', 'robustness/injection', '--limit', '8'];
    const common = [...suites, '--preset', 'quick', '-q'];
    const served = await plumbline(
      ['run', `openai:smol@${base}`, ...common, '-o', 'served', '--set', 'concurrency=4', '--set', 'timeout=600'],
      { cwd: place.path },
    );
    expect(served.err).toMatch(/llama\.cpp .*; chat yes, raw text yes, scores given text by tokens, streams/);
    expect(served.code).toBe(0);
    expect((await plumbline(['run', twin, ...common, '-o', 'local', '--device', 'cpu'], { cwd: place.path })).code).toBe(0);
    const run = join(place.path, 'served');
    const pairs = resultIds(run).flatMap((id) => {
      const own = new Map(readRows(join(place.path, 'local'), id).map((row) => [row.id, row]));
      return readRows(run, id).map((row) => [row, own.get(row.id)] as const);
    });
    const equal = pairs.filter(
      ([a, b]) => JSON.stringify([a.values, a.outcomes, a.skip]) === JSON.stringify([b?.values, b?.outcomes, b?.skip]),
    );
    expect(pairs).toHaveLength(24);
    expect(equal.length / pairs.length).toBeGreaterThanOrEqual(0.95);
    expect(costOf(run)).toMatchObject({ failed: 0, 'ms to first token (median)': expect.any(Number) });
    expect(manifestIn(run).facts.model).toMatchObject({ server: expect.stringMatching(/^llama\.cpp/) });
  });

  it('keeps the runners’ contract', async () => {
    const { module, target } = await loadRunner(`openai:smol@${base}`, place.path);
    const checks = await checkRunner(module, target, { ...runnerOptions, offline: false }, { tolerance: 0.05 });
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
  });
});
