import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { UserError } from '../types.ts';

/** Files of a zip archive as text: stored, deflated, or zstd. No zip64. */
export function unzipped(path: string, wanted: (name: string) => boolean): { readonly name: string; readonly text: string }[] {
  const all = readFileSync(path);
  const end = all.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new UserError(`${path}: not a zip archive`, 'the log may be cut off');
  const [length, start] = [all.readUInt32LE(end + 12), all.readUInt32LE(end + 16)];
  if (start + length > all.length) throw new UserError(`${path}: the zip archive is cut off`, 'fetch it again');
  const found = new Map<string, string>();
  for (let at = start; at + 46 <= start + length && all.readUInt32LE(at) === 0x02014b50; ) {
    const name = all.toString('utf8', at + 46, at + 46 + all.readUInt16LE(at + 28));
    const [method, packed, offset] = [all.readUInt16LE(at + 10), all.readUInt32LE(at + 20), all.readUInt32LE(at + 42)];
    if (wanted(name)) {
      const from = offset + 30 + all.readUInt16LE(offset + 26) + all.readUInt16LE(offset + 28);
      found.set(name, unpacked(all.subarray(from, from + packed), method, `${path}, ${name}`).toString('utf8'));
    }
    at += 46 + all.readUInt16LE(at + 28) + all.readUInt16LE(at + 30) + all.readUInt16LE(at + 32);
  }
  return [...found].map(([name, text]) => ({ name, text }));
}

function unpacked(bytes: Buffer, method: number, where: string): Buffer {
  if (method === 0) return bytes;
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: (bytes: Buffer) => Buffer };
  try {
    if (method === 8) return zlib.inflateRawSync(bytes);
    // Node has it from 22.15 on.
    if (method === 93) return zstdDecompressSync ? zstdDecompressSync(bytes) : Buffer.from(decompress(bytes));
  } catch (error) {
    throw new UserError(`${where}: cannot be unpacked (${(error as Error).message})`, 'fetch it again');
  }
  throw new UserError(`${where}: packed by method ${method}`, 'pack the archive by deflate');
}
