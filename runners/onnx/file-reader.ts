import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../../src/types.ts';

const windowBytes = 4 << 20;

/** Reads a file front to back through a small window, so that headers of files of any size are walked in little memory. Little endian. */
export class FileReader {
  readonly path: string;
  readonly size: number;
  readonly #fd: number;
  #window: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
  /** File offset of the window's first byte. */
  #start = 0;
  /** Position inside the window. */
  #at = 0;

  /** Throws UserError when the file cannot be opened. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      throw new UserError(`${path}: cannot be opened (${(error as NodeJS.ErrnoException).code ?? error})`, 'check the path and its rights');
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      closeSync(this.#fd);
      throw new UserError(`${path}: not a file`, 'name a model file or a model folder');
    }
    this.size = stat.size;
  }

  get position(): number {
    return this.#start + this.#at;
  }
  get left(): number {
    return this.size - this.position;
  }

  /** Moves to a file offset. */
  seek(offset: number): void {
    const inside = offset - this.#start;
    if (inside >= 0 && inside <= this.#window.length) this.#at = inside;
    else {
      this.#start = offset;
      this.#at = 0;
      this.#use(Buffer.alloc(0));
    }
  }

  /** Passes over bytes; UserError when the file ends before. */
  skip(bytes: number, what: string): void {
    if (!(bytes >= 0) || bytes > this.left) throw this.ended(what);
    this.seek(this.position + bytes);
  }

  u8(what: string): number {
    this.#need(1, what);
    return this.#view.getUint8(this.#at++);
  }
  u32(what: string): number {
    this.#need(4, what);
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }
  /** A 64-bit count or offset; more than 2^53 comes back as Infinity, so that every bound check refuses it. */
  u64(what: string): number {
    this.#need(8, what);
    const low = this.#view.getUint32(this.#at, true);
    const high = this.#view.getUint32(this.#at + 4, true);
    this.#at += 8;
    return high < 0x200000 ? high * 0x1_0000_0000 + low : Number.POSITIVE_INFINITY;
  }
  /** A copy of the next bytes. */
  bytes(count: number, what: string): Uint8Array {
    this.#need(count, what);
    const copy = new Uint8Array(this.#window.subarray(this.#at, this.#at + count));
    this.#at += count;
    return copy;
  }

  ended(what: string): UserError {
    return new UserError(
      `${this.path}: the file ends inside ${what} (${this.size} bytes in all)`,
      'the download is cut off or damaged: fetch the file again',
    );
  }

  close(): void {
    closeSync(this.#fd);
  }

  #use(window: Buffer<ArrayBufferLike>): void {
    this.#window = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.byteLength);
  }

  #need(count: number, what: string): void {
    if (this.#at + count <= this.#window.length) return;
    if (!(count <= this.left)) throw this.ended(what);
    const start = this.position;
    const want = Math.min(Math.max(count, windowBytes), this.size - start);
    const window = Buffer.alloc(want);
    let filled = 0;
    while (filled < want) {
      const got = readSync(this.#fd, window, filled, want - filled, start + filled);
      if (got === 0) throw this.ended(what);
      filled += got;
    }
    this.#start = start;
    this.#at = 0;
    this.#use(window);
  }
}
