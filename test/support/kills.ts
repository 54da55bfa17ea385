/** Kills at random moments: of a run on one machine, and of a fleet's workers and dispatcher. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { randomOf } from '../../src/kit/random.ts';
import { plumbline, start } from './cli.ts';
import { keysOf, sameRun } from './run-files.ts';

const gone = (child: ChildProcess) => new Promise<number | null>((done) => child.on('close', (code) => done(code)));
const recorded = (run: string): string => {
  const path = join(run, 'answers.jsonl');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
};

export interface Killing {
  readonly folder: string;
  readonly kills: number;
  readonly seed: string;
  /** Model and suites, and the folder of the same run undisturbed. */
  readonly args: readonly string[];
  readonly whole: string;
  /** Milliseconds from the start within which a kill falls. */
  readonly within: number;
}

/**
 * Kills (SIGKILL) a run again and again at random moments and goes on with the same command. After every kill the recording only grew and holds no
 * key twice; whenever a run gets through, it is the undisturbed one. Returns how many runs got through.
 */
export async function killedRuns({ folder, kills, seed, args, whole, within }: Killing): Promise<number> {
  const random = randomOf(seed);
  const run = join(folder, 'killed');
  let finished = 0;
  for (let killed = 0; killed < kills; ) {
    const before = recorded(run);
    const child = start(['run', ...args, '-o', run]);
    const end = gone(child);
    const ended = await Promise.race([end, sleep(random() * within).then(() => 'time' as const)]);
    if (ended === 'time' && child.kill('SIGKILL')) killed++;
    const code = await end;
    expect(recorded(run).startsWith(before)).toBe(true);
    if (existsSync(join(run, 'answers.jsonl'))) expect(new Set(keysOf(run)).size).toBe(keysOf(run).length);
    if (code === null) continue;
    expect(code).toBe(0);
    expect(sameRun(run, whole)).toEqual([]);
    finished++;
    rmSync(run, { recursive: true });
  }
  const last = await plumbline(['run', ...args, '-o', run]);
  expect(last).toMatchObject({ code: 0, err: '' });
  expect(sameRun(run, whole)).toEqual([]);
  expect((await plumbline(['verify', run])).code).toBe(0);
  return finished + 1;
}

export interface FleetKilling {
  readonly folder: string;
  readonly kills: number;
  readonly seed: string;
  readonly redis: string;
  readonly models: readonly string[];
  readonly suites: readonly string[];
}

/** Kills workers (and every fifth time the dispatcher) of a fleet at random moments until all kills are spent; the fleet then gets through. Returns the folder of its runs. */
export async function killedFleet({ folder, kills, seed, redis, models, suites }: FleetKilling): Promise<string> {
  const random = randomOf(seed);
  const target = join(folder, 'fleet');
  const workers = new Set<ChildProcess>();
  let stopped = false;
  const hire = (): void => {
    if (stopped) return;
    const worker = start(['worker', '--redis', redis, '--lock', '1'], { cwd: folder });
    workers.add(worker);
    worker.on('close', () => {
      workers.delete(worker);
      hire();
    });
  };
  for (let i = 0; i < 3; i++) hire();
  let said = '';
  const dispatch = () => {
    said = '';
    const child = start(['dispatch', ...models, ...suites, '--parts', '8', '--lock', '1', '--redis', redis, '-o', target], { cwd: folder });
    child.stderr?.on('data', (data) => {
      said += data;
    });
    return child;
  };
  try {
    for (let killed = 0, dispatcher = dispatch(), end = gone(dispatcher); ; ) {
      const ended = await Promise.race([end, sleep(100 + random() * 700).then(() => 'time' as const)]);
      if (ended !== 'time') {
        if (ended !== null) expect(ended, said).toBe(0);
        if (killed >= kills && ended === 0) return target;
        // The fleet got through before all kills were spent: it starts anew.
        if (ended === 0) rmSync(target, { recursive: true, force: true });
        dispatcher = dispatch();
        end = gone(dispatcher);
        continue;
      }
      if (killed >= kills) continue;
      const [victim] = workers;
      if ((killed % 5 === 4 ? dispatcher : victim)?.kill('SIGKILL')) killed++;
    }
  } finally {
    stopped = true;
    for (const worker of workers) worker.kill('SIGKILL');
  }
}

/** A Redis of the test's own. */
export function startRedis(folder: string, port: number): ChildProcess {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--appendonly', 'yes', '--dir', folder, '--save', ''];
  return spawn('redis-server', args, { stdio: 'ignore' });
}
