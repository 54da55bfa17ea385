import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRunner } from '../src/load.ts';
import { checkRunner } from '../src/runner-contract.ts';
import { plumbline, root, temporary } from './support/cli.ts';
import { answering } from './support/openai-server.ts';
import { runnerOptions } from './support/scripted.ts';

let server: Server;
let base = '';
beforeAll(async () => {
  server = createServer((request: IncomingMessage, response) => void answering(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => server.close());

const broken = (checks: Awaited<ReturnType<typeof checkRunner>>) => checks.filter(({ ok }) => ok === false);

describe('every runner keeps the contract', () => {
  it.each(['scripted:perfect', 'scripted:random', 'scripted:echo', 'scripted:mixed:0.3'])('%s', async (argument) => {
    const { module, target } = await loadRunner(argument, root);
    const checks = await checkRunner(module, target, runnerOptions);
    expect(checks.length).toBeGreaterThan(10);
    expect(broken(checks)).toEqual([]);
  });

  it('openai, on a server that echoes log-probabilities', async () => {
    const { module, target } = await loadRunner(`openai:made-up@${base}`, root);
    const checks = await checkRunner(module, target, { ...runnerOptions, offline: false });
    expect(broken(checks)).toEqual([]);
    expect(checks.find(({ what }) => what.startsWith('a choice is'))?.ok).toBe(true);
  });

  it('a runner of one’s own that keeps every promise passes, and runs suites by its path', async () => {
    using to = temporary();
    writeFileSync(
      join(to.path, 'mine.mjs'),
      `export default { scheme: 'mine', title: 'mine', usage: './mine.mjs', open: async () => ({ name: 'mine', identity: { runner: 'mine', version: '1' }, protocol: 'instruct', wants: ['text', 'choice'],
         async *answer(requests, signal) { for (const [i, { want }] of requests.entries()) { if (signal.aborted) return; await null;
           yield [i, want.kind === 'text' ? { ok: true, text: (want.stop ?? []).reduce((text, stop) => text.split(stop)[0], 'Blue.'), stop: 'end', tokens: 2, ms: 0 }
             : { ok: true, text: '', logprobs: want.options.map((o) => -o.length), optionTokens: want.options.map(() => 1), stop: 'end', tokens: want.options.length, ms: 0 }]; } },
         async [Symbol.asyncDispose]() {} }) };`,
    );
    const { code, out } = await plumbline(['test-runner', './mine.mjs'], { cwd: to.path });
    expect(out).not.toMatch(/✗/);
    expect(out.match(/✓/g)?.length).toBeGreaterThan(8);
    expect(code).toBe(0);
    const ran = await plumbline(['run', './mine.mjs', '--suite', 'fairness/stereotypes', '--preset', 'demo', '-q', '-o', 'r'], {
      cwd: to.path,
    });
    expect(ran.code).toBe(0);
  });

  it('a runner of one’s own that loses an answer and changes its mind is told so', async () => {
    using to = temporary();
    writeFileSync(
      join(to.path, 'mine.mjs'),
      `let n = 0;
       export default { scheme: 'mine', title: 'mine', usage: '', open: async () => ({ name: 'mine', identity: { runner: 'mine', at: n }, protocol: 'instruct', wants: ['text'],
         async *answer(requests) { for (let i = 0; i + 1 < requests.length; i++) yield [i, { ok: true, text: 'answer ' + n++, stop: 'end', tokens: 2, ms: 0 }]; },
         async [Symbol.asyncDispose]() {} }) };`,
    );
    const { code, out } = await plumbline(['test-runner', './mine.mjs', '--json'], { cwd: to.path });
    expect(code).toBe(1);
    const failed = (JSON.parse(out) as { what: string; ok: boolean }[]).filter(({ ok }) => ok === false).map(({ what }) => what);
    expect(failed).toEqual(
      expect.arrayContaining([
        'every request is answered once',
        'the same questions in another order get the same greedy answers',
        'opened again it has the same identity',
      ]),
    );
  });
});

describe('--offline', () => {
  it('refuses a server before a connection is made', async () => {
    const ran = await plumbline(['run', `openai:x@${base}`, '--offline', '-o', 'r']);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/--offline/);
  });
});
