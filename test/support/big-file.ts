import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

export type BigKind = 'jsonl' | 'csv' | 'json';

/** Writes a made-up file of about `bytes` bytes (before packing) in pieces; returns how many records it holds. */
export function bigFile(path: string, kind: BigKind, bytes: number): number {
  mkdirSync(dirname(path), { recursive: true });
  const packed = path.endsWith('.gz');
  const file = openSync(path, 'w');
  const put = (text: string) => writeSync(file, packed ? gzipSync(text, { level: 1 }) : Buffer.from(text));
  const filler = 'a text that goes on, "with quotes" and commas, '.repeat(8);
  let [written, records] = [0, 0];
  put(kind === 'csv' ? 'id,text\n' : kind === 'json' ? '[\n' : '');
  while (written < bytes) {
    const lines: string[] = [];
    for (let i = 0; i < 2000; i++, records++) {
      const text = `${records} ${filler}`;
      const line = JSON.stringify({ id: records, text });
      lines.push(
        kind === 'csv'
          ? `${records},"${text.replaceAll('"', '""')}"\n`
          : kind === 'json'
            ? `${records > 0 ? ',\n' : ''}${line}`
            : `${line}\n`,
      );
    }
    const block = lines.join('');
    put(block);
    written += block.length;
  }
  if (kind === 'json') put('\n]\n');
  closeSync(file);
  return records;
}
