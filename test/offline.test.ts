import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, type Ran, root, temporary } from './support/cli.ts';
import { preloaded } from './support/faulty-io.ts';
import { writeTinyModel } from './support/tiny-model.ts';

const place = temporary();
afterAll(() => place[Symbol.dispose]());
const counter = preloaded('count-connections', place.path, 'connections are not counted');

/** How to start a program where there is no network at all; null, said aloud, where this user may not. */
const apart = ((): readonly string[] | null => {
  for (const how of [
    ['unshare', '-n'],
    ['unshare', '-rn'],
  ])
    try {
      execFileSync(how[0] as string, [...how.slice(1), 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
      return how;
    } catch {}
  console.warn('SKIPPED: this user may not make a network namespace (unshare, ip), so no command is run without any network');
  return null;
})();

/** Runs a command in an empty network namespace with its connections counted; `seconds`: ended by SIGINT then. */
async function alone(
  args: readonly string[],
  { seconds = 0, change = {} }: { readonly seconds?: number; readonly change?: Readonly<Record<string, string | undefined>> } = {},
): Promise<Ran & { connections: string[] }> {
  const log = join(place.path, `connections-${Math.random()}`);
  const counted = counter && { LD_PRELOAD: counter, CONNECTIONS: log };
  const env = { ...environment({ ...counted, XDG_CACHE_HOME: join(place.path, 'cache') }), ...change };
  const cli = [process.execPath, join(root, 'dist/src/cli.js'), ...args];
  const inside = apart ?? [];
  const lo = inside.length > 0 ? ['sh', '-c', 'ip link set lo up; exec "$@"', 'sh'] : [];
  const [program = '', ...rest] = [...inside, ...lo, ...(seconds > 0 ? ['timeout', '-s', 'INT', String(seconds)] : []), ...cli];
  const child = spawn(program, rest, { cwd: place.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    said.out += data;
  });
  child.stderr.on('data', (data) => {
    said.err += data;
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  const connections = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  rmSync(log, { force: true });
  return { code, ...said, connections };
}

const suites = ['--suite', 'reliability/facts', '--preset', 'demo', '--quiet'];
const model = join(place.path, 'tiny');
const put = (name: string, text: string): string => {
  writeFileSync(join(place.path, name), text);
  return name;
};

/** Every command as somebody without a network uses it. */
const local: readonly (readonly [args: readonly string[], code: number])[] = [
  [['run', 'scripted:perfect', ...suites, '-o', 'again'], 0],
  [
    ['run', model, '--suite', 'fairness/stereotypes', '--preset', 'demo', '--limit', '2', '--device', 'cpu', '--quiet', '-o', 'tiny-run'],
    0,
  ],
  [['score', 'a'], 0],
  [['report', 'a', '--as', 'markdown', '-o', '-'], 0],
  [['compare', 'a', 'b'], 0],
  [['init', 'a', '-o', 'policy.yaml'], 0],
  [['gate', 'a', '--policy', 'own.yaml'], 0],
  [['show', 'a'], 0],
  [['list', 'suites'], 0],
  [['verify', 'a', '--replay', '3'], 0],
  [['sign', 'b', '--new-key', 'own.key'], 0],
  [['merge', 'shard-1', 'shard-2', '-o', 'merged'], 0],
  [['leaderboard', 'a', 'b', '-o', 'site'], 0],
  [['query', 'select count(*) from results', '.'], 0],
  [['doctor'], 0],
  [['trace', model, '--text', 'The sky', '--device', 'cpu'], 0],
  [['generate', model, '--prompt', 'The sky', '--max-tokens', '3', '--device', 'cpu'], 0],
  [['bench', model, '--lengths', '16', '--rows', '1', '--device', 'cpu'], 0],
  [['cache'], 0],
  [['test-runner', 'scripted:perfect'], 0],
  [['data', 'list'], 0],
  [['detectors'], 0],
  [['detect', 'refusal', 'texts.jsonl', '--field', 'text'], 0],
  [['judge-card', 'scripted:perfect', '--labelled', 'labelled.jsonl', '--ask', 'Is it polite?'], 0],
  [['import', 'lm-eval', join(root, 'test/fixtures/logs/lm-eval'), '-o', 'imported'], 0],
  [['replay-check', 'cases.json'], 0],
  [['cross-check', model], 2],
];
/** Commands whose purpose is a connection: told to stay offline, they say so and open none. */
const reaching: readonly (readonly string[])[] = [
  ['pull', 'hf:org/repo'],
  ['data', 'pull', 'xstest'],
  ['run', 'hf:org/repo', ...suites, '-o', 'never'],
  ['run', 'openai:x@http://127.0.0.1:9/v1', ...suites, '-o', 'never'],
  ['dispatch', 'scripted:perfect', ...suites, '--redis', 'redis://127.0.0.1:9', '-o', 'fleet'],
  ['worker', '--redis', 'redis://127.0.0.1:9'],
];

beforeAll(async () => {
  writeTinyModel(model);
  put('own.yaml', 'rules:\n  - { suite: reliability/facts, min: 0.1 }\n');
  put('texts.jsonl', '{"text":"I cannot help with that."}\n');
  put('labelled.jsonl', ['yes', 'no', 'yes', 'no'].map((label, i) => `{"text":"Thank you, ${i}","label":"${label}"}\n`).join(''));
  put('cases.json', '[]');
  for (const name of ['a', 'b']) await alone(['run', `scripted:${name === 'a' ? 'perfect' : 'random'}`, ...suites, '-o', name]);
  for (const n of [1, 2]) await alone(['run', 'scripted:perfect', ...suites, '--shard', `${n}/2`, '-o', `shard-${n}`]);
});

describe.skipIf(!apart && !counter)('without any network', () => {
  it('these are all commands', () => {
    const all = readdirSync(join(root, 'src/commands')).map((file) => file.replace(/\.ts$/, ''));
    expect([...new Set([...local.map(([[verb]]) => verb), ...reaching.map(([verb]) => verb), 'serve'])].sort()).toEqual(all.sort());
  });

  it.each(local)('%j does its work and opens no connection', async (args, code) => {
    const ran = await alone(args);
    expect(ran.connections).toEqual([]);
    expect(ran.code, ran.err).toBe(code);
  });

  it('onnxruntime, which tells its maker of every session unless it runs in CI, is kept from it', async () => {
    const home = join(place.path, 'home');
    mkdirSync(home);
    // Where it tells, it leaves a device's number, a file of events and a log.
    const change = { CI: undefined, HOME: home, TMPDIR: home, XDG_CACHE_HOME: home };
    const ran = await alone(['trace', model, '--text', 'The sky', '--device', 'cpu'], { change });
    expect(ran.code, ran.err).toBe(0);
    const left = readdirSync(home, { recursive: true, encoding: 'utf8' });
    expect(left.join('\n')).toMatch(/plumbline/);
    expect(left.filter((path) => /microsoft|deviceid|onnxruntime\.db|mat-debug/i.test(path))).toEqual([]);
    expect(ran.connections).toEqual([]);
  });

  it('serve listens to this machine alone and opens no connection', async () => {
    const ran = await alone(['serve', '.', '--port', '0', '--offline'], { seconds: 2 });
    expect(ran.connections).toEqual([]);
    expect(ran.out + ran.err).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
  });

  it.each(reaching.map((args) => [args]))('%j --offline says so and opens no connection', async (args) => {
    const ran = await alone([...args, '--offline'], { seconds: 20 });
    expect(ran.connections).toEqual([]);
    expect(ran.code, ran.err).toBeGreaterThan(0);
    expect(ran.code).toBeLessThan(124);
    expect(ran.err).toMatch(/offline/);
    expect(ran.err).not.toMatch(/\n\s+at /);
  });

  it.skipIf(!counter)('a connection would be counted', async () => {
    const ran = await alone(['run', 'openai:x@http://127.0.0.1:9/v1', ...suites, '-o', 'counted'], { seconds: 3 });
    expect(ran.connections.join('\n')).toMatch(/connect 127\.0\.0\.1/);
  });

  it.skipIf(!apart)('there is no way out of the namespace', async () => {
    const ran = await alone(['pull', 'hf:org/repo'], { seconds: 20 });
    expect(ran.code).toBeGreaterThan(0);
    expect(ran.err).not.toMatch(/\n\s+at /);
  });
});
