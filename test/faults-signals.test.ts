import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../src/types.ts';
import { plumbline, start, temporary } from './support/cli.ts';
import { killedRuns } from './support/kills.ts';
import { keysOf, sameRun } from './support/run-files.ts';

const place = temporary();
afterAll(() => place[Symbol.dispose]());
const suites = ['--suite', 'fairness/stereotypes', '--preset', 'quick', '--quiet'];
const slow = ['run', 'scripted:slow:8', ...suites];
const whole = join(place.path, 'whole');
beforeAll(async () => {
  expect((await plumbline([...slow, '-o', whole])).code).toBe(0);
});

const manifestOf = (run: string) => JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as Manifest;

/** Starts a run and waits until it has answers. */
async function going(run: string, args: readonly string[] = slow) {
  const child = start([...args, '-o', run]);
  const end = new Promise<number | null>((done) => child.on('close', done));
  let err = '';
  child.stderr?.on('data', (data) => {
    err += data;
  });
  while (!existsSync(join(run, 'answers.jsonl')) || readFileSync(join(run, 'answers.jsonl')).length === 0) await sleep(10);
  return { child, end, said: () => err };
}

describe('interrupted', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: finishes cleanly, says that it is not complete, and the same command goes on',
    async (signal) => {
      const run = join(place.path, signal);
      const { child, end, said } = await going(run);
      child.kill(signal);
      expect(await end).toBe(130);
      expect(said()).toMatch(signal === 'SIGINT' ? /once more to stop now[\s\S]*not complete/ : /not complete/);
      const { complete, finished } = manifestOf(run);
      expect({ complete, ended: finished !== null }).toEqual({ complete: false, ended: true });
      const kept = keysOf(run);
      expect(kept.length).toBeGreaterThan(0);
      expect(existsSync(join(run, 'run.lock'))).toBe(false);
      expect((await plumbline(['verify', run])).code).toBe(0);
      expect((await plumbline(['gate', run, '--policy', policy()])).code).toBe(3);
      expect(await plumbline([...slow, '-o', run])).toMatchObject({ code: 0, err: '' });
      expect(keysOf(run).slice(0, kept.length)).toEqual(kept);
      expect(sameRun(run, whole)).toEqual([]);
    },
  );

  it('twice: ends at once, nothing that was answered is lost, and the same command goes on', async () => {
    const run = join(place.path, 'twice');
    // One answer takes three seconds: a run that finished cleanly would have waited for it and written results.
    const patient = ['run', 'scripted:slow:3000', ...suites];
    const { child, end } = await going(run, patient);
    child.kill('SIGINT');
    await sleep(100);
    child.kill('SIGINT');
    expect(await end).toBe(130);
    expect(existsSync(join(run, 'results'))).toBe(false);
    const kept = keysOf(run);
    expect(kept.length).toBeGreaterThan(0);
    const again = start([...patient, '-o', run]);
    const gone = new Promise((done) => again.on('close', done));
    while (keysOf(run).length === kept.length) await sleep(50);
    again.kill('SIGKILL');
    await gone;
    expect(keysOf(run).slice(0, kept.length)).toEqual(kept);
  });

  it('a killed process leaves a lock that the next one takes over; a live one, here or on another machine, keeps it', async () => {
    const run = join(place.path, 'locked');
    const { child, end } = await going(run);
    const second = await plumbline([...slow, '-o', run]);
    expect(second).toMatchObject({ code: 2 });
    expect(second.err).toContain(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await end;
    expect(existsSync(join(run, 'run.lock'))).toBe(true);
    // The same number given to another process is not the one that died.
    writeFileSync(join(run, 'run.lock'), readFileSync(join(run, 'run.lock'), 'utf8').replace(/^\d+/, '1'));
    expect((await plumbline([...slow, '-o', run])).code).toBe(process.platform === 'linux' ? 0 : 2);
    writeFileSync(join(run, 'run.lock'), '4242\nanother-machine\n17\n');
    const elsewhere = await plumbline([...slow, '-o', run]);
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.err).toMatch(/in use by process 4242 on another-machine[\s\S]*remove .*run\.lock/);
  });

  it('of eight processes that find a dead one’s lock, one gets the folder', async () => {
    const run = join(place.path, 'contested');
    const { child, end } = await going(run);
    child.kill('SIGKILL');
    await end;
    const ran = await Promise.all(Array.from({ length: 8 }, () => plumbline([...slow, '-o', run])));
    const codes = ran.map(({ code }) => code).sort();
    expect(codes.filter((code) => code === 0).length).toBeGreaterThan(0);
    expect(ran.filter(({ code }) => code !== 0).every(({ err }) => /in use by process/.test(err))).toBe(true);
    expect(sameRun(run, whole)).toEqual([]);
  });
});

describe('killed at random moments', () => {
  it('8 times (100 in npm run test:long): the recording only grows, and the run that gets through is the undisturbed one', async () => {
    using to = temporary();
    const args = ['scripted:slow:8', ...suites];
    const finished = await killedRuns({ folder: to.path, kills: 8, seed: 'everyday', args, whole, within: 900 });
    expect(finished).toBeGreaterThan(0);
  });
});

function policy(): string {
  const path = join(place.path, 'policy.yaml');
  writeFileSync(path, 'rules:\n  - { suite: fairness/stereotypes, min: 0.1 }\n');
  return path;
}
