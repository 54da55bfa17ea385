/** Bringing benchmarks' files to this machine: from their official address, or from a folder at hand. What came from where is recorded beside them. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import type { Benchmark, BenchmarkFile } from './benchmark-sources.ts';
import { pinnedHash } from './benchmarks.ts';
import { writeWhole } from './engine/run-folder.ts';
import { unzipped } from './import/unzip.ts';
import { arrayIn } from './npy.ts';
import { UserError } from './types.ts';

/** How far a file can be trusted to be the official one. */
export type Trust = 'official' | 'first use' | 'changed' | 'own';

export interface PulledFile {
  /** Of the content without gzip. */
  readonly sha256: string;
  readonly source: string;
  readonly trust: Trust;
}
export type Pulled = Readonly<Record<string, PulledFile>>;

export interface Pulling {
  readonly name: string;
  readonly benchmark: Benchmark;
  /** `<cache>/data/<name>`. */
  readonly target: string;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (message: string) => void;
  /** Takes a file whose hash is not the recorded one as it is now. */
  readonly acceptChanged: boolean;
}

export const recordFile = '.pulled.json';

/** What is recorded of a benchmark's files; nothing where they were laid there by hand. */
export function pulledIn(target: string): Pulled {
  const path = join(target, recordFile);
  if (!existsSync(path)) return {};
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { files: Pulled }).files;
  } catch {
    return {};
  }
}

function record(target: string, files: Pulled): void {
  mkdirSync(target, { recursive: true });
  const sorted = Object.fromEntries(Object.entries({ ...pulledIn(target), ...files }).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeWhole(join(target, recordFile), `${JSON.stringify({ format: 'plumbline-pulled/1', files: sorted }, null, 1)}\n`);
}

export async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  const read = createReadStream(path);
  for await (const part of path.endsWith('.gz') ? read.pipe(createGunzip()) : read) hash.update(part as Buffer);
  return hash.digest('hex');
}

const at = (target: string, path: string): string | undefined => [join(target, path), join(target, `${path}.gz`)].find(existsSync);

/** What a hash is worth, against the pinned one and the one recorded at first use; throws when the file is not what it was. */
function trustOf({ name, target, acceptChanged }: Pulling, path: string, sha256: string, source: string): Trust {
  const pinned = pinnedHash(name, path);
  if (pinned === sha256) return 'official';
  const wanted = pinned ?? pulledIn(target)[path]?.sha256;
  if (wanted === undefined || (pinned === undefined && wanted === sha256)) return 'first use';
  if (acceptChanged) return 'changed';
  throw new UserError(
    `${source} has sha256 ${sha256}, not ${wanted}${pinned === undefined ? ', which it had when it was first pulled' : ''}`,
    'the file changed on the way or at its source: try again, take the files from a folder with --from, or take it as it is now with --accept-changed',
    3,
  );
}

/** Fetches what is not there yet, and checks what is. */
export async function pullOfficial(pulling: Pulling): Promise<void> {
  const { benchmark, target, name } = pulling;
  if (benchmark.archive) return pullArchive(pulling, benchmark.archive);
  if (benchmark.files.length === 0)
    throw new UserError(
      `${name} comes from a portal: ${benchmark.home}`,
      `download and unpack it, then: plumbline data pull ${name} --from <folder>`,
    );
  for (const [i, file] of benchmark.files.entries()) {
    const held = at(target, file.path);
    if (held !== undefined && file.path in pulledIn(target)) continue;
    const path = held ?? join(target, file.path);
    if (held === undefined) {
      pulling.say(`${i + 1} of ${benchmark.files.length}: ${file.path}`);
      await fetched(pulling, file, path);
    } else {
      const sha256 = await contentHash(path);
      record(target, { [file.path]: { sha256, source: 'there already', trust: trustOf(pulling, file.path, sha256, held) } });
    }
  }
}

/** One file, going on where an earlier try stopped; a part that turns out to be of another file is fetched anew, once. */
async function fetched(pulling: Pulling, file: BenchmarkFile, path: string): Promise<void> {
  const partial = `${path}.part`;
  mkdirSync(dirname(path), { recursive: true });
  for (let last = false; ; last = true) {
    const resumed = existsSync(partial);
    const source = await download(pulling, file.urls, partial);
    const sha256 = await contentHash(partial);
    try {
      const trust = trustOf(pulling, file.path, sha256, source);
      renameSync(partial, path);
      record(pulling.target, { [file.path]: { sha256, source, trust } });
      return;
    } catch (error) {
      rmSync(partial, { force: true });
      if (!resumed || last) throw error;
    }
  }
}

const unreachable = 'take the files from a folder: plumbline data pull <benchmark> --from <folder>';

/** Fetches the first address that holds it into `partial`; returns that address. */
async function download({ signal, env }: Pulling, urls: readonly string[], partial: string): Promise<string> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const proxied = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => env[name]);
  const agent = proxied ? new EnvHttpProxyAgent(proxiesIn(env)) : null;
  await using _ = { [Symbol.asyncDispose]: async () => agent?.close() };
  let gone = '';
  for (const url of urls) {
    const have = existsSync(partial) ? statSync(partial).size : 0;
    const headers = { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) };
    const reply = await fetch(url, { signal, headers, ...(agent && { dispatcher: agent }) }).catch((error: Error) => {
      if (signal.aborted) throw new UserError('interrupted', 'the same command again goes on where it stopped', 3);
      throw new UserError(`${url} cannot be reached (${reasonOf(error)})`, unreachable, 3);
    });
    // The server has no more than what is here: the part is the whole file, or one of another file, which its hash will tell.
    if (reply.status === 416 && have > 0) return url;
    if (reply.status === 404 || reply.status === 410) {
      gone ||= `${url}: ${reply.status} ${reply.statusText}`;
      continue;
    }
    if (!reply.ok || !reply.body) throw new UserError(`${url}: ${reply.status} ${reply.statusText}`.trim(), unreachable, 3);
    const flags = have > 0 && reply.status === 206 ? 'a' : 'w';
    await pipeline(Readable.fromWeb(reply.body as ReadableStream), createWriteStream(partial, { flags })).catch((error: Error) => {
      const what = signal.aborted ? 'interrupted' : `${url} broke off (${reasonOf(error)})`;
      throw new UserError(what, 'the same command again goes on where it stopped', 3);
    });
    return url;
  }
  throw new UserError(gone, unreachable, 3);
}

function proxiesIn(env: Pulling['env']): { httpProxy?: string; httpsProxy?: string; noProxy?: string } {
  const [http, https] = [env.HTTP_PROXY ?? env.http_proxy, env.HTTPS_PROXY ?? env.https_proxy];
  const none = env.NO_PROXY ?? env.no_proxy;
  return { ...(http && { httpProxy: http }), ...(https && { httpsProxy: https }), ...(none && { noProxy: none }) };
}
const reasonOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message);

async function pullArchive(pulling: Pulling, archive: NonNullable<Benchmark['archive']>): Promise<void> {
  const { target, say } = pulling;
  if (Object.keys(pulledIn(target)).length > 0) return;
  const zip = `${target}.zip`;
  mkdirSync(dirname(zip), { recursive: true });
  say(archive.url);
  const source = existsSync(zip) ? archive.url : await download(pulling, [archive.url], `${zip}.part`);
  if (!existsSync(zip)) renameSync(`${zip}.part`, zip);
  try {
    const members = unzipped(zip, (member) => archive.path(member) !== null);
    if (members.length === 0) throw new UserError(`${source}: holds none of the benchmark's files`, unreachable, 3);
    for (const { name, text } of members) {
      const path = archive.path(name) ?? name;
      const sha256 = createHash('sha256').update(text).digest('hex');
      const trust = trustOf(pulling, path, sha256, `${source}, ${name}`);
      mkdirSync(dirname(join(target, path)), { recursive: true });
      writeWhole(join(target, path), text);
      record(target, { [path]: { sha256, source: `${source}, ${name}`, trust } });
    }
  } finally {
    rmSync(zip, { force: true });
  }
}

/** Copies a benchmark's files from a folder that holds them (or a folder of its name, or a clone of its repository). Files already here stay. */
export async function pullFrom(pulling: Pulling, from: string): Promise<void> {
  const { name, benchmark, target } = pulling;
  const source = [join(from, name), from].find((folder) => existsSync(folder) && statSync(folder).isDirectory());
  if (!source) throw new UserError(`--from ${from}: there is no such folder`);
  const files: Record<string, PulledFile> = {};
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    if (!entry.isFile() && !(entry.isSymbolicLink() && statSync(full).isFile())) continue;
    const inside = relative(source, full).replaceAll('\\', '/');
    const place = /(?:^|\/)\./.test(inside) ? null : benchmark.place ? benchmark.place(inside) : inside;
    if (place === null) continue;
    const to = join(target, place);
    mkdirSync(dirname(to), { recursive: true });
    if (inside.endsWith('.npy')) writeWhole(to, JSON.stringify(arrayIn(readFileSync(full), full)));
    else cpSync(full, to, { dereference: true });
    const path = place.replace(/\.gz$/, '');
    const sha256 = await contentHash(to);
    const pinned = pinnedHash(name, path);
    files[path] = { sha256, source: full, trust: pinned === sha256 ? 'official' : pinned === undefined ? 'own' : 'changed' };
  }
  if (Object.keys(files).length === 0)
    throw new UserError(`--from ${from}: holds no file of ${name}`, `its files are at ${benchmark.home}`);
  record(target, files);
}

/** Files that are not what they were when they were pulled, or are gone. */
export async function brokenIn(target: string): Promise<string[]> {
  const problems: string[] = [];
  for (const [path, { sha256 }] of Object.entries(pulledIn(target))) {
    const held = at(target, path);
    if (held === undefined) problems.push(`${path} is missing`);
    else
      await contentHash(held).then(
        (now) => now !== sha256 && problems.push(`${path} has sha256 ${now}, not ${sha256}`),
        (error: Error) => problems.push(`${path}: ${error.message}`),
      );
  }
  return problems;
}
