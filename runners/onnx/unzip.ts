import { createReadStream, type WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { UserError } from '../../src/types.ts';

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly offset: number;
}

/** The files of a zip archive (a Python wheel is one), by its central directory. No zip64. */
async function entriesOf(path: string): Promise<Entry[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 65_557));
    await file.read(tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
    if (end < 0 || end + 22 > tail.length) throw new UserError(`${path}: not a zip archive, or cut off`, 'fetch it again');
    const length = tail.readUInt32LE(end + 12);
    const start = tail.readUInt32LE(end + 16);
    if (start + length > size) throw new UserError(`${path}: the zip archive is cut off`, 'fetch it again');
    const directory = Buffer.alloc(length);
    await file.read(directory, 0, length, start);
    const entries: Entry[] = [];
    for (let at = 0; at + 46 <= length && directory.readUInt32LE(at) === 0x02014b50; ) {
      const [name, extra, comment] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30), directory.readUInt16LE(at + 32)];
      entries.push({
        name: directory.toString('utf8', at + 46, at + 46 + name),
        method: directory.readUInt16LE(at + 10),
        packed: directory.readUInt32LE(at + 20),
        offset: directory.readUInt32LE(at + 42),
      });
      at += 46 + name + extra + comment;
    }
    return entries;
  } finally {
    await file.close();
  }
}

/** Appends the one file of a zip archive whose name ends as told to an open stream, which stays open. */
export async function unzipInto(path: string, ending: string, out: WriteStream): Promise<void> {
  const found = (await entriesOf(path)).filter((entry) => entry.name.endsWith(ending));
  const [entry] = found;
  if (!entry || found.length > 1)
    throw new UserError(`${path}: holds ${found.length} files *${ending}, one was expected`, 'fetch it again');
  if (entry.method !== 0 && entry.method !== 8)
    throw new UserError(`${path}: ${entry.name} is packed by method ${entry.method}`, 'fetch it again');
  const file = await open(path, 'r');
  const head = Buffer.alloc(30);
  const { bytesRead } = await file.read(head, 0, 30, entry.offset);
  await file.close();
  if (bytesRead < 30) throw new UserError(`${path}: the zip archive is cut off`, 'fetch it again');
  const start = entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const packed = entry.packed === 0 ? Readable.from([]) : createReadStream(path, { start, end: start + entry.packed - 1 });
  const unpack = entry.method === 8 ? createInflateRaw() : new Transform({ transform: (chunk, _, done) => done(null, chunk) });
  try {
    await pipeline(packed, unpack, out, { end: false });
  } catch (error) {
    if (!/^Z_/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new UserError(`${path}: ${entry.name} cannot be unpacked (${(error as Error).message})`, 'fetch it again');
  }
}
