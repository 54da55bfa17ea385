import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, start, temporary } from './support/cli.ts';

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
  it('three workers, one killed again and again, Redis restarted once: every result is the single machine’s', async () => {
    const url = `redis://127.0.0.1:${port}`;
    const models = ['scripted:slow:3', 'scripted:mixed:0.3'];
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
    expect(out.trim().split('\n')).toHaveLength(2);
    for (const [i, name] of ['scripted-slow-3', 'scripted-mixed-0.3'].entries()) {
      const run =
        readdirSync(join(place.path, 'fleet')).find((folder) => folder.replaceAll(':', '-') === name.replaceAll(':', '-')) ?? name;
      expect(resultsOf(join(place.path, 'fleet', run))).toEqual(resultsOf(join(place.path, `single-${i}`)));
    }
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
