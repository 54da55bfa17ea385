import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { benchmarkHashes } from '../src/benchmark-hashes.ts';
import type { Benchmark } from '../src/benchmark-sources.ts';
import { benchmarks } from '../src/benchmarks.ts';
import dataCommand from '../src/commands/data.ts';
import { arrayIn } from '../src/npy.ts';
import { brokenIn, type Pulling, pulledIn, pullFrom, pullOfficial } from '../src/pull-data.ts';
import { keptIo } from './support/io.ts';
import { zipOf } from './support/zip.ts';

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-pull-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fresh = () => join(mkdtempSync(join(scratch, 'cache-')), 'data', 'made');
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** A file server; `handle` may answer in its own way. */
async function serving(files: Readonly<Record<string, string | Buffer>>, handle?: (req: IncomingMessage, res: ServerResponse) => boolean) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.url}${req.headers.range ? ` ${req.headers.range}` : ''}`);
    if (handle?.(req, res)) return;
    const held = files[req.url ?? ''];
    if (held === undefined) return res.writeHead(404).end();
    const bytes = Buffer.from(held);
    const from = Number(/bytes=(\d+)-/.exec(req.headers.range ?? '')?.[1] ?? 0);
    if (from >= bytes.length && from > 0) return res.writeHead(416).end();
    return res.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from }).end(bytes.subarray(from));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const madeOf = (part: Partial<Benchmark>): Benchmark => ({
  title: 'Made',
  licence: 'none',
  cite: 'nobody 2026',
  home: 'https://made.example',
  files: [],
  ...part,
});
const filesAt = (url: string, ...names: string[]) => madeOf({ files: names.map((name) => ({ path: name, urls: [`${url}/${name}`] })) });
function pulling(benchmark: Benchmark, target: string, more: Partial<Pulling> = {}): Pulling {
  return { name: 'made', benchmark, target, signal: new AbortController().signal, env: {}, say: () => {}, acceptChanged: false, ...more };
}
const text = Array.from({ length: 5000 }, (_, i) => `line ${i} of a made-up benchmark\n`).join('');

describe('data pull from the official address', () => {
  it('fetches, records the hash at first use, and asks for nothing the second time', async () => {
    await using server = await serving({ '/a.txt': text, '/sub/b.txt': 'b' });
    const target = fresh();
    const benchmark = filesAt(server.url, 'a.txt', 'sub/b.txt');
    await pullOfficial(pulling(benchmark, target));
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe(text);
    expect(pulledIn(target)['a.txt']).toEqual({ sha256: hashOf(text), source: `${server.url}/a.txt`, trust: 'first use' });
    await pullOfficial(pulling(benchmark, target));
    expect(server.asked).toEqual(['/a.txt', '/sub/b.txt']);
    expect(await brokenIn(target)).toEqual([]);
  });

  it('goes on where a broken connection stopped', async () => {
    let breaks = true;
    await using server = await serving({ '/a.txt': text }, (req, res) => {
      if (!breaks || req.headers.range) return false;
      res.writeHead(200, { 'content-length': text.length });
      res.write(text.slice(0, 40_000), () => setTimeout(() => res.destroy(), 50));
      return true;
    });
    const target = fresh();
    const benchmark = filesAt(server.url, 'a.txt');
    await expect(pullOfficial(pulling(benchmark, target))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/a\.txt broke off/),
      hint: expect.stringMatching(/goes on where it stopped/),
    });
    breaks = false;
    await pullOfficial(pulling(benchmark, target));
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe(text);
    expect(server.asked[1]).toMatch(/^\/a\.txt bytes=[1-9]\d*-$/);
    expect(readdirSync(target).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('interrupted by Ctrl-C: what came stays, and the next run goes on', async () => {
    const stop = new AbortController();
    let first = true;
    await using server = await serving({ '/a.txt': text }, (_, res) => {
      if (!first) return false;
      first = false;
      res.writeHead(200, { 'content-length': text.length });
      res.write(text.slice(0, 30_000), () => setTimeout(() => stop.abort(), 50));
      return true;
    });
    const target = fresh();
    const benchmark = filesAt(server.url, 'a.txt');
    await expect(pullOfficial(pulling(benchmark, target, { signal: stop.signal }))).rejects.toMatchObject({ message: 'interrupted' });
    await pullOfficial(pulling(benchmark, target));
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe(text);
    expect(server.asked[1]).toMatch(/bytes=/);
  });

  it.each(['whole already', 'of another file', 'longer than the file'])('a part that is %s', async (what) => {
    await using server = await serving({ '/a.txt': text });
    const target = fresh();
    mkdirSync(target, { recursive: true });
    const part = what === 'whole already' ? text : what === 'of another file' ? 'x'.repeat(1000) : 'y'.repeat(text.length + 9);
    writeFileSync(join(target, 'a.txt.part'), part);
    // The hash known from before tells a good part from a bad one.
    writeFileSync(
      join(target, '.pulled.json'),
      JSON.stringify({ files: { 'a.txt': { sha256: hashOf(text), source: 's', trust: 'first use' } } }),
    );
    const benchmark = filesAt(server.url, 'a.txt');
    await pullOfficial(pulling(benchmark, target));
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe(text);
    expect(server.asked).toHaveLength(what === 'whole already' ? 1 : 2);
  });

  it('a file that is not the pinned one is refused, named with both hashes, and taken only when told', async () => {
    const [path, pinned] = Object.entries(benchmarkHashes.xstest ?? {})[0] ?? ['', ''];
    await using server = await serving({ [`/${path}`]: 'id,prompt\n' });
    const target = fresh();
    const benchmark = filesAt(server.url, path);
    await expect(pullOfficial(pulling(benchmark, target, { name: 'xstest' }))).rejects.toMatchObject({
      message: expect.stringContaining(`has sha256 ${hashOf('id,prompt\n')}, not ${pinned}`),
      hint: expect.stringMatching(/--accept-changed/),
      exit: 3,
    });
    expect(existsSync(join(target, path))).toBe(false);
    await pullOfficial(pulling(benchmark, target, { name: 'xstest', acceptChanged: true }));
    expect(pulledIn(target)[path]?.trust).toBe('changed');
  });

  it('a file that changed since its first use is refused', async () => {
    const files: Record<string, string> = { '/a.txt': 'one' };
    await using server = await serving(files);
    const target = fresh();
    const benchmark = filesAt(server.url, 'a.txt');
    await pullOfficial(pulling(benchmark, target));
    rmSync(join(target, 'a.txt'));
    files['/a.txt'] = 'two';
    await expect(pullOfficial(pulling(benchmark, target))).rejects.toMatchObject({
      message: expect.stringMatching(/which it had when it was first pulled/),
    });
    appendFileSync(join(target, 'a.txt'), 'edited');
    expect(await brokenIn(target)).toEqual([expect.stringMatching(/^a\.txt has sha256/)]);
  });

  it('404: the next address is tried, then the error names the first; a server out of reach says so', async () => {
    await using server = await serving({ '/new/a.txt': 'here' });
    const benchmark = madeOf({ files: [{ path: 'a.txt', urls: [`${server.url}/old/a.txt`, `${server.url}/new/a.txt`] }] });
    const target = fresh();
    await pullOfficial(pulling(benchmark, target));
    expect(pulledIn(target)['a.txt']?.source).toBe(`${server.url}/new/a.txt`);
    await expect(pullOfficial(pulling(filesAt(server.url, 'none.txt'), fresh()))).rejects.toMatchObject({
      message: expect.stringMatching(/none\.txt: 404/),
      hint: expect.stringMatching(/--from <folder>/),
      exit: 3,
    });
    await expect(pullOfficial(pulling(filesAt('http://127.0.0.1:9', 'a.txt'), fresh()))).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be reached/),
    });
  });

  it('goes through the proxy that the environment names', async () => {
    await using server = await serving({ '/a.txt': 'by proxy' });
    const seen: string[] = [];
    // A plain forward proxy: whole addresses are asked of it, or a tunnel.
    const proxy = createServer((req, res) => {
      seen.push(String(req.url));
      get(String(req.url), (reply) => {
        res.writeHead(reply.statusCode ?? 500);
        reply.pipe(res);
      });
    });
    proxy.on('connect', (req, socket) => {
      seen.push(String(req.url));
      const [host = '', port = ''] = String(req.url).split(':');
      const through = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const target = fresh();
    const env = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    await pullOfficial(pulling(filesAt(server.url, 'a.txt'), target, { env }));
    proxy.close();
    proxy.closeAllConnections();
    expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe('by proxy');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain(server.url.slice('http://'.length));
  });

  it('takes an archive apart', async () => {
    const zip = zipOf({ 'top/ethics/a.json': '[1]', 'top/readme.md': 'no' });
    await using server = await serving({ '/all.zip': zip });
    const target = fresh();
    const place = (member: string) => (member.endsWith('.json') ? member.replace('top/', '') : null);
    await pullOfficial(pulling(madeOf({ archive: { url: `${server.url}/all.zip`, path: place } }), target));
    expect(readFileSync(join(target, 'ethics/a.json'), 'utf8')).toBe('[1]');
    expect(Object.keys(pulledIn(target))).toEqual(['ethics/a.json']);
    expect(existsSync(`${target}.zip`)).toBe(false);
  });
});

describe('data pull --from', () => {
  it('a clone of DecodingTrust: files at their place, NumPy arrays as JSON, generations left out', async () => {
    const clone = mkdtempSync(join(scratch, 'clone-'));
    const header = `${`{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }`.padEnd(117)}\n`;
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([header.length, 0]),
      Buffer.from(header),
      Buffer.alloc(24),
    ]);
    npy.writeBigInt64LE(1n, npy.length - 8);
    for (const [path, content] of Object.entries({
      'data/fairness/fairness_data/sensitive_attr_x.npy': npy,
      'data/stereotype/dataset/user_prompts.csv': 'a\n',
      'data/stereotype/generations/x.csv': 'b\n',
      '.git/config': 'c',
    })) {
      mkdirSync(join(clone, path, '..'), { recursive: true });
      writeFileSync(join(clone, path), content);
    }
    const target = fresh();
    await pullFrom(pulling(benchmarks.decodingtrust as Benchmark, target, { name: 'decodingtrust' }), clone);
    expect(Object.keys(pulledIn(target))).toEqual(['fairness/sensitive_attr_x.json', 'stereotype/user_prompts.csv']);
    expect(JSON.parse(readFileSync(join(target, 'fairness/sensitive_attr_x.json'), 'utf8'))).toEqual([0, 0, 1]);
  });

  it('gzip is looked through; a file that differs from the official one is said to', async () => {
    const [path] = Object.keys(benchmarkHashes.xstest ?? {});
    const from = mkdtempSync(join(scratch, 'from-'));
    writeFileSync(join(from, `${path}.gz`), gzipSync('mine'));
    const env = { PLUMBLINE_CACHE: mkdtempSync(join(scratch, 'c-')) };
    const io = keptIo(scratch, env);
    expect(await dataCommand.run(['pull', ['xstest']], { from }, io)).toBe(0);
    expect(io.said.err).toMatch(/licence: CC BY 4\.0/);
    expect(io.said.err).toMatch(/1 file: NOT the official file/);
    const listed = keptIo(scratch, env);
    await dataCommand.run(['list', []], {}, listed);
    expect(listed.said.out).toMatch(/✓ xstest .*1 file.*NOT all official/);
    expect(listed.said.out).toContain(`1 of ${Object.keys(benchmarks).length} at hand`);
    for (const line of listed.said.out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    const verified = keptIo(scratch, env);
    expect(await dataCommand.run(['verify', []], {}, verified)).toBe(0);
    expect(verified.said.out).toBe('✓ xstest\n');
  });

  it.each([
    [['pull', ['xstets']], {}, /did you mean 'xstest'/],
    [['pull', []], {}, /no benchmark named/],
    [['pull', ['flipkart']], {}, /comes from a portal/],
    [['pull', ['xstest']], { offline: true }, /not fetched: --offline/],
    [['pull', ['xstest']], { from: 'nowhere' }, /nowhere: there is no such folder/],
    [['verify', ['xstest']], {}, /not at hand/],
    [['fetch', []], {}, /expected list, pull or verify/],
  ] as const)('%j %j', async (args, options, message) => {
    const io = keptIo(scratch, { PLUMBLINE_CACHE: join(scratch, 'empty') });
    await expect(dataCommand.run(args as never, options, io)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message),
    });
  });
});

it.each([
  ["'<f4'", (b: Buffer) => b.writeFloatLE(1.5), 1.5, 4],
  ["'|b1'", (b: Buffer) => b.writeUInt8(1), true, 1],
  ["'<U2'", (b: Buffer) => b.writeUInt32LE(77), 'M', 8],
] as const)('NumPy arrays of %s', (descr, write, value, size) => {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }\n`;
  const body = Buffer.alloc(size);
  write(body);
  const bytes = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([header.length, 0]), Buffer.from(header), body]);
  expect(arrayIn(bytes, 'x')).toEqual([value]);
  expect(() => arrayIn(bytes.subarray(0, -1), 'x.npy')).toThrow(/x\.npy: the file is cut off/);
  expect(() => arrayIn(Buffer.from('no'), 'x.npy')).toThrow(/not a NumPy file/);
});

it('every pinned file is one that its benchmark has, or has in its archive', () => {
  for (const [name, files] of Object.entries(benchmarkHashes)) {
    const benchmark = benchmarks[name];
    const paths = new Set(benchmark?.files.map(({ path }) => path));
    for (const path of Object.keys(files))
      expect([name, path, paths.has(path) || benchmark?.archive?.path(path) === path]).toEqual([name, path, true]);
  }
});
