import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, start, temporary } from './support/cli.ts';

const suites = ['--suite', 'fairness/stereotypes', '--preset', 'standard', '--quiet'];
const place = temporary();
const full = join(place.path, 'full');
const readOnly = join(place.path, 'read-only');
let mounted = false;

beforeAll(() => {
  for (const folder of [full, readOnly]) mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full], { stdio: 'ignore' });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,ro', 'tmpfs', readOnly], { stdio: 'ignore' });
    mounted = true;
  } catch {
    console.warn('SKIPPED: this user may not mount a small file system, so a full and a read-only disk are not tried');
  }
});
afterAll(() => {
  if (mounted) for (const folder of [full, readOnly]) execFileSync('umount', [folder]);
  place[Symbol.dispose]();
});

describe('disks', () => {
  it('a full one: said, what was answered is kept, and the run goes on when there is room', async (context) => {
    if (!mounted) return context.skip('this user may not mount a small file system');
    const run = join(full, 'r');
    const first = await plumbline(['run', 'scripted:perfect', ...suites, '-o', run]);
    expect(first.code).toBe(3);
    expect(first.err).toMatch(/disk is full/);
    expect(first.err).not.toMatch(/\n\s+at /);
    const kept = readFileSync(join(run, 'answers.jsonl'), 'utf8').split('\n').length - 1;
    expect(kept).toBeGreaterThan(50);
    execFileSync('mount', ['-o', 'remount,size=64m', full]);
    const second = await plumbline(['run', 'scripted:perfect', ...suites, '-o', run]);
    expect(second.err).toBe('');
    expect(second.code).toBe(0);
    const keys = readFileSync(join(run, 'answers.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { key: string }).key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('a read-only one', async (context) => {
    if (!mounted) return context.skip('this user may not mount a small file system');
    const ran = await plumbline(['run', 'scripted:perfect', ...suites, '-o', join(readOnly, 'r')]);
    expect(ran.code).toBe(3);
    expect(ran.err).toMatch(/read-only[\s\S]*-o/);
  });

  it('an unwritable folder', async (context) => {
    const folder = join(place.path, 'locked');
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    if (process.getuid?.() === 0) return context.skip('root writes into any folder');
    const ran = await plumbline(['run', 'scripted:perfect', ...suites, '-o', join(folder, 'r')]);
    expect(ran.code).toBe(3);
    expect(ran.err).toMatch(/may not be written[\s\S]*-o/);
  });
});

describe('two processes on one run folder', () => {
  it('the second is refused while the first lives, and takes a dead one’s place', async () => {
    const run = join(place.path, 'shared');
    const first = start(['run', 'scripted:slow:10', ...suites, '-o', run]);
    const gone = new Promise((done) => first.on('close', done));
    while (!existsSync(join(run, 'answers.jsonl'))) await sleep(20);
    const second = await plumbline(['run', 'scripted:slow:10', ...suites, '-o', run]);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(new RegExp(`in use by process ${first.pid}`));
    first.kill('SIGKILL');
    await gone;
    expect(existsSync(join(run, 'run.lock'))).toBe(true);
    const third = await plumbline(['run', 'scripted:slow:10', '--suite', 'fairness/stereotypes', '--preset', 'demo', '--quiet', '-o', run]);
    expect(third.err).toBe('');
    expect(third.code).toBe(0);
  });
});

describe('damaged run folders', () => {
  it.each([
    ['run.json', '{"format":', /run\.json: not a JSON value/],
    ['run.json', '{"format":"plumbline-run/9"}', /plumbline-run\/9/],
    ['answers.jsonl', 'hello\n', /answers\.jsonl: the line at byte 0 is not an answer/],
  ])('%s holding %j is named', async (file, text, message) => {
    using to = temporary();
    await plumbline(['run', 'scripted:perfect', '--suite', 'fairness/stereotypes', '--preset', 'demo', '--quiet', '-o', 'r'], {
      cwd: to.path,
    });
    writeFileSync(join(to.path, 'r', file), text);
    const ran = await plumbline(['score', 'r'], { cwd: to.path });
    expect(ran.err).toMatch(message);
    expect(ran.code).toBe(2);
  });
});

describe('run folders from strangers', () => {
  it('run no code that lies in them', async () => {
    using to = temporary();
    await plumbline(['run', 'scripted:perfect', '--suite', 'fairness/stereotypes', '--preset', 'demo', '--quiet', '-o', 'r'], {
      cwd: to.path,
    });
    const run = join(to.path, 'r');
    writeFileSync(
      join(run, 'evil.mjs'),
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(join(to.path, 'ran'))}, ''); export default {};`,
    );
    const manifest = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as { options: { suites: string[] } };
    for (const name of ['evil.mjs', './evil.mjs', join(run, 'evil.mjs')]) {
      manifest.options.suites = [name];
      writeFileSync(join(run, 'run.json'), JSON.stringify(manifest));
      for (const command of ['score', 'verify', 'report', 'show']) {
        const ran = await plumbline([command, run], { cwd: run });
        expect(ran.out + ran.err).toMatch(/lies in the run folder itself/);
        expect(ran.code).toBe(command === 'verify' ? 1 : 2);
      }
    }
    expect(existsSync(join(to.path, 'ran'))).toBe(false);
  });
});
