import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../command.ts';
import { fileHash } from '../engine/seal.ts';
import { sha256 } from '../kit/key.ts';
import { cacheDirOf } from '../settings.ts';
import { type Bucket, openBucket } from './s3.ts';

/** Runs on S3-compatible storage: every command works on a copy in the cache, and what it changed is stored again. */

const apart = (path: string) => path === 'run.lock' || path.endsWith('.tmp');

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/'),
  );
  return paths.filter((path) => !apart(path)).sort();
}

/** Brings stored files here that are not here, or are others; files that are not stored go, but for those of a run that was never stored. */
async function bring(bucket: Bucket, folder: string, only: (path: string) => boolean): Promise<void> {
  const stored = (await bucket.list()).filter(({ path }) => !apart(path) && !path.split('/').includes('..') && only(path));
  if (stored.length === 0) return;
  for (const { path } of stored) {
    const local = join(folder, path);
    if (existsSync(local) && (await fileHash(local)) === (await bucket.hashOf(path))) continue;
    await bucket.fetch(path, local);
  }
  const names = new Set(stored.map(({ path }) => path));
  for (const path of filesIn(folder)) if (!names.has(path)) rmSync(join(folder, path), { force: true });
}

/** Stores what is here and is not stored so; run.json comes last, so that a reader never sees it before what it speaks of. */
async function store(bucket: Bucket, folder: string): Promise<void> {
  const here = filesIn(folder);
  const last = (path: string) => (path === 'run.json' ? 1 : 0);
  for (const path of here.toSorted((a, b) => last(a) - last(b)))
    if ((await fileHash(join(folder, path))) !== (await bucket.hashOf(path))) await bucket.put(path, join(folder, path));
  const names = new Set(here);
  const stale = (path: string) => /^(results|rows)\//.test(path) && !names.has(path) && !path.split('/').includes('..');
  for (const { path } of await bucket.list()) if (stale(path)) await bucket.remove(path);
}

type Given = string | readonly string[] | undefined;
const remotePart = /^(replay:)?(s3:\/\/.+)$/;
const isRemote = (value: unknown): value is string => typeof value === 'string' && remotePart.test(value);

/** Commands that change the runs they are given. */
const changing: ReadonlySet<string> = new Set(['score', 'report', 'sign', 'verify']);
/** A site needs no answers. */
const withoutAnswers = (path: string) => !/(^|\/)(rows\/.*|answers\.(jsonl|leaves))$/.test(path);

/**
 * Runs a command on copies in the cache: what `s3://…` names is brought there, and what the command changed (its --output, and the runs of commands
 * that change them) is stored afterwards, also when it failed: what was answered is kept.
 */
export async function onCopies(
  name: string,
  { args, options }: { readonly args: readonly Given[]; readonly options: Readonly<Record<string, unknown>> },
  io: Io,
  work: (args: readonly Given[], options: Readonly<Record<string, unknown>>) => Promise<number>,
): Promise<number> {
  const copies = new Map<string, { readonly bucket: Bucket; readonly folder: string; stores: boolean }>();
  const here = async (value: string, stores: boolean): Promise<string> => {
    const [, scheme = '', url = ''] = remotePart.exec(value) ?? [];
    const folder = join(cacheDirOf(io.env), 'remote', sha256(url.replace(/\/+$/, '')).slice(0, 32));
    const known = copies.get(url) ?? { bucket: await openBucket(url, io.env), folder, stores };
    if (!copies.has(url)) await bring(known.bucket, folder, name === 'leaderboard' ? withoutAnswers : () => true);
    known.stores ||= stores;
    copies.set(url, known);
    return `${scheme}${folder}`;
  };
  const local = async (value: unknown, stores: boolean): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map((one) => local(one, stores)));
    return isRemote(value) ? here(value, stores) : value;
  };
  const given = (await Promise.all(args.map((value) => local(value, changing.has(name))))) as Given[];
  const set: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) set[key] = await local(value, key === 'output');
  try {
    return await work(given, set);
  } finally {
    for (const [url, { bucket, folder, stores }] of copies)
      if (stores && existsSync(folder)) {
        await store(bucket, folder);
        io.err(`stored in ${url}\n`);
      }
  }
}
