import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { type Response, UserError } from '../types.ts';
import { KeyTable } from './index-table.ts';

const chunkBytes = 1 << 20;
const prefix = '{"key":"';
const failed = '","response":{"ok":false';

/**
 * The one recording: append-only JSONL of `{"key":…,"response":…}`. It is the cache, the resume and the replay. A torn last line (a killed
 * process) is dropped when it is opened for writing. Lines are read by place, never the whole file.
 */
export class Recording {
  readonly path: string;
  #file: number;
  #table = new KeyTable();
  #end = 0;
  #pending: string[] = [];
  #pendingBytes = 0;
  #lastFlush = Date.now();

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
  }

  /** Opens (and, for writing, creates) a recording. */
  static open(path: string, mode: 'read' | 'write'): Recording {
    if (mode === 'read' && !existsSync(path))
      throw new UserError(`${path}: no recording here`, 'name a run folder that holds answers.jsonl');
    const recording = new Recording(path, openSync(path, mode === 'read' ? 'r' : 'a+'));
    recording.#scan();
    if (mode === 'write' && fstatSync(recording.#file).size > recording.#end) ftruncateSync(recording.#file, recording.#end);
    return recording;
  }

  get size(): number {
    return this.#table.size;
  }

  has(key: string): boolean {
    return this.#table.get(key) !== null;
  }

  /** Whether an answer that is no failure is held. */
  hasAnswer(key: string): boolean {
    return this.#table.get(key)?.failed === false;
  }

  get(key: string): Response | null {
    const place = this.#table.get(key);
    if (!place) return null;
    if (this.#pending.length > 0) this.flush();
    const bytes = Buffer.allocUnsafe(place.length);
    readSync(this.#file, bytes, 0, place.length, place.at);
    try {
      return (JSON.parse(bytes.toString('utf8')) as { response: Response }).response;
    } catch {
      throw new UserError(
        `${this.path}: the line at byte ${place.at} is not a JSON value`,
        'the recording was changed by another program: remove that line and run again',
      );
    }
  }

  /** Appends one answer; a key already there is left as it is, unless it held a failure and this is none. Reaches the disk within half a second, or at `flush`. */
  append(key: string, response: Response): void {
    const line = `${prefix}${key}","response":${JSON.stringify(response)}}\n`;
    const bytes = Buffer.byteLength(line);
    if (!this.#table.set(key, this.#end, bytes - 1, !response.ok)) return;
    this.#end += bytes;
    this.#pending.push(line);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > 1 << 16 || Date.now() - this.#lastFlush > 500) this.flush();
  }

  flush(): void {
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
    } finally {
      closeSync(this.#file);
      this.#file = -1;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #scan(): void {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let held: Buffer = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const read = readSync(this.#file, chunk, 0, chunkBytes, at + held.length);
      if (read === 0) break;
      const text = held.length > 0 ? Buffer.concat([held, chunk.subarray(0, read)]) : chunk.subarray(0, read);
      let start = 0;
      for (let end = text.indexOf(10); end >= 0; start = end + 1, end = text.indexOf(10, start)) this.#note(text, start, end, at + start);
      held = Buffer.from(text.subarray(start));
      at += start;
    }
    this.#end = at;
  }

  #note(text: Buffer, start: number, end: number, at: number): void {
    const key = text.toString('latin1', start + prefix.length, start + prefix.length + 32);
    const whole = text.toString('latin1', start, start + prefix.length) === prefix && /^[0-9a-f]{32}$/.test(key) && text[end - 1] === 125;
    if (whole)
      this.#table.set(
        key,
        at,
        end - start,
        text.toString('latin1', start + prefix.length + 32, start + prefix.length + 32 + failed.length) === failed,
      );
    else if (end > start)
      throw new UserError(
        `${this.path}: the line at byte ${at} is not an answer`,
        'the recording was changed by another program: remove that line and run again',
      );
  }
}
