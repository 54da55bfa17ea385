import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { isResponse } from '../kit/answer-form.ts';
import { KeyTable, type Place } from '../kit/key-table.ts';
import { longestLine } from '../lines.ts';
import { type Response, UserError } from '../types.ts';

const chunkBytes = 1 << 20;
const aheadBytes = 1 << 16;
const prefix = '{"key":"';
const failed = '","response":{"ok":false';

/** A line's key and its bytes. */
export interface RecordedLine {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/**
 * The one recording: append-only JSONL of `{"key":…,"response":…}`. It is the cache, the resume and the replay. A torn last line (a killed
 * process) is dropped when it is opened for writing. Lines are read by place, never the whole file.
 */
export class Recording {
  readonly path: string;
  #file: number;
  readonly #mode: 'read' | 'write';
  #table = new KeyTable();
  #count = 0;
  #end = 0;
  #pending: string[] = [];
  #pendingBytes = 0;
  #lastFlush = Date.now();
  /** What was read last, and where the line after it begins. */
  readonly #ahead = { from: 0, bytes: Buffer.alloc(0), next: 0 };
  #fault: unknown = null;

  private constructor(path: string, file: number, mode: 'read' | 'write') {
    this.path = path;
    this.#file = file;
    this.#mode = mode;
  }

  /** Opens (and, for writing, creates) a recording. */
  static open(path: string, mode: 'read' | 'write'): Recording {
    if (mode === 'read' && !existsSync(path))
      throw new UserError(`${path}: no recording here`, 'name a run folder that holds answers.jsonl');
    const recording = new Recording(path, openSync(path, mode === 'read' ? 'r' : 'a+'), mode);
    recording.#scan();
    if (mode === 'write' && fstatSync(recording.#file).size > recording.#end) ftruncateSync(recording.#file, recording.#end);
    return recording;
  }

  /** The byte after the last whole line. */
  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Lines in the file: a failure that was answered later counts twice. */
  get count(): number {
    return this.#count;
  }

  has(key: string): boolean {
    return this.#table.get(key) !== null;
  }

  /** Where an answer stands, and whether it is a failure. */
  placeOf(key: string): Place | null {
    return this.#table.get(key);
  }

  get(key: string): Response | null {
    const place = this.#table.get(key);
    if (!place) return null;
    const bytes = this.#bytes(place);
    try {
      const { response } = JSON.parse(bytes.toString('utf8')) as { response: unknown };
      if (isResponse(response)) return response;
    } catch {
      // The same is said of what is no JSON.
    }
    throw new UserError(
      `${this.path}: the line at byte ${place.at} is not an answer`,
      'the recording was changed by another program: remove that line and run again',
    );
  }

  /** The bytes of a line. Lines asked for in the order of the file are read many at a time. */
  #bytes({ at, length }: Place): Buffer {
    if (at + length > this.#end - this.#pendingBytes) this.flush();
    const ahead = this.#ahead;
    const follows = at === ahead.next;
    ahead.next = at + length + 1;
    if (at < ahead.from || at + length > ahead.from + ahead.bytes.length) {
      const wanted = Buffer.allocUnsafe(follows ? Math.max(length, aheadBytes) : length);
      const read = readSync(this.#file, wanted, 0, wanted.length, at);
      ahead.bytes = wanted.subarray(0, read);
      ahead.from = at;
    }
    return ahead.bytes.subarray(at - ahead.from, at - ahead.from + length);
  }

  /** Every key with its answer, in the order of the file, read as it goes. */
  *entries(): Generator<readonly [key: string, response: Response]> {
    for (const { key } of this.lines()) {
      const response = this.get(key);
      if (response) yield [key, response];
    }
  }

  /** Every line of a recording as it stands in the file, without an index; the bytes are valid until the next one. Throws UserError at what is no answer. */
  static *lines(path: string): Generator<RecordedLine> {
    const file = openSync(path, 'r');
    try {
      for (const { bytes, at } of linesIn(file, path)) if (bytes.length > 0) yield { key: headOf(bytes, at, path).key, bytes };
    } finally {
      closeSync(file);
    }
  }

  /** Every line as it stands in the file; the bytes are valid until the next one. */
  *lines(): Generator<RecordedLine> {
    this.flush();
    for (const { bytes } of linesIn(this.#file, this.path))
      if (bytes.length > 0) yield { key: bytes.toString('latin1', prefix.length, prefix.length + 32), bytes };
  }

  /** Appends one answer; a key already there is left as it is, unless it held a failure and this is none. Reaches the disk within half a second, or at `flush`. */
  append(key: string, response: Response): void {
    const line = `${prefix}${key}","response":${JSON.stringify(response)}}\n`;
    const bytes = Buffer.byteLength(line);
    if (!this.#table.set(key, this.#end, bytes - 1, !response.ok)) return;
    this.#end += bytes;
    this.#count++;
    this.#pending.push(line);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > 1 << 16 || Date.now() - this.#lastFlush > 500) this.flush();
  }

  /** While it is held, answers reach the disk every half second, also when no further one comes. A full disk shows at the next append or flush. */
  flushing(): Disposable {
    const timer = setInterval(() => {
      try {
        this.flush();
      } catch (error) {
        this.#fault ??= error;
      }
    }, 500);
    timer.unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  flush(): void {
    if (this.#fault) {
      // Said once; what is not on the disk is asked again next time.
      const fault = this.#fault;
      this.#fault = null;
      this.#pending = [];
      throw fault;
    }
    this.#lastFlush = Date.now();
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#pendingBytes = 0;
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
  }

  close(): void {
    if (this.#file < 0) return;
    try {
      this.flush();
      if (this.#mode === 'write') fsyncSync(this.#file);
    } finally {
      closeSync(this.#file);
      this.#file = -1;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #scan(): void {
    for (const { bytes, at } of linesIn(this.#file, this.path)) {
      this.#end = at + bytes.length + 1;
      if (bytes.length === 0) continue;
      const { key, failure } = headOf(bytes, at, this.path);
      this.#table.set(key, at, bytes.length, failure);
      this.#count++;
    }
  }
}

/** Whole lines with their places, a chunk of the file at a time. */
function* linesIn(file: number, path: string): Generator<{ readonly bytes: Buffer; readonly at: number }> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let held: Buffer = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const read = readSync(file, chunk, 0, chunkBytes, at + held.length);
    if (read === 0) return;
    const text = held.length > 0 ? Buffer.concat([held, chunk.subarray(0, read)]) : chunk.subarray(0, read);
    let start = 0;
    for (let end = text.indexOf(10); end >= 0; start = end + 1, end = text.indexOf(10, start))
      yield { bytes: text.subarray(start, end), at: at + start };
    held = Buffer.from(text.subarray(start));
    at += start;
    if (held.length > longestLine)
      throw new UserError(
        `${path}: the line at byte ${at} is longer than ${longestLine >> 20} MB`,
        'the recording was changed by another program: remove that line and run again',
      );
  }
}

/** The key of a line, and whether it holds a failure. */
function headOf(line: Buffer, at: number, path: string): { readonly key: string; readonly failure: boolean } {
  const from = prefix.length + 32;
  const head = line.toString('latin1', 0, from + failed.length);
  const key = head.slice(prefix.length, from);
  if (!head.startsWith(prefix) || !/^[0-9a-f]{32}$/.test(key) || line.at(-1) !== 125)
    throw new UserError(
      `${path}: the line at byte ${at} is not an answer`,
      'the recording was changed by another program: remove that line and run again',
    );
  return { key, failure: head.endsWith(failed) };
}
