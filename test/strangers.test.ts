import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plumbline, type Ran, temporary } from './support/cli.ts';
import { zipOf } from './support/zip.ts';

/** What came from strangers may make a command fail, by name and within bounds; it may do nothing else. */
const place = temporary();
afterAll(() => place[Symbol.dispose]());
const run = join(place.path, 'run');
const suites = ['--suite', 'fairness/stereotypes', '--preset', 'demo', '--quiet'];
const cache = { XDG_CACHE_HOME: join(place.path, 'cache') };
const cli = (...args: string[]): Promise<Ran> => plumbline(args, { cwd: place.path, env: cache });
const refusedBy = (ran: Ran, what: RegExp) => {
  expect(ran.out + ran.err).toMatch(what);
  expect(ran.err).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect([1, 2]).toContain(ran.code);
};
const put = (name: string, data: string | Uint8Array): string => {
  writeFileSync(join(place.path, name), data);
  return name;
};

const readers = [['score'], ['verify'], ['report'], ['show'], ['gate', '--policy', 'own.yaml'], ['sign', '--key', 'own.key']] as const;

describe('a run folder from a stranger', () => {
  const victim = join(place.path, 'victim');
  beforeAll(async () => {
    put('own.yaml', 'rules:\n  - { suite: fairness/stereotypes, min: 0.1 }\n');
    expect((await cli('sign', '--new-key', 'own.key')).code).toBe(0);
  });
  beforeEach(async () => {
    rmSync(run, { recursive: true, force: true });
    expect((await cli('run', 'scripted:perfect', ...suites, '-o', 'run')).code).toBe(0);
    writeFileSync(victim, 'mine');
  });

  it.each(['scorecard.html', 'seal.json', 'results/fairness/stereotypes.json', 'rows'])(
    'whose %s is a link that leads out of it is not looked into, and what the link names stays as it was',
    async (name) => {
      rmSync(join(run, name), { recursive: true });
      mkdirSync(join(place.path, 'elsewhere'), { recursive: true });
      symlinkSync(name === 'rows' ? join(place.path, 'elsewhere') : victim, join(run, name));
      for (const [verb, ...more] of readers) refusedBy(await cli(verb, 'run', ...more), /is a link that leads out of the run folder/);
      expect(readFileSync(victim, 'utf8')).toBe('mine');
    },
  );

  it('that names code as its suite has it not loaded, wherever it lies; somebody who ran it once is asked no more', async () => {
    const code = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(join(place.path, 'ran'))}, 'x');
      export default { id: 'fairness/own', dimension: 'fairness', version: '1', title: 'Own', about: '', limits: '', source: 's', licence: 'CC0-1.0', languages: ['en'], wants: ['text'],
        items: () => [{ id: 'a' }], rounds: [() => [{ to: 'target', prompt: 'a', want: { kind: 'text', maxTokens: 4, temperature: 0, seed: 0 }, script: { perfect: 'a', worst: 'b' } }]],
        observe: (_, [r]) => ({ values: { right: r?.[0]?.ok && r[0].text === 'a' ? 1 : 0 }, outcomes: ['answered'] }),
        metrics: [{ id: 'accuracy', title: 'Accuracy', unit: 'share', better: 'higher', value: 'right', grade: (v) => v }], floor: { none: 'n' } };`;
    put('code.mjs', code);
    const manifest = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as { options: { suites: string[] } };
    for (const name of [join(place.path, 'code.mjs'), './code.mjs', '../code.mjs', 'some-package']) {
      manifest.options.suites = [name];
      writeFileSync(join(run, 'run.json'), JSON.stringify(manifest));
      for (const verb of ['score', 'verify']) refusedBy(await cli(verb, 'run'), /names code as a suite|is not the file that was sealed/);
    }
    expect(existsSync(join(place.path, 'ran'))).toBe(false);
    for (const args of [
      ['run', 'scripted:perfect', '--suite', './code.mjs', '--quiet', '-o', 'mine'],
      ['score', 'mine'],
      ['verify', 'mine'],
    ])
      expect(await cli(...args)).toMatchObject({ code: 0, err: '' });
  });

  it('cannot name a suite into another folder', async () => {
    const manifest = readFileSync(join(run, 'run.json'), 'utf8');
    writeFileSync(join(run, 'run.json'), manifest.replaceAll('fairness/stereotypes', '../../escaped'));
    for (const verb of ['score', 'verify', 'report']) expect((await cli(verb, 'run')).code).toBeGreaterThan(0);
    expect(existsSync(join(place.path, 'escaped'))).toBe(false);
    expect(existsSync(join(place.path, 'escaped.json'))).toBe(false);
  });
});

describe('files without bounds', () => {
  const zeros = Buffer.alloc(80 << 20);

  it('a text that unpacks to a thousand times its size', async () => {
    put('bomb.jsonl.gz', gzipSync(zeros));
    refusedBy(await cli('detect', 'refusal', 'bomb.jsonl.gz'), /bomb\.jsonl\.gz: \d+ bytes unpack to more than 250 times as many/);
    put('bomb.csv.gz', gzipSync(Buffer.concat([Buffer.from('question,answer\n"'), zeros])));
    refusedBy(await cli('run', 'scripted:perfect', '--suite', 'bomb.csv.gz', '-o', 'never'), /250 times|bomb\.csv\.gz/);
  });

  it('another tool’s archive that does', async () => {
    put('bomb.eval', zipOf({ 'header.json': zeros }, 'deflate'));
    refusedBy(await cli('import', 'inspect', 'bomb.eval', '-o', 'never'), /unpack to more than 250 times/);
  });

  it('a line that never ends', async () => {
    for (const name of ['long.jsonl', 'long.csv']) {
      put(name, name === 'long.csv' ? 'question,answer\n"' : '');
      truncateSync(join(place.path, name), 130 << 20);
      refusedBy(
        await cli('run', 'scripted:perfect', '--suite', name, '-o', 'never'),
        new RegExp(`${name}:\\d+: .*(longer than 100 MB|exceed|record size)`, 'i'),
      );
      rmSync(join(place.path, name));
    }
  });

  it('a policy whose aliases grow, one with a pattern of a suite that is none, one that is no policy', async () => {
    await cli('run', 'scripted:perfect', ...suites, '-o', 'judged');
    const laughs = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++) laughs.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(', ')}]`);
    for (const text of [laughs.join('\n'), 'rules: 3', '[1, 2', '\u0000', 'rules:\n  - { suite: "../../x", min: 0 }\n'])
      refusedBy(await cli('gate', 'judged', '--policy', put('bomb.yaml', text)), /bomb\.yaml/);
  });
});

describe('a server', () => {
  it.each([
    ['an answer without end', 'x'.repeat(1 << 20)],
    ['a stream without end', `data: {"choices":[{"delta":{"content":"${'x'.repeat(1 << 16)}"}}]}\n\n`],
  ])('that sends %s is cut off, and that is said', async (_, piece) => {
    let sent = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': piece.startsWith('data') ? 'text/event-stream' : 'application/json' });
      const more = (): void => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
        sent += piece.length;
      };
      response.on('drain', more);
      more();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as AddressInfo;
      const ran = await cli('run', `openai:x@http://127.0.0.1:${port}/v1`, ...suites, '--limit', '2', '-o', `server-${port}`);
      expect(ran.code).toBeGreaterThan(0);
      expect(ran.err).toMatch(/10 MB|larger|too long|longer/);
      expect(ran.err).not.toMatch(/\n\s+at .*:\d+:\d+/);
      expect(sent).toBeLessThan(1 << 30);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
