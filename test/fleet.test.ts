import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { weightsFinder, weightsOf } from '../src/fleet/weights.ts';
import { environment, plumbline, root, start, temporary } from './support/cli.ts';

let port = 0;
let redis: ChildProcess | null = null;
const place = temporary();

function startRedis(): ChildProcess {
  return spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--appendonly', 'yes', '--dir', place.path, '--save', ''], {
    stdio: 'ignore',
  });
}
const has = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: no redis-server here (apt-get install redis-server), so the fleet is not tried');
    return false;
  }
})();

beforeAll(async () => {
  if (!has) return;
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as { port: number }).port;
  await new Promise((done) => server.close(done));
  redis = startRedis();
  await sleep(400);
});
afterAll(() => {
  redis?.kill('SIGKILL');
  place[Symbol.dispose]();
});

function resultsOf(run: string): Record<string, string> {
  const entries = readdirSync(join(run, 'results'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(entries.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]));
}

const what = ['--suite', 'fairness/stereotypes', '--suite', 'reliability/facts', '--preset', 'quick', '--quiet'];

describe.skipIf(!has)('a fleet on a real Redis', () => {
  it('three workers and four runs, a worker killed again and again, Redis restarted once: every result is the single machine’s', async () => {
    const url = `redis://127.0.0.1:${port}`;
    const models = ['scripted:slow:3', 'scripted:mixed:0.3', 'scripted:random', `replay:${join(place.path, 'single-0')}`];
    for (const [i, model] of models.entries()) await plumbline(['run', model, ...what, '-o', `single-${i}`], { cwd: place.path });
    const workers = new Set<ChildProcess>();
    let stopped = false;
    const hire = () => {
      if (stopped) return;
      const worker = start(['worker', '--redis', url, '--lock', '1'], { cwd: place.path });
      workers.add(worker);
      worker.on('close', () => {
        workers.delete(worker);
        hire();
      });
    };
    for (let i = 0; i < 3; i++) hire();
    const dispatched = plumbline(['dispatch', ...models, ...what, '--parts', '6', '--lock', '1', '--redis', url, '-o', 'fleet'], {
      cwd: place.path,
    });
    let kills = 0;
    let over = false;
    void dispatched.finally(() => {
      over = true;
    });
    for (let i = 0; !over; i++) {
      await sleep(1500);
      if (over) break;
      if (i === 1) {
        redis?.kill('SIGTERM');
        await sleep(300);
        redis = startRedis();
      }
      const [victim] = workers;
      if (i < 4 && victim?.kill('SIGKILL')) kills++;
    }
    const { code, out } = await dispatched;
    stopped = true;
    for (const worker of workers) worker.kill('SIGKILL');
    expect(kills).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(4);
    for (const [i, name] of ['scripted-slow-3', 'scripted-mixed-0.3', 'scripted-random', 'single-0'].entries())
      expect(resultsOf(join(place.path, 'fleet', name)), name).toEqual(resultsOf(join(place.path, `single-${i}`)));
  });

  it('a worker opens a model once and takes its parts first', async () => {
    const url = `redis://127.0.0.1:${port}`;
    const models = ['scripted:perfect', 'scripted:worst'];
    const dispatched = plumbline(['dispatch', ...models, ...what, '--parts', '4', '--redis', url, '-o', 'kept'], { cwd: place.path });
    await sleep(1500);
    const worker = await plumbline(['worker', '--redis', url, '--until-idle'], { cwd: place.path });
    expect((await dispatched).code).toBe(0);
    expect(worker.err.match(/ opened$/gm)).toHaveLength(2);
    expect(worker.err).toMatch(/^8 parts done$/m);
  });

  it('a part that fails for good is a dead letter, named, and the exit code is 3', async () => {
    const url = `redis://127.0.0.1:${port}`;
    const worker = start(['worker', '--redis', url, '--lock', '2'], { cwd: place.path });
    const { code, err } = await plumbline(
      ['dispatch', 'scripted:nobody', ...what, '--parts', '2', '--lock', '2', '--redis', url, '-o', 'dead'],
      { cwd: place.path },
    );
    worker.kill('SIGKILL');
    expect(code).toBe(3);
    expect(err).toMatch(/scripted:nobody part 1\/2 failed for good: there is no scripted responder 'nobody'/);
  });
});

/** Two network namespaces joined by one cable: two hosts that see each other and nothing else. Null, said aloud, where the machine allows none. */
function twoHosts(): ({ readonly a: string; readonly b: string; readonly address: string } & Disposable) | null {
  const [a, b] = [`plumbline-a-${process.pid}`, `plumbline-b-${process.pid}`];
  const cable = `pl${process.pid}`.slice(0, 12);
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'ignore' });
  const drop = () => {
    for (const host of [a, b])
      try {
        ip('netns', 'del', host);
      } catch {
        // It was never made.
      }
  };
  try {
    for (const host of [a, b]) ip('netns', 'add', host);
    ip('link', 'add', `${cable}a`, 'netns', a, 'type', 'veth', 'peer', 'name', `${cable}b`, 'netns', b);
    for (const [host, end, address] of [
      [a, `${cable}a`, '10.213.7.1/30'],
      [b, `${cable}b`, '10.213.7.2/30'],
    ] as const) {
      ip('-n', host, 'addr', 'add', address, 'dev', end);
      ip('-n', host, 'link', 'set', end, 'up');
      ip('-n', host, 'link', 'set', 'lo', 'up');
    }
    return { a, b, address: '10.213.7.1', [Symbol.dispose]: drop };
  } catch {
    drop();
    console.warn('SKIPPED: no network namespaces here (ip netns, as root), so two hosts are not tried');
    return null;
  }
}

describe.skipIf(!has)('two hosts', () => {
  it('one dispatches, the other works: the results are the single machine’s', async () => {
    using hosts = twoHosts();
    if (!hosts) return;
    const on = (host: string, command: readonly string[]) =>
      spawn('ip', ['netns', 'exec', host, ...command], { cwd: place.path, stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    const cli = [process.execPath, join(root, 'dist/src/cli.js')];
    const [name, url] = ['scripted:mixed:0.4', `redis://${hosts.address}:6379`];
    await plumbline(['run', name, ...what, '-o', 'one-host'], { cwd: place.path });
    const queue = on(hosts.a, ['redis-server', '--bind', hosts.address, '--protected-mode', 'no', '--save', '', '--dir', place.path]);
    await sleep(400);
    const worker = on(hosts.b, [...cli, 'worker', '--redis', url]);
    const dispatcher = on(hosts.a, [...cli, 'dispatch', name, ...what, '--parts', '3', '--redis', url, '-o', 'two-hosts']);
    const code = await new Promise((done) => dispatcher.on('close', done));
    for (const process of [worker, queue]) process.kill('SIGKILL');
    expect(code).toBe(0);
    expect(resultsOf(join(place.path, 'two-hosts/scripted-mixed-0.4'))).toEqual(resultsOf(join(place.path, 'one-host')));
  });
});

describe('weights of a fleet', () => {
  it('are found by their content, in a folder named by it or under their own name, and never by the name alone', async () => {
    using to = temporary();
    const file = join(to.path, 'm.gguf');
    writeFileSync(file, 'the weights');
    const weights = await weightsOf('m.gguf', to.path);
    expect(weights).toMatchObject({ name: 'm.gguf', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await weightsOf('hf:org/repo', to.path)).toBeNull();
    if (!weights) return;
    const shared = join(to.path, 'shared');
    const find = weightsFinder([shared]);
    mkdirSync(join(shared, weights.sha256), { recursive: true });
    writeFileSync(join(shared, weights.sha256, 'other-name.gguf'), 'the weights');
    expect(await find('/elsewhere/m.gguf', weights)).toBe(join(shared, weights.sha256, 'other-name.gguf'));
    expect(await find('llamacpp:/elsewhere/m.gguf', weights)).toBe(`llamacpp:${join(shared, weights.sha256, 'other-name.gguf')}`);
    writeFileSync(join(shared, weights.sha256, 'other-name.gguf'), 'damaged');
    writeFileSync(join(shared, 'm.gguf'), 'another model');
    await expect(find('/elsewhere/m.gguf', weights)).rejects.toThrow(/no file with the sha256/);
    expect(await find(file, weights)).toBe(file);
  });
});
