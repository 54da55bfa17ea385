import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunState } from '../src/kit/overview.ts';
import { resultIdOf } from '../src/kit/result.ts';
import { startServer } from '../src/serve/server.ts';
import { look } from '../src/serve/watch.ts';
import { hostile, madeRun } from './support/made-run.ts';

let folder = '';
let server: Awaited<ReturnType<typeof startServer>>;
let port = 0;

function put(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function writeRun(name: string, made: Parameters<typeof madeRun>[0], finished: boolean): void {
  const run = madeRun(made);
  put(`${name}/run.json`, JSON.stringify(finished ? run.manifest : { ...run.manifest, finished: null, complete: false, profile: [] }));
  if (finished) for (const r of run.results) put(`${name}/results/${resultIdOf(r)}.json`, JSON.stringify(r));
  put(`${name}/answers.jsonl`, '{"key":"a"}\n{"key":"b"}\n');
}

interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, unknown>;
}
/** Raw: fetch would set Host and tidy the path by itself. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Got>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });

describe('plumbline serve', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plumbline-serve-'));
    writeRun('done', { name: 'finished-model' }, true);
    writeRun('going', { name: `going${hostile}` }, false);
    put('secret.txt', 'not for reading');
    const hosts = new Set(['localhost', '127.0.0.1']);
    server = await startServer({ folder, cwd: folder, env: {}, lang: 'en', hosts, everyMs: 50 }, 0, '127.0.0.1');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('lists the runs and makes their pages', async () => {
    const home = await get('/');
    expect(home.status).toBe(200);
    expect(home.body).toContain('finished-model');
    expect(home.body).not.toContain('<script>globalThis.canary');
    const page = await get('/run/done/scorecard.html');
    expect(page.status).toBe(200);
    expect(page.body).toContain('Trust profile');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect((await get('/run/done/samples.html')).status).toBe(200);
    expect((await get('/run/done/samples/index.js')).headers['content-type']).toContain('javascript');
  });

  test.each([
    '/secret.txt',
    '/run/done/run.json',
    '/run/done/../secret.txt',
    '/run/done/..%2f..%2fsecret.txt',
    '/run/nothing/scorecard.html',
    '/%zz',
    '/run/done/samples/../../run.json',
  ])('gives nothing else: %s', async (path) => expect((await get(path)).status).toBe(404));

  test('refuses other names (DNS rebinding) and writing', async () => {
    expect((await get('/', { host: 'evil.example' })).status).toBe(421);
    expect((await get('/', {}, 'POST')).status).toBe(405);
  });

  test('tells progress while a run goes on', async () => {
    const seen: RunState[][] = [];
    await new Promise<void>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: '/events' }, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream');
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          for (const line of part.split('\n')) if (line.startsWith('data: ')) seen.push(JSON.parse(line.slice(6)));
          if (seen.length === 1) appendFileSync(join(folder, 'going/answers.jsonl'), '{"key":"c"}\n{"torn');
          if (seen.at(-1)?.find((r) => r.name === 'going')?.answers === 3) {
            sent.destroy();
            resolve();
          }
        });
      });
      sent.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
      sent.end();
    });
    const going = seen[0]?.find((r) => r.name === 'going');
    expect(going).toMatchObject({ answers: 2, state: 'running', results: 0 });
    expect(seen[0]?.find((r) => r.name === 'done')).toMatchObject({ state: 'finished' });
  });

  test('a rate comes from two looks; a recording that shrank is read anew', () => {
    const first = look(folder, new Map(), Date.now());
    appendFileSync(join(folder, 'going/answers.jsonl'), '\n{"key":"d"}\n');
    const second = look(folder, first.seen, Date.now() + 2000);
    const before = first.runs.find((r) => r.name === 'going')?.answers ?? 0;
    expect(second.runs.find((r) => r.name === 'going')).toMatchObject({ answers: before + 2, rate: expect.closeTo(1, 1) });
    put('going/answers.jsonl', '{"key":"a"}\n');
    expect(look(folder, second.seen, Date.now() + 3000).runs.find((r) => r.name === 'going')?.answers).toBe(1);
  });
});
