/** Reading what strangers wrote, within bounds: how long a line, a file and what is unpacked from it may be. */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { createGunzip, gunzipSync, inflateRawSync } from 'node:zlib';
import { UserError } from './types.ts';

/** Bytes of one line, or of one CSV record. Ten times the longest answer. */
export const longestLine = 100 << 20;
/** Bytes of a file that is read whole; a longer one does not fit in one of Node's texts. */
export const longestText = 500 << 20;
/** Text packs to a tenth; what unpacks to more than this many times its size, and to more than `harmless`, is a bomb. */
const mostUnpacked = 250;
const harmless = 64 << 20;

const tooLong = (where: string, what: string, longest: number): UserError =>
  new UserError(`${where}: ${what} is longer than ${longest >> 20} MB`, 'the file is damaged, or not what it says');
const bomb = (where: string, packed: number): UserError =>
  new UserError(
    `${where}: ${packed} bytes unpack to more than ${mostUnpacked} times as many`,
    'this is no packed text: unpack it by hand to look at it',
  );

/** How many bytes `packed` ones may unpack to. */
export const mayUnpackTo = (packed: number): number => Math.min(longestText, Math.max(harmless, packed * mostUnpacked));

/** Unpacks within bounds. Throws UserError for a bomb and for what is no packed data. */
export function unpacked(bytes: Uint8Array, how: 'gzip' | 'deflate', where: string, most = mayUnpackTo(bytes.length)): Buffer {
  try {
    return (how === 'gzip' ? gunzipSync : inflateRawSync)(bytes, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bomb(where, bytes.length);
    throw new UserError(`${where}: cannot be unpacked (${(error as Error).message})`, 'fetch it again');
  }
}

/** Is handed the bytes of a file as it is read, so that it can be hashed without reading it again. */
export type Taken = (bytes: Uint8Array) => void;

/** A text file, plain or gzip, read whole, without a byte-order mark. */
export function wholeText(path: string, taken?: Taken): string {
  if (!existsSync(path)) throw new UserError(`${path}: there is no such file`);
  const { size } = statSync(path);
  if (size > longestText) throw tooLong(path, 'the file', longestText);
  const bytes = readFileSync(path);
  taken?.(bytes);
  return (path.endsWith('.gz') ? unpacked(bytes, 'gzip', path) : bytes).toString('utf8').replace(/^\uFEFF/, '');
}

/** A file's bytes as they come, unpacked where its name ends in .gz. Reading ends with a UserError at a bomb. */
export function bytesOf(path: string, options: { readonly highWaterMark?: number } = {}): Readable {
  const raw = createReadStream(path, options);
  return path.endsWith('.gz') ? gunzipped(raw, path) : raw;
}

/** Unpacks a stream within bounds. */
export function gunzipped(raw: Readable, where: string): Readable {
  let [taken, given] = [0, 0];
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      taken += chunk.length;
      done(null, chunk);
    },
  });
  const watch = new Transform({
    transform(chunk: Buffer, _, done) {
      given += chunk.length;
      done(given > Math.max(harmless, taken * mostUnpacked) ? bomb(where, taken) : null, chunk);
    },
  });
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  raw.on('error', (error) => watch.destroy(error));
  gunzip.on('error', (error) => watch.destroy(new UserError(`${where}: not whole gzip (${error.message})`, 'fetch the file again')));
  watch.on('close', () => raw.destroy());
  return raw.pipe(count).pipe(gunzip).pipe(watch);
}

export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** The lines of a UTF-8 text as they come, ended by \n or \r\n, without a byte-order mark; empty ones too. Throws UserError at a line beyond all measure. */
export async function* linesIn(input: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let [line, size] = [0, 0];
  const taken = (end: Uint8Array): Line => {
    const bytes = Buffer.concat([...held, end]);
    held = [];
    size = 0;
    line++;
    const text = bytes.toString('utf8', 0, bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length);
    return { line, text: line === 1 ? text.replace(/^\uFEFF/, '') : text };
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; start = end + 1, end = chunk.indexOf(10, start)) yield taken(chunk.subarray(start, end));
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size > longestLine) throw tooLong(`${where}:${line + 1}`, 'the line', longestLine);
    if (rest.length > 0) held.push(rest);
  }
  if (size > 0) yield taken(new Uint8Array());
}

/** Options of csv-parse that bound one record: an unclosed quote takes the rest of the file. */
export const csvBounds = { max_record_size: longestLine } as const;
