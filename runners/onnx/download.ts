import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../src/types.ts';
import { freeBytes, makeFolder } from './cache.ts';

export interface Download {
  readonly url: string;
  readonly token: string | undefined;
  readonly bytes: number;
  /** What the content must hash to: sha256, or git's own hash of small files. */
  readonly sha256?: string;
  readonly gitOid?: string;
  readonly progress?: (done: number, total: number) => void;
}

const attempts = 4;
const quietMs = 20_000;

function hashOf(download: Download): Hash | undefined {
  if (download.sha256) return createHash('sha256');
  return download.gitOid ? createHash('sha1').update(`blob ${download.bytes}\0`) : undefined;
}

async function matches(path: string, download: Download): Promise<boolean> {
  const hash = hashOf(download);
  if (!hash) return true;
  for await (const chunk of createReadStream(path, { highWaterMark: 4 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex') === (download.sha256 ?? download.gitOid);
}

/** Continues the partial file where it stopped; throws when the connection breaks or goes quiet. */
async function more(partial: string, download: Download): Promise<void> {
  const have = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
  if (have >= download.bytes) return;
  const stop = new AbortController();
  let quiet = setTimeout(() => stop.abort(), quietMs);
  const headers = {
    ...(download.token ? { Authorization: `Bearer ${download.token}` } : {}),
    ...(have > 0 ? { Range: `bytes=${have}-` } : {}),
  };
  try {
    const response = await fetch(download.url, { headers, signal: stop.signal });
    if (response.status === 401 || response.status === 403) throw refused(download, response.status);
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    // A server that knows no ranges sends everything again.
    const start = response.status === 206 ? have : 0;
    let done = start;
    const body = Readable.fromWeb(response.body as never);
    body.on('data', (chunk: Buffer) => {
      clearTimeout(quiet);
      quiet = setTimeout(() => stop.abort(), quietMs);
      done += chunk.length;
      download.progress?.(done, download.bytes);
      if (done > download.bytes) body.destroy(new Error(`more than the announced ${download.bytes} bytes came`));
    });
    await pipeline(body, createWriteStream(partial, { flags: start > 0 ? 'a' : 'w' }));
  } finally {
    clearTimeout(quiet);
  }
}

function refused(download: Download, status: number): UserError {
  return new UserError(
    `${download.url}: access refused (${status})`,
    'accept the model’s terms on its page and set HF_TOKEN to a token that may read it',
    3,
  );
}

/**
 * Fetches a file, whole and checked, or throws UserError. A download that was cut off goes on where it stopped, in this run or the next; nothing
 * is under its own name until its content was checked.
 */
export async function fetchFile(path: string, download: Download): Promise<void> {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  const partial = `${path}.incomplete`;
  const have = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
  const free = freeBytes(dirname(path));
  if (download.bytes - have > free) {
    throw new UserError(
      `${path}: needs ${download.bytes - have} bytes, ${free} are free`,
      'free some disk, or set HF_HUB_CACHE to a larger one',
      3,
    );
  }
  let last: unknown;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      await more(partial, download);
      if ((statSync(partial, { throwIfNoEntry: false })?.size ?? 0) < download.bytes) continue;
      if (!(await matches(partial, download))) {
        rmSync(partial, { force: true });
        throw new Error('its content is not what the hub announces');
      }
      renameSync(partial, path);
      return;
    } catch (error) {
      if (error instanceof UserError) throw error;
      last = error;
    }
  }
  const why =
    last instanceof Error ? `${last.message}${last.cause instanceof Error ? `: ${last.cause.message}` : ''}` : 'the connection broke';
  throw new UserError(`${download.url}: could not be fetched (${why})`, 'the same command again goes on where this stopped', 3);
}
