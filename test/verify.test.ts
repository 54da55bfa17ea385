import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import run from '../src/commands/run.ts';
import sign from '../src/commands/sign.ts';
import verify from '../src/commands/verify.ts';
import { merkleRoot, seal } from '../src/engine/seal.ts';
import { randomOf } from '../src/kit/random.ts';
import { temporary } from './support/cli.ts';
import { keptIo } from './support/io.ts';

const place = temporary();
const good = join(place.path, 'good');
afterAll(() => place[Symbol.dispose]());

beforeAll(async () => {
  const code = await run.run(
    [['scripted:mixed:0.3']],
    { suite: ['fairness/stereotypes', 'reliability/facts'], preset: 'demo', output: good, quiet: true },
    keptIo(place.path),
  );
  expect(code).toBe(0);
});

interface Verdict {
  readonly verified: boolean;
  readonly problems: readonly { readonly where: string; readonly what: string }[];
}

async function verdictOf(folder: string, options: Readonly<Record<string, unknown>> = {}): Promise<Verdict> {
  const io = keptIo(place.path);
  const code = await verify.run([[folder]], { json: true, ...options }, io);
  const verdict = JSON.parse(io.said.out) as Verdict;
  expect(code).toBe(verdict.verified ? 0 : 1);
  return verdict;
}

function copy(name: string): string {
  const to = join(place.path, name);
  rmSync(to, { recursive: true, force: true });
  cpSync(good, to, { recursive: true });
  return to;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe('verify', () => {
  it('agrees with an untouched run, also asked again', async () => {
    expect(await verdictOf(good)).toMatchObject({ verified: true, problems: [] });
    const replayed = (await verdictOf(good, { replay: '5' })) as Verdict & { replay: { requests: number; equal: number } };
    expect(replayed.replay.requests).toBeGreaterThan(4);
    expect(replayed.replay.equal).toBe(replayed.replay.requests);
  });

  it('names every one of 300 changed bytes (1,000 with PLUMBLINE_LONG)', async () => {
    const random = randomOf('tamper');
    const to = copy('bytes');
    const files = filesOf(to);
    const passed: string[] = [];
    for (let i = 0; i < (process.env.PLUMBLINE_LONG ? 1000 : 300); i++) {
      const file = files[Math.floor(random() * files.length)] as string;
      const whole = readFileSync(join(to, file));
      const at = Math.floor(random() * whole.length);
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ (1 << Math.floor(random() * 8));
      writeFileSync(join(to, file), changed);
      const io = keptIo(place.path);
      const code = await verify.run([[to]], { json: true }, io).catch((error: Error) => {
        expect(error.name).toBe('UserError');
        return 2;
      });
      if (code === 0) passed.push(`${file} byte ${at}`);
      writeFileSync(join(to, file), whole);
    }
    expect(passed).toEqual([]);
    expect((await verdictOf(to)).verified).toBe(true);
  });

  it.each([
    ['an answer removed', 'answers.jsonl', (text: string) => text.split('\n').slice(1).join('\n'), /answer [0-9a-f]{32}/],
    [
      'an answer doubled under another key',
      'answers.jsonl',
      (text: string) => `${text}${text.split('\n')[0]?.replace(/"key":"..../, '"key":"0000')}\n`,
      /answer 0000/,
    ],
    [
      'a row removed',
      'rows/reliability/facts.jsonl',
      (text: string) => text.split('\n').slice(1).join('\n'),
      /rows\/reliability\/facts\.jsonl/,
    ],
    ['a line torn', 'answers.jsonl', (text: string) => text.slice(0, -10), /answers\.jsonl/],
  ])('names %s', async (_, file, change, where) => {
    const to = copy('records');
    writeFileSync(join(to, file), change(readFileSync(join(to, file), 'utf8')));
    const { verified, problems } = await verdictOf(to);
    expect(verified).toBe(false);
    expect(problems.map((problem) => problem.where).join('\n')).toMatch(where);
  });

  it('names files that came or went', async () => {
    const to = copy('files');
    rmSync(join(to, 'results/reliability/facts.json'));
    mkdirSync(join(to, 'extra'));
    writeFileSync(join(to, 'extra/page.html'), 'x');
    const { problems } = await verdictOf(to);
    expect(problems.map(({ where }) => where)).toEqual(expect.arrayContaining(['results/reliability/facts.json', 'extra/page.html']));
  });

  it('a score changed and sealed again fails on scoring again; a changed page on rendering it', async () => {
    const to = copy('resealed');
    const path = join(to, 'results/reliability/facts.json');
    const result = JSON.parse(readFileSync(path, 'utf8')) as { estimates: { value: number }[] };
    (result.estimates[0] as { value: number }).value = 0.999;
    writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
    await seal(to);
    expect((await verdictOf(to)).problems).toEqual([
      { where: 'results/reliability/facts.json, estimates.0.value', what: 'is not what the answers give' },
    ]);

    const page = copy('page');
    writeFileSync(join(page, 'scorecard.html'), readFileSync(join(page, 'scorecard.html'), 'utf8').replace('Trust', 'trust'));
    await seal(page);
    expect((await verdictOf(page)).problems[0]?.where).toMatch(/^scorecard\.html, byte \d+$/);
  });

  it('a signature holds for its seal and its key alone', async () => {
    const to = copy('signed');
    const io = keptIo(place.path);
    expect(await sign.run([to], { newKey: 'a.key' }, io)).toBe(0);
    expect(await sign.run([undefined], { newKey: 'b.key' }, io)).toBe(0);
    expect((await verdictOf(to, { key: 'a.key.pub' })).verified).toBe(true);
    expect((await verdictOf(to, { key: 'b.key.pub' })).problems[0]?.what).toBe('was not signed with the given key');
    const [first] = readFileSync(join(to, 'answers.jsonl'), 'utf8').split('\n');
    writeFileSync(
      join(to, 'answers.jsonl'),
      `${readFileSync(join(to, 'answers.jsonl'), 'utf8')}${first?.replace(/"key":"..../, '"key":"0000')}\n`,
    );
    await seal(to);
    expect((await verdictOf(to, { key: 'a.key.pub' })).problems[0]?.what).toBe('was made for another seal');
    expect((await verdictOf(copy('unsigned'), { key: 'a.key.pub' })).problems[0]?.what).toMatch(/not signed/);
  });
});

describe('the Merkle root', () => {
  it('is that of RFC 6962', () => {
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const leaves = [0, 1, 2, 3, 4, 5, 6].map((n) => Buffer.alloc(32, n));
    const node = (a: Uint8Array, b: Uint8Array) => createHash('sha256').update(Buffer.of(1)).update(a).update(b).digest();
    const [a, b, c] = leaves as [Buffer, Buffer, Buffer];
    expect(merkleRoot([a, b])).toBe(node(a, b).toString('hex'));
    expect(merkleRoot([a, b, c])).toBe(node(node(a, b), c).toString('hex'));
    const roots = leaves.map((_, i) => merkleRoot(leaves.slice(0, i + 1)));
    expect(new Set(roots).size).toBe(7);
    expect(merkleRoot([Buffer.alloc(32, 1), Buffer.alloc(32, 0)])).not.toBe(merkleRoot([Buffer.alloc(32, 0), Buffer.alloc(32, 1)]));
  });
});
