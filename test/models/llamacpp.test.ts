import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRunner } from '../../src/load.ts';
import { checkRunner } from '../../src/runner-contract.ts';
import type { Request, Response } from '../../src/types.ts';
import { plumbline, temporary } from '../support/cli.ts';
import { writeFloatTwin } from '../support/float-twin.ts';
import { nodeLlamaCpp } from '../support/llama-peers.ts';
import { realModel } from '../support/real-models.ts';
import { runnerOptions } from '../support/scripted.ts';

const model = realModel('smollm2');
const library = nodeLlamaCpp();
const place = temporary();
const twin = join(place.path, 'twin.gguf');
const before = process.cwd();
/** One thread: on a busy machine llama.cpp's threads wait for each other. */
const options = { ...runnerOptions, device: 'cpu', settings: { threads: 1 } };

beforeAll(() => {
  if (!model || !library) return;
  // The runner looks for the library from the folder that the command was given in.
  symlinkSync(join(library, 'node_modules'), join(place.path, 'node_modules'));
  process.chdir(place.path);
  writeFloatTwin(model, twin);
});
afterAll(() => {
  process.chdir(before);
  place[Symbol.dispose]();
});

interface Checked {
  readonly agree: boolean;
  readonly findings: readonly { readonly what: string; readonly ok: boolean | null; readonly figures: Readonly<Record<string, number>> }[];
}
const checked = async (file: string, more: readonly string[] = []) => {
  const ran = await plumbline(['cross-check', file, '--device', 'cpu', '--set', 'threads=1', '--json', ...more], { cwd: place.path });
  return { ...ran, ...(JSON.parse(ran.out) as Checked) };
};
const figures = ({ findings }: Checked, what: string) => findings.find((finding) => finding.what === what)?.figures ?? {};

describe.skipIf(!model || !library)('llama.cpp beside the built-in runner', () => {
  it('float32: every token within 0.05 of ours, and far closer on average', async () => {
    const found = await checked(twin);
    expect(found.findings.filter(({ ok }) => ok === false)).toEqual([]);
    expect(found.code).toBe(0);
    expect(figures(found, 'log-probabilities').tokens).toBeGreaterThan(250);
    expect(figures(found, 'log-probabilities').mean).toBeLessThan(0.005);
    expect(figures(found, 'log-probabilities').largest).toBeLessThan(0.05);
    expect(figures(found, 'greedy texts').alike).toBe(6);
  });

  it('quantised: ids, chats and options alike; log-probabilities as far apart as 8-bit activations put them', async () => {
    const found = await checked(model ?? '', ['--tolerance', '0.0001']);
    expect(found).toMatchObject({ code: 1, agree: false });
    expect(found.findings.filter(({ ok }) => ok === false).map(({ what }) => what)).toEqual(['log-probabilities']);
    expect(figures(found, 'log-probabilities').mean).toBeLessThan(0.12);
  });

  it('keeps the runners’ contract', async () => {
    const { module, target } = await loadRunner(`llamacpp:${twin}`, place.path);
    const checks = await checkRunner(module, target, options, { tolerance: 0.01 });
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
    expect(checks.find(({ what }) => what.startsWith('a choice is'))?.ok).toBe(true);
  });

  it('a killed process is started again, and nothing is lost or doubled', async () => {
    const { module, target } = await loadRunner(`llamacpp:${model}`, place.path);
    const said: string[] = [];
    const runner = await module.open(target, { ...options, say: (message) => said.push(message) });
    const pids = (runner as unknown as { pids(): readonly number[] }).pids;
    const requests = Array.from(
      { length: 40 },
      (_, i): Request => ({ to: 'target', prompt: `Number ${i} comes before`, want: { kind: 'next', top: 3 } }),
    );
    const given = new Map<number, Response>();
    for await (const [index, response] of runner.answer(requests, new AbortController().signal)) {
      expect(given.has(index)).toBe(false);
      given.set(index, response);
      if (given.size === 10) for (const pid of pids()) process.kill(pid, 'SIGKILL');
    }
    await runner[Symbol.asyncDispose]();
    expect(given.size).toBe(40);
    expect([...given.values()].every(({ ok }) => ok)).toBe(true);
    expect(said.join('\n')).toMatch(/process ended \(killed by SIGKILL.*started again/);
  });

  it('runs suites of every kind, and says what is wrong with a file', async () => {
    const kinds = ['--suite', 'fairness/stereotypes', '--suite', 'privacy/membership', '--suite', 'reliability/premises', '--limit', '4'];
    const ran = await plumbline(['run', `llamacpp:${model}`, ...kinds, '--device', 'cpu', '--set', 'threads=1', '-q', '-o', 'r'], {
      cwd: place.path,
    });
    expect(ran.err).not.toMatch(/left out|failed/);
    expect(ran.code).toBe(0);
    const none = await plumbline(['run', 'llamacpp:nothing.gguf', '-o', 'n'], { cwd: place.path });
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/llamacpp:nothing\.gguf: there is no such file/) });
    const wrong = await plumbline(['run', 'llamacpp:node_modules/node-llama-cpp/package.json', '-o', 'n'], { cwd: place.path });
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/llama\.cpp does not open .*\n.*GGUF/) });
    expect(existsSync(join(place.path, 'n'))).toBe(false);
  });
});

it('without node-llama-cpp the next step is named', async () => {
  using to = temporary();
  mkdirSync(join(to.path, 'here'));
  const ran = await plumbline(['cross-check', `${import.meta.dirname}/llamacpp.test.ts`], { cwd: join(to.path, 'here') });
  expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(/needs the package node-llama-cpp[\s\S]*npm install node-llama-cpp/) });
});
