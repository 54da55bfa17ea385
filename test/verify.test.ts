import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import run from '../src/commands/run.ts';
import score from '../src/commands/score.ts';
import sign from '../src/commands/sign.ts';
import { Leaves, merkleRoot, seal } from '../src/engine/seal.ts';
import { temporary } from './support/cli.ts';
import { keptIo } from './support/io.ts';
import { unnamedTamperings, type Verdict, verdictOf as verdictWithCode } from './support/tamper.ts';

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

async function verdictOf(folder: string, options: Readonly<Record<string, unknown>> = {}): Promise<Verdict> {
  const { code, ...verdict } = await verdictWithCode(folder, options);
  expect(code).toBe(verdict.verified ? 0 : 1);
  return verdict;
}

function copy(name: string): string {
  const to = join(place.path, name);
  rmSync(to, { recursive: true, force: true });
  cpSync(good, to, { recursive: true });
  return to;
}

describe('verify', () => {
  it('agrees with an untouched run, also asked again', async () => {
    expect(await verdictOf(good)).toMatchObject({ verified: true, problems: [] });
    const replayed = (await verdictOf(good, { replay: '5' })) as Verdict & { replay: { requests: number; equal: number } };
    expect(replayed.replay.requests).toBeGreaterThan(4);
    expect(replayed.replay.equal).toBe(replayed.replay.requests);
  });

  it('names every one of 300 changed bytes and records (1,000 on another run in npm run test:long)', async () => {
    const to = copy('tampered');
    expect(await sign.run([to], { newKey: 'tamper.key' }, keptIo(place.path))).toBe(0);
    expect(await unnamedTamperings(to, 300, 'everyday')).toEqual([]);
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

  it('a run that was tampered with, sealed again and signed again fails on scoring again', async () => {
    const changes: readonly [string, (text: string) => string, RegExp][] = [
      [
        'results/reliability/facts.json',
        (text) => text.replace(/"value": 0\.\d+/, '"value": 0.999'),
        /^results\/reliability\/facts\.json, estimates/,
      ],
      ['run.json', (text) => text.replace(/("dimension": "reliability",\s*"grade": )0\.\d+/, '$10.999'), /^run\.json, profile/],
      ['rows/reliability/facts.jsonl', (text) => text.replace('"id":"', '"id":"x'), /^rows\/reliability\/facts\.jsonl/],
      ['answers.jsonl', (text) => text.replace(/"logprobs":\[-0\.01/, '"logprobs":[-90.01'), /^(rows|results|run\.json)/],
      ['answers.jsonl', (text) => text.replace(/"key":"..../, '"key":"0000'), /^(rows|results|run\.json)/],
    ];
    for (const [file, change, where] of changes) {
      const to = copy('signed-again');
      const before = readFileSync(join(to, file), 'utf8');
      writeFileSync(join(to, file), change(before));
      expect(readFileSync(join(to, file), 'utf8'), file).not.toBe(before);
      await seal(to);
      expect(await sign.run([to], { newKey: `forger-${file.replaceAll('/', '-')}-${Math.random()}.key` }, keptIo(place.path))).toBe(0);
      const { verified, problems } = await verdictOf(to);
      expect({ file, verified }).toEqual({ file, verified: false });
      expect(problems.map((problem) => problem.where).join('\n')).toMatch(where);
    }
  });

  it('answers changed with all that follows from them are told by the model asked again, and by the right key', async () => {
    const to = copy('consistent');
    expect(await sign.run([to], { newKey: 'honest.key' }, keptIo(place.path))).toBe(0);
    const path = join(to, 'answers.jsonl');
    const turned = (list: string) => JSON.stringify((JSON.parse(list) as number[]).toReversed());
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"logprobs":(\[[^\]]*\])/g, (_, list: string) => `"logprobs":${turned(list)}`),
    );
    expect(await score.run([to], {}, keptIo(place.path))).toBe(0);
    rmSync(join(to, 'seal.dsse.json'), { force: true });
    expect((await verdictOf(to)).verified).toBe(true);
    expect((await verdictOf(to, { replay: '20' })).problems[0]?.where).toMatch(/^replay of 20 items/);
    expect((await verdictOf(to, { key: 'honest.key.pub' })).verified).toBe(false);
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

  it('takes a hundred thousand answers of many lengths, in the order of their keys', () => {
    const count = 100_000;
    const key = (i: number) => (0xfffff - i).toString(16).padStart(32, '0');
    const lines = Array.from({ length: count }, (_, i) => ({
      key: key(i),
      bytes: Buffer.from(i === 7 ? 'x'.repeat(10_000) : `{"n":${i}}`),
    }));
    const leaves = Leaves.of(lines);
    expect(leaves).toHaveLength(count);
    const told = [...leaves.lines()];
    const leafOf = (i: number) =>
      createHash('sha256')
        .update(Buffer.of(0))
        .update(lines[i]?.bytes ?? '')
        .digest('hex');
    for (const i of [0, 7, 65_536, count - 1]) expect(told[count - 1 - i]).toBe(`${key(i)} ${leafOf(i).slice(0, 16)}`);
  });
});
