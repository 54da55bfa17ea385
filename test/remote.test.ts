import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucket } from '../src/remote/s3.ts';
import { plumbline, temporary } from './support/cli.ts';

const place = temporary();
const store = join(place.path, 'store');
mkdirSync(store);
const storage = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: store,
  configureBuckets: [{ name: 'runs', configs: [] }],
});
let env: Record<string, string> = {};

beforeAll(async () => {
  const { port } = await storage.run();
  env = {
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    SOURCE_DATE_EPOCH: '1700000000',
  };
});
afterAll(async () => {
  await storage.close();
  place[Symbol.dispose]();
});

const what = ['--suite', 'fairness/stereotypes', '--preset', 'demo', '-q'];
/** A machine of its own: another cache, another folder. */
const on = (machine: string) => {
  const cwd = join(place.path, machine);
  mkdirSync(cwd, { recursive: true });
  return { cwd, env: { ...env, PLUMBLINE_CACHE: join(cwd, 'cache') } };
};
const copyIn = (machine: string) => {
  const folder = join(place.path, machine, 'cache/remote');
  return join(folder, readdirSync(folder)[0] ?? '');
};

describe('runs on S3-compatible storage', () => {
  it('one machine writes a run, others read, verify, score, compare and gate it; it is the local run', async () => {
    const url = 's3://runs/team/first run+1';
    const first = await plumbline(['run', 'scripted:mixed:0.3', ...what, '-o', url], on('a'));
    expect(first.err).toContain(`stored in ${url}`);
    expect(first.code).toBe(0);
    await plumbline(['run', 'scripted:mixed:0.3', ...what, '-o', 'local'], on('a'));
    expect(await plumbline(['verify', url], on('b'))).toMatchObject({ code: 0 });
    const results = 'results/fairness/stereotypes.json';
    expect(readFileSync(join(copyIn('b'), results), 'utf8')).toBe(readFileSync(join(place.path, 'a/local', results), 'utf8'));
    expect(existsSync(join(copyIn('b'), 'verified.json'))).toBe(true);

    expect((await plumbline(['score', url], on('c'))).code).toBe(0);
    expect((await plumbline(['show', url], on('c'))).out).toContain('fairness/stereotypes');
    expect((await plumbline(['compare', url, join(place.path, 'a/local')], on('c'))).code).toBe(0);
    writeFileSync(join(place.path, 'c/p.yaml'), 'rules:\n  - suite: fairness/stereotypes\n    min: 0\n');
    expect((await plumbline(['gate', url, '--policy', 'p.yaml'], on('c'))).code).toBe(0);
    expect((await plumbline(['report', url, '--as', 'markdown', '-o', '-'], on('c'))).out).toContain('scripted-mixed-0.3');
    expect((await plumbline(['query', 'select count(*) as n from results', url, '--json'], on('c'))).out).toMatch(/"n":"?\d/);
    const replayed = await plumbline(['run', `replay:${url}`, ...what, '-o', 'again'], on('d'));
    expect(replayed.code).toBe(0);
    expect(readFileSync(join(place.path, 'd/again', results), 'utf8')).toBe(readFileSync(join(place.path, 'a/local', results), 'utf8'));
  });

  it('a run that was stopped goes on elsewhere, asking only what is missing', async () => {
    const url = 's3://runs/half';
    expect(
      (await plumbline(['run', 'scripted:perfect', '--suite', 'fairness/stereotypes', '--limit', '5', '-q', '-o', url], on('e'))).code,
    ).toBe(0);
    const before = readFileSync(join(copyIn('e'), 'answers.jsonl'), 'utf8');
    expect(
      (await plumbline(['run', 'scripted:perfect', '--suite', 'fairness/stereotypes', '--limit', '9', '-q', '-o', url], on('f'))).code,
    ).toBe(0);
    const after = readFileSync(join(copyIn('f'), 'answers.jsonl'), 'utf8');
    expect(after.startsWith(before)).toBe(true);
    expect(after.length).toBeGreaterThan(before.length);
  });

  it('a site is made of all runs below a prefix, without their answers', async () => {
    const made = await plumbline(['leaderboard', 's3://runs', '-o', 'site'], on('g'));
    expect(made.err).toMatch(/1 runs|2 runs|left out/);
    expect((await plumbline(['leaderboard', 's3://runs/team', '-o', 'site'], on('h'))).code).toBe(0);
    expect(readdirSync(copyIn('h'), { recursive: true }).join('\n')).not.toMatch(/answers/);
    expect(existsSync(join(place.path, 'h/site/index.html'))).toBe(true);
  });

  it('files above 64 MB go in parts and come back whole; changed bytes are named', async () => {
    const big = Buffer.alloc((64 << 20) + 12_345, 7);
    writeFileSync(join(place.path, 'big'), big);
    const bucket = await openBucket('s3://runs/parts', env);
    await bucket.put('a b/big', join(place.path, 'big'));
    await bucket.fetch('a b/big', join(place.path, 'back'));
    expect(readFileSync(join(place.path, 'back')).equals(big)).toBe(true);
    rmSync(join(place.path, 'big'));
    writeFileSync(join(place.path, 'small'), 'one');
    await bucket.put('small', join(place.path, 'small'));
    const held = readdirSync(store, { recursive: true, withFileTypes: true }).find(
      (entry) => entry.name.startsWith('small') && entry.name.endsWith('object'),
    );
    writeFileSync(join(held?.parentPath ?? '', held?.name ?? ''), 'two');
    await expect(bucket.fetch('small', join(place.path, 'small2'))).rejects.toThrow(/its bytes are not those that were stored/);
    expect(existsSync(join(place.path, 'small2'))).toBe(false);
  });

  it('says what is missing: credentials, the bucket, the storage', async () => {
    const no = await plumbline(['score', 's3://runs/team'], { env: { AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL ?? '' } });
    expect(no).toMatchObject({ code: 2, err: expect.stringMatching(/set AWS_ACCESS_KEY_ID/) });
    const gone = await plumbline(['score', 's3://nowhere/team'], on('i'));
    expect(gone).toMatchObject({ code: 3, err: expect.stringMatching(/404 NoSuchBucket/) });
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    const dead = await plumbline(['score', 's3://runs/team'], {
      ...on('j'),
      env: { ...on('j').env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` },
    });
    expect(dead).toMatchObject({ code: 3, err: expect.stringMatching(/does not answer.*\n.*AWS_ENDPOINT_URL/) });
    const offline = await plumbline(['run', 'scripted:perfect', ...what, '--offline', '-o', 's3://runs/x'], on('k'));
    expect(offline.code).not.toBe(0);
    for (const { err, out } of [no, gone, dead, offline]) expect(err + out).not.toMatch(/at .*\.js:\d/);
  });
});
