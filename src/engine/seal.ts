import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from '../kit/key.ts';
import { Recording } from './recording.ts';
import { answersFile, WholeFile, writeWhole } from './run-folder.ts';

/** What a finished run consists of: the sha256 of every file and the Merkle root over its answers. */
export interface Seal {
  readonly format: 'plumbline-seal/1';
  /** Root of the tree over the answers' lines in order of their keys (RFC 6962 §2.1). */
  readonly root: string;
  readonly answers: number;
  /** sha256 of every other file by its path in the folder. */
  readonly files: Readonly<Record<string, string>>;
}

export const sealFile = 'seal.json';
/** One line an answer: its key and the first 16 hexadecimal digits of its leaf, so that a changed answer can be named. */
export const leavesFile = 'answers.leaves';
export const signatureFile = 'seal.dsse.json';
const apart = new Set([sealFile, signatureFile, answersFile, 'run.lock', 'verified.json']);

const leafOf = (line: Uint8Array): Buffer => createHash('sha256').update(Buffer.of(0)).update(line).digest();
const nodeOf = (left: Buffer, right: Buffer): Buffer => createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();

/** Root of a Merkle tree over leaf hashes (RFC 6962 §2.1: split at the largest power of two below n). Empty: the hash of nothing. */
export function merkleRoot(leaves: Iterable<Buffer>): string {
  // A stack of complete subtrees, joined as in binary counting, gives the same tree without recursion.
  const stack: { readonly hash: Buffer; readonly size: number }[] = [];
  for (const leaf of leaves) {
    let top = { hash: leaf, size: 1 };
    while (stack.at(-1)?.size === top.size) {
      const left = stack.pop() as { hash: Buffer; size: number };
      top = { hash: nodeOf(left.hash, top.hash), size: left.size * 2 };
    }
    stack.push(top);
  }
  const last = stack.pop();
  if (!last) return createHash('sha256').digest('hex');
  return stack.reduceRight((right, left) => nodeOf(left.hash, right), last.hash).toString('hex');
}

/** Keys and leaf hashes of a recording, in order of keys: 52 bytes an answer. */
export class Leaves implements Iterable<Buffer> {
  /** Key (16 bytes) and leaf (32) of every answer, in the order of the file. */
  readonly #bytes: Buffer;
  readonly #order: Uint32Array;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#order = Uint32Array.from({ length: bytes.length / 48 }, (_, i) => i);
    this.#order.sort((a, b) => bytes.compare(bytes, 48 * b, 48 * b + 48, 48 * a, 48 * a + 48));
  }

  static of(recording: Recording): Leaves {
    const all = Buffer.alloc(48 * recording.count);
    let at = 0;
    for (const { key, bytes } of recording.lines()) {
      all.write(key, at, 'hex');
      all.set(leafOf(bytes), at + 16);
      at += 48;
    }
    return new Leaves(all);
  }

  get length(): number {
    return this.#order.length;
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (const i of this.#order) yield this.#bytes.subarray(48 * i + 16, 48 * i + 48);
  }

  /** The lines of answers.leaves. */
  *lines(): Generator<string> {
    for (const i of this.#order)
      yield `${this.#bytes.toString('hex', 48 * i, 48 * i + 16)} ${this.#bytes.toString('hex', 48 * i + 16, 48 * i + 24)}`;
  }
}

/** sha256 of a file, read as it goes. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** Paths of the files a seal covers, sorted, with forward slashes. Temporary files of a killed process are not among them. */
export function sealedPaths(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/'),
  );
  return paths.filter((path) => !apart.has(path) && !path.endsWith('.tmp')).sort();
}

/** The text of seal.json: one form only, so that every changed byte of it shows. */
export function sealText(seal: Seal): string {
  return `${canonical(seal)}\n`;
}

/** Seals a folder: writes answers.leaves and seal.json. */
export async function seal(folder: string): Promise<Seal> {
  using recording = Recording.open(join(folder, answersFile), 'read');
  const leaves = Leaves.of(recording);
  using written = new WholeFile(join(folder, leavesFile));
  for (const line of leaves.lines()) written.write(`${line}\n`);
  written.done();
  const files: Record<string, string> = {};
  for (const path of sealedPaths(folder)) files[path] = await fileHash(join(folder, path));
  const made: Seal = { format: 'plumbline-seal/1', root: merkleRoot(leaves), answers: leaves.length, files };
  writeWhole(join(folder, sealFile), sealText(made));
  return made;
}

/** Reads seal.json; null when there is none, an error text when it is not one. */
export function readSeal(folder: string): Seal | string | null {
  const path = join(folder, sealFile);
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8');
  try {
    const value = JSON.parse(text) as Seal;
    if (value.format !== 'plumbline-seal/1' || typeof value.root !== 'string' || typeof value.files !== 'object') return 'it is not a seal';
    return sealText(value) === text ? value : 'its text is not in the one form that plumbline writes';
  } catch (error) {
    return `it is not a JSON value (${(error as Error).message})`;
  }
}
