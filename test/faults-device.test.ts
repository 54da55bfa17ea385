import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, root, temporary } from './support/cli.ts';
import { answersIn, manifestIn } from './support/run-files.ts';
import { writeTinyModel } from './support/tiny-model.ts';

/** Devices whose memory runs out and native code that aborts: onnxruntime's own words, from sessions that are told to fail. */
const place = temporary();
afterAll(() => place[Symbol.dispose]());
const model = writeTinyModel(join(place.path, 'tiny'));
const suites = ['--suite', 'reliability/facts', '--suite', 'privacy/secrets', '--preset', 'demo', '--limit', '4'];
const what = [model, ...suites, '--device', 'cpu', '--quiet'];
const whole = join(place.path, 'whole');
const words = {
  cuda: 'Non-zero status code returned while running MatMul node. CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);',
  arena: 'BFCArena::AllocateRawInternal Available memory of 1048576 is smaller than requested bytes of 4294967296',
  webgpu: 'WebGPU device lost (reason: 1): Out of memory',
};

const faulty = (env: Readonly<Record<string, string>>) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(root, 'test/support/faulty-session.mjs')).href}`,
  SESSION_ROOT: join(root, 'package.json'),
  ...env,
});
const run = (name: string, env: Readonly<Record<string, string>> = {}, more: readonly string[] = []) =>
  plumbline(['run', ...what, ...more, '-o', join(place.path, name)], { env: { XDG_CACHE_HOME: join(place.path, 'cache'), ...env } });

/** Texts equal, log-probabilities within 1e-4: batches of other sizes. */
function alike(name: string): void {
  const of = (folder: string) =>
    new Map(answersIn(folder).map(({ key, response }) => [key, response as { text?: string; logprobs?: number[] }]));
  const [now, then] = [of(join(place.path, name)), of(whole)];
  expect([...now.keys()].sort()).toEqual([...then.keys()].sort());
  const asked = answersIn(join(place.path, name)).filter(({ response }) => response.ok);
  expect(asked.length).toBe(now.size);
  for (const [key, { text, logprobs = [] }] of now) {
    expect(text).toBe(then.get(key)?.text);
    for (const [i, value] of logprobs.entries()) expect(Math.abs(value - (then.get(key)?.logprobs?.[i] ?? 99))).toBeLessThan(1e-4);
  }
}

beforeAll(async () => {
  expect(await run('whole')).toMatchObject({ code: 0 });
});

describe('a device whose memory runs out', () => {
  it.each(Object.entries(words))('(%s): smaller runs are tried, that is said, and all is answered as with enough', async (name, words) => {
    const ran = await run(name, faulty({ SESSION_MOST: '200', SESSION_ERROR: words }));
    expect(ran.code, ran.err).toBe(0);
    expect(ran.err).toMatch(/memory ran out/);
    alike(name);
  });

  it('even for the smallest run: each question is recorded as failed and no result counts; --retry-errors goes on with more memory', async () => {
    const ran = await run('none', faulty({ SESSION_MOST: '0', SESSION_ERROR: words.cuda }));
    expect(ran.err).toMatch(/memory ran out/);
    expect(ran.err).not.toMatch(/\n\s+at /);
    const folder = join(place.path, 'none');
    const errors = answersIn(folder).map(({ response }) => response.error);
    expect(new Set(errors)).toEqual(new Set(['memory ran out even for the smallest run']));
    expect(manifestIn(folder).profile.every(({ grade }) => grade === null)).toBe(true);
    writeFileSync(join(place.path, 'own.yaml'), 'rules:\n  - { suite: reliability/facts, min: 0 }\n');
    expect((await plumbline(['gate', folder, '--policy', join(place.path, 'own.yaml')])).code).toBeGreaterThan(0);
    expect(await run('none', {}, ['--retry-errors'])).toMatchObject({ code: 0 });
    alike('none');
  });

  it('while the model is opened: said with what to do, exit code 3, and nothing is recorded', async () => {
    const ran = await run('opening', faulty({ SESSION_OPENS: '0', SESSION_ERROR: words.arena }));
    expect(ran.code, ran.err).toBe(3);
    expect(ran.err).toMatch(/memory|--device|doctor/);
    expect(ran.err).not.toMatch(/\n\s+at /);
  });
});

describe.skipIf(process.platform === 'win32')('a child whose native code aborts', () => {
  it('is reported and started again; nothing is lost or answered twice', async () => {
    // Where the child may write.
    const left = join(place.path, 'cache/plumbline/left');
    writeFileSync(left, '6');
    const ran = await run('aborted', faulty({ SESSION_ABORTS: left }));
    expect(ran.code, ran.err).toBe(0);
    expect(ran.err).toMatch(/SIGABRT[\s\S]*started again/);
    alike('aborted');
  });
});

describe.skipIf(!process.allowedNodeEnvironmentFlags.has('--permission'))('the child of a model (Node 22.13 and newer)', () => {
  it('may write in the cache alone, and starts neither processes nor threads', async () => {
    const told = join(place.path, 'cache/plumbline/told.json');
    const outside = join(place.path, 'outside');
    const ran = await run('permitted', {
      NODE_OPTIONS: `--import=${pathToFileURL(join(root, 'test/support/tries.mjs')).href}`,
      TRIES_OUTSIDE: outside,
      TRIES_TOLD: told,
    });
    expect(ran.code, ran.err).toBe(0);
    const { write, spawn, thread } = JSON.parse(readFileSync(told, 'utf8'));
    expect({ write, thread }).toEqual({ write: 'ERR_ACCESS_DENIED', thread: 'ERR_ACCESS_DENIED' });
    if (!existsSync('/dev/nvidiactl')) expect(spawn).toBe('ERR_ACCESS_DENIED');
    expect(existsSync(outside)).toBe(false);
  });
});
