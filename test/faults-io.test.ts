import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, temporary } from './support/cli.ts';
import { errnos, type Fault, faultEnv, faultyIo } from './support/faulty-io.ts';
import { keysOf, sameRun } from './support/run-files.ts';

/** Broken disks, network file systems and clocks, by a library loaded before libc. */
const place = temporary();
const library = faultyIo(place.path);
const what = ['scripted:mixed:0.3', '--suite', 'fairness/stereotypes', '--suite', 'reliability/facts', '--preset', 'standard', '--quiet'];
const whole = join(place.path, 'undisturbed');

beforeAll(async () => {
  if (library) expect((await plumbline(['run', ...what, '-o', whole])).code).toBe(0);
});
afterAll(() => place[Symbol.dispose]());

describe.skipIf(library === null)('a disk that fails', () => {
  it.each([
    ['the first answers', { path: 'answers.jsonl', call: 'write', error: errnos.EIO }],
    ['later answers', { path: 'answers.jsonl', call: 'write', error: errnos.EIO, after: 2 }],
    ['the manifest', { path: 'run.json', call: 'write', error: errnos.EIO, after: 1 }],
    ['the rows', { path: '/rows/', call: 'write', error: errnos.EIO }],
    ['a result', { path: '/results/', call: 'write', error: errnos.EIO, after: 1 }],
    ['the page', { path: 'scorecard.html', call: 'write', error: errnos.EIO }],
    ['the seal', { path: 'seal.json', call: 'write', error: errnos.EIO }],
    ['the answers, when they are made safe', { path: 'answers.jsonl', call: 'fsync', error: errnos.EIO }],
    ['the answers, when they are read again', { path: 'answers.jsonl', call: 'read', error: errnos.EIO, after: 2 }],
    ['the answers, as the quota is used up', { path: 'answers.jsonl', call: 'write', error: errnos.EDQUOT, after: 1 }],
  ] satisfies [string, Fault][])('over %s: said, and the same command then goes on; nothing is lost or doubled', async (_, fault) => {
    using to = temporary();
    const run = join(to.path, 'r');
    const broken = await plumbline(['run', ...what, '-o', run], { env: faultEnv(library ?? '', fault) });
    expect(broken.code).toBe(3);
    expect(broken.err).toMatch(/the disk reports an error|quota is used up/);
    expect(broken.err).not.toMatch(/\n\s+at /);
    const kept = existsSync(join(run, 'answers.jsonl')) ? keysOf(run) : [];
    expect(readdirSync(run, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
    const mended = await plumbline(['run', ...what, '-o', run]);
    expect(mended.err).toBe('');
    expect(mended.code).toBe(0);
    expect(keysOf(run).slice(0, kept.length)).toEqual(kept);
    expect(sameRun(run, whole)).toEqual([]);
    if (fault.path === 'seal.json') expect((await plumbline(['verify', run])).code).toBe(0);
  });

  it('that takes one byte at a time gets them all', async () => {
    using to = temporary();
    const run = join(to.path, 'r');
    const slow = ['scripted:mixed:0.3', '--suite', 'reliability/facts', '--preset', 'demo', '--quiet', '-o', run];
    const ran = await plumbline(['run', ...slow], { env: faultEnv(library ?? '', { path: '/r/', call: 'write', error: 0 }) });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect((await plumbline(['verify', run])).code).toBe(0);
  });
});

describe.skipIf(library === null)('a network file system', () => {
  it.each([
    ['is busy for a moment', errnos.EBUSY],
    ['loses a handle for a moment', errnos.ESTALE],
  ])('that %s when files are put in their place: tried again', async (_, error) => {
    using to = temporary();
    const run = join(to.path, 'r');
    const env = faultEnv(library ?? '', { path: '/r/', call: 'rename', error, after: 1, times: 3 });
    expect(await plumbline(['run', ...what, '-o', run], { env })).toMatchObject({ code: 0, err: '' });
    expect(sameRun(run, whole)).toEqual([]);
  });

  it.each([
    ['stays busy', errnos.EBUSY],
    ['refuses it', errnos.EXDEV],
    ['has lost the handle for good', errnos.ESTALE],
  ])('that %s: said; nothing half written stays, and the same command goes on elsewhere', async (_, error) => {
    using to = temporary();
    const run = join(to.path, 'r');
    const env = faultEnv(library ?? '', { path: '/results/', call: 'rename', error });
    const broken = await plumbline(['run', ...what, '-o', run], { env });
    expect(broken.code).toBe(3);
    expect(broken.err).toMatch(/-o|same command again/);
    expect(broken.err).not.toMatch(/\n\s+at /);
    expect(readdirSync(run, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
    const elsewhere = join(to.path, 'elsewhere');
    cpSync(run, elsewhere, { recursive: true });
    expect((await plumbline(['run', ...what, '-o', elsewhere])).code).toBe(0);
    expect(sameRun(elsewhere, whole)).toEqual([]);
  });
});

describe.skipIf(library === null)('a clock that jumps', () => {
  it.each(['-86400', '2000000000'])('by %s seconds to and fro changes no answer, and the run verifies', async (jumps) => {
    using to = temporary();
    const run = join(to.path, 'r');
    const suite = ['--suite', 'reliability/facts', '--preset', 'quick', '--quiet', '-o'];
    const env = { LD_PRELOAD: library ?? '', CLOCK_JUMPS: jumps };
    expect(await plumbline(['run', 'scripted:slow:20', ...suite, run], { env })).toMatchObject({ code: 0, err: '' });
    await plumbline(['run', 'scripted:perfect', ...suite, join(to.path, 's')]);
    const rows = 'rows/reliability/facts.jsonl';
    expect(readFileSync(join(run, rows))).toEqual(readFileSync(join(to.path, 's', rows)));
    expect((await plumbline(['verify', run])).code).toBe(0);
  });
});
