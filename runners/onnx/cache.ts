import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';

/** What the cache folder holds: pulled models, dequantised weights, compiled tokenizers and graphs, remembered file hashes. */
export const cacheParts = ['models', 'weights', 'tokenizers', 'graphs', 'hashes'] as const;
export type CachePart = (typeof cacheParts)[number];

/** Converted things are thrown out, least recently used first, when they exceed this; pulled models never are. */
export const defaultCacheLimit = 32 * 2 ** 30;

export interface CacheEntry {
  readonly part: CachePart;
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly used: number;
}

function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** Everything in the cache, most recently used first; the remembered hashes as one entry. */
export function listCache(cacheDir: string): CacheEntry[] {
  const entries = cacheParts.flatMap((part) => {
    const folder = join(cacheDir, part);
    if (!existsSync(folder)) return [];
    const names = part === 'hashes' ? ['.'] : readdirSync(folder);
    return names.flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? [{ part, name: name === '.' ? 'hashes' : name, path, bytes: sizeOf(path), used: stat.mtimeMs }] : [];
    });
  });
  return entries.toSorted((a, b) => b.used - a.used);
}

/** Removes the named parts of the cache (default: all but the pulled models) and says how many bytes that freed. */
export function clearCache(cacheDir: string, parts: readonly CachePart[] = cacheParts.filter((part) => part !== 'models')): number {
  const freed = parts.reduce((sum, part) => sum + sizeOf(join(cacheDir, part)), 0);
  for (const part of parts) rmSync(join(cacheDir, part), { recursive: true, force: true });
  return freed;
}

/** Marks an entry as used now. */
export function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // A read-only cache can be used, only its order of use cannot be kept.
  }
}

/** Throws out converted weights and graphs, least recently used first, until `incoming` more bytes fit under the limit. */
export function makeRoom(cacheDir: string, incoming: number, limit = defaultCacheLimit): readonly CacheEntry[] {
  const entries = listCache(cacheDir).filter((entry) => entry.part === 'weights' || entry.part === 'graphs');
  let total = entries.reduce((sum, entry) => sum + entry.bytes, incoming);
  const removed: CacheEntry[] = [];
  for (const entry of entries.toReversed()) {
    if (total <= limit) break;
    if (entry.name.includes('.tmp-')) continue;
    rmSync(entry.path, { recursive: true, force: true });
    removed.push(entry);
    total -= entry.bytes;
  }
  return removed;
}

/** Bytes free for us on the file system that holds `path` (or its nearest parent that exists). */
export function freeBytes(path: string): number {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  const { bavail, bsize } = statfsSync(at);
  return bavail * bsize;
}

/** Makes a folder, or says why it cannot be. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new UserError(
      `${path}: the cache folder cannot be made (${(error as NodeJS.ErrnoException).code})`,
      'set PLUMBLINE_CACHE to a folder that can be written',
      3,
    );
  }
}

/** Writes a file under a temporary name, then renames it: readers see all of it or nothing. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  makeFolder(dirname(path));
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

async function sha256OfFile(path: string, progress?: (done: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 4 << 20 })) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    progress?.(done);
  }
  return hash.digest('hex');
}

/**
 * sha256 (hex) of a file's content, remembered in the cache by real path, size, modification time and inode.
 * `progress` hears bytes done when the file must really be read.
 */
export async function contentHash(path: string, cacheDir: string, progress?: (done: number, total: number) => void): Promise<string> {
  const real = realpathSync(path);
  const { size, mtimeMs, ino } = statSync(real);
  const key = JSON.stringify([real, size, mtimeMs, ino]);
  const memo = join(cacheDir, 'hashes', createHash('sha256').update(real).digest('hex').slice(0, 32));
  try {
    const [known, hash] = JSON.parse(readFileSync(memo, 'utf8')) as [string, string];
    if (known === key && /^[0-9a-f]{64}$/.test(hash)) return hash;
  } catch {
    // Not remembered yet, or torn: the file is hashed.
  }
  const hash = await sha256OfFile(real, progress && ((done) => progress(done, size)));
  try {
    writeWhole(memo, JSON.stringify([key, hash]));
  } catch {
    // An unwritable cache only costs the hashing again.
  }
  return hash;
}

/** One sha256 over several files: of the only file, or over the hashes of all in order. */
export async function weightsHash(
  files: readonly string[],
  cacheDir: string,
  progress?: (done: number, total: number) => void,
): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) hashes.push(await contentHash(file, cacheDir, progress));
  const [only] = hashes;
  return hashes.length === 1 && only ? only : createHash('sha256').update(hashes.join('\n')).digest('hex');
}
