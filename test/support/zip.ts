import { deflateRawSync } from 'node:zlib';

function head(name: string, packed: Buffer, { method, size, at }: { readonly method: number; readonly size: number; readonly at: number }) {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(method, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(size, 22);
  local.writeUInt16LE(Buffer.byteLength(name), 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(size, 24);
  entry.writeUInt16LE(Buffer.byteLength(name), 28);
  entry.writeUInt32LE(at, 42);
  return { local: Buffer.concat([local, Buffer.from(name), packed]), entry: Buffer.concat([entry, Buffer.from(name)]) };
}

/** A zip archive of named texts or bytes, without checksums (the readers do not look at them). */
export function zipOf(files: Readonly<Record<string, string | Uint8Array>>, how: 'store' | 'deflate' = 'store'): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const packed = how === 'deflate' ? deflateRawSync(bytes) : bytes;
    const made = head(name, packed, { method: how === 'deflate' ? 8 : 0, size: bytes.length, at });
    locals.push(made.local);
    entries.push(made.entry);
    at += made.local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
