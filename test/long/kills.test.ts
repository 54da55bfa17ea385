import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { plumbline, temporary } from '../support/cli.ts';
import { killedFleet, killedRuns, startRedis } from '../support/kills.ts';
import { sameRun } from '../support/run-files.ts';

const suites = ['--suite', 'fairness/stereotypes', '--suite', 'reliability/facts', '--preset', 'quick', '--quiet'];

it('a run killed 100 times at random moments loses nothing and doubles nothing', async () => {
  using to = temporary();
  const args = ['scripted:slow:8', ...suites];
  const whole = join(to.path, 'whole');
  expect((await plumbline(['run', ...args, '-o', whole])).code).toBe(0);
  expect(await killedRuns({ folder: to.path, kills: 100, seed: 'long', args, whole, within: 1500 })).toBeGreaterThan(1);
});

const redisHere = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: no redis-server here (apt-get install redis-server), so no fleet is killed');
    return false;
  }
})();

it.skipIf(!redisHere)('a fleet whose workers and dispatcher are killed 100 times gives the single machine’s results', async () => {
  using to = temporary();
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  const redis = startRedis(to.path, port);
  try {
    await sleep(400);
    const models = ['scripted:slow:6', 'scripted:mixed:0.3'];
    const address = `redis://127.0.0.1:${port}`;
    const fleet = await killedFleet({ folder: to.path, kills: 100, seed: 'long', redis: address, models, suites });
    for (const model of models) {
      const single = join(to.path, `single-${model.replaceAll(':', '-')}`);
      expect((await plumbline(['run', model, ...suites, '-o', single])).code).toBe(0);
      expect(sameRun(join(fleet, model.replaceAll(':', '-')), single)).toEqual([]);
    }
  } finally {
    redis.kill('SIGKILL');
  }
});
