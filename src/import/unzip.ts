import { readFileSync, statSync } from 'node:fs';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { longestText, mayUnpackTo, unpacked } from '../lines.ts';
import { UserError } from '../types.ts';

interface Member {
  readonly name: string;
  readonly method: number;
  readonly bytes: Buffer;
}

/** The wanted members of an archive, packed as they are, by its central directory. */
function* membersOf(all: Buffer, path: string, wanted: (name: string) => boolean): Generator<Member> {
  const cutOff = () => new UserError(`${path}: the zip archive is cut off`, 'fetch it again');
  const end = all.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new UserError(`${path}: not a zip archive`, 'the log may be cut off');
  if (end + 22 > all.length) throw cutOff();
  const [length, start] = [all.readUInt32LE(end + 12), all.readUInt32LE(end + 16)];
  if (start + length > all.length) throw cutOff();
  for (let at = start; at + 46 <= start + length && all.readUInt32LE(at) === 0x02014b50; ) {
    const name = all.toString('utf8', at + 46, at + 46 + all.readUInt16LE(at + 28));
    const [method, packed, offset] = [all.readUInt16LE(at + 10), all.readUInt32LE(at + 20), all.readUInt32LE(at + 42)];
    if (wanted(name)) {
      if (offset + 30 > all.length) throw cutOff();
      const from = offset + 30 + all.readUInt16LE(offset + 26) + all.readUInt16LE(offset + 28);
      yield { name, method, bytes: all.subarray(from, from + packed) };
    }
    at += 46 + all.readUInt16LE(at + 28) + all.readUInt16LE(at + 30) + all.readUInt16LE(at + 32);
  }
}

/** Files of a zip archive as text: stored, deflated, or zstd. No zip64. What they unpack to is bounded by the archive's size, all of them together. */
export function unzipped(path: string, wanted: (name: string) => boolean): { readonly name: string; readonly text: string }[] {
  if (statSync(path).size > longestText) throw new UserError(`${path}: archives of more than ${longestText >> 20} MB are not read`);
  const all = readFileSync(path);
  const found = new Map<string, string>();
  let left = mayUnpackTo(all.length);
  for (const { name, method, bytes } of membersOf(all, path, wanted)) {
    const plain = contentOf(bytes, method, { where: `${path}, ${name}`, most: left });
    left -= plain.length;
    found.set(name, plain.toString('utf8'));
  }
  return [...found].map(([name, text]) => ({ name, text }));
}

function contentOf(bytes: Buffer, method: number, { where, most }: { readonly where: string; readonly most: number }): Buffer {
  if (method === 8) return unpacked(bytes, 'deflate', where, most);
  if (method === 93) return unzstd(bytes, where, most);
  if (method !== 0) throw new UserError(`${where}: packed by method ${method}`, 'pack the archive by deflate');
  if (bytes.length > most) throw new UserError(`${where}: the archive holds more than it can`, 'fetch it again');
  return bytes;
}

function unzstd(bytes: Buffer, where: string, most: number): Buffer {
  type Unzstd = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Buffer;
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Unzstd };
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    // Node has it from 22.15 on.
    if (zstdDecompressSync) return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, most) });
    const stream = new Decompress((part) => {
      size += part.length;
      if (size > most) throw new Error(`more than ${most} bytes`);
      parts.push(part.slice());
    });
    stream.push(bytes, true);
  } catch (error) {
    throw new UserError(`${where}: cannot be unpacked (${(error as Error).message})`, 'fetch it again');
  }
  return Buffer.concat(parts);
}
