import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { canonical } from '../kit/key.ts';
import { type RecordedLine, Recording } from './recording.ts';
import { answersFile, WholeFile, writeWhole } from './run-folder.ts';

/** What a finished run consists of: the sha256 of every file and the Merkle root over its answers. */
export interface Seal {
  readonly format: 'plumbline-seal/1';
  /** Root of the tree over the answers' lines in order of their keys (RFC 6962 §2.1). */
  readonly root: string;
  readonly answers: number;
  /** sha256 of every file by its path in the folder, but for the seal and its signature. */
  readonly files: Readonly<Record<string, string>>;
}

const sha256Digits = z.string().regex(/^[0-9a-f]{64}$/);
const sealSchema = z.strictObject({
  format: z.literal('plumbline-seal/1'),
  root: sha256Digits,
  answers: z.number(),
  files: z.record(z.string(), sha256Digits),
});

export const sealFile = 'seal.json';
/** One line an answer: its key and the first 16 hexadecimal digits of its leaf, so that a changed answer can be named. */
export const leavesFile = 'answers.leaves';
export const signatureFile = 'seal.dsse.json';
const apart = new Set([sealFile, signatureFile]);

const pair = Buffer.alloc(65);
/** Room for most lines behind the 0 that marks a leaf: one call hashes them. */
const leaf = Buffer.alloc(1 << 12);

function leafOf(line: Uint8Array): Buffer {
  if (line.length >= leaf.length) return createHash('sha256').update(Buffer.of(0)).update(line).digest();
  leaf.set(line, 1);
  return hash('sha256', leaf.subarray(0, line.length + 1), 'buffer');
}

function nodeOf(left: Buffer, right: Buffer): Buffer {
  pair[0] = 1;
  pair.set(left, 1);
  pair.set(right, 33);
  return hash('sha256', pair, 'buffer');
}

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

/** A key (16 bytes) and a leaf (32). */
const width = 48;
const inChunk = 1 << 14;

/** Keys and leaf hashes of a recording, in order of keys: 56 bytes an answer. */
export class Leaves implements Iterable<Buffer> {
  /** In the order of the file, in chunks, so that growing copies nothing. */
  readonly #chunks: readonly Buffer[];
  readonly #order: Uint32Array;

  private constructor(chunks: readonly Buffer[], length: number) {
    this.#chunks = chunks;
    this.#order = Uint32Array.from({ length }, (_, i) => i);
    const first = this.#order.map((i) => this.#entry(i).readUInt32BE(0));
    this.#order.sort((a, b) => (first[a] ?? 0) - (first[b] ?? 0) || this.#entry(a).compare(this.#entry(b)));
  }

  static of(lines: Iterable<RecordedLine>): Leaves {
    const chunks: Buffer[] = [];
    let length = 0;
    for (const { key, bytes } of lines) {
      const at = width * (length++ % inChunk);
      if (at === 0) chunks.push(Buffer.alloc(width * inChunk));
      const chunk = chunks.at(-1) as Buffer;
      chunk.write(key, at, 'hex');
      chunk.set(leafOf(bytes), at + 16);
    }
    return new Leaves(chunks, length);
  }

  get length(): number {
    return this.#order.length;
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (const i of this.#order) yield this.#entry(i).subarray(16);
  }

  /** The lines of answers.leaves. */
  *lines(): Generator<string> {
    for (const i of this.#order) {
      const entry = this.#entry(i);
      yield `${entry.toString('hex', 0, 16)} ${entry.toString('hex', 16, 24)}`;
    }
  }

  #entry(i: number): Buffer {
    const at = width * (i % inChunk);
    return (this.#chunks[Math.floor(i / inChunk)] as Buffer).subarray(at, at + width);
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
  return paths.filter((path) => !apart.has(path) && !path.endsWith('.tmp') && !path.startsWith('run.lock')).sort();
}

/** The text of seal.json: one form only, so that every changed byte of it shows. */
export function sealText(seal: Seal): string {
  return `${canonical(seal)}\n`;
}

/** Seals a folder: writes answers.leaves and seal.json. */
export async function seal(folder: string): Promise<Seal> {
  const leaves = Leaves.of(Recording.lines(join(folder, answersFile)));
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
    const { success, data } = sealSchema.safeParse(JSON.parse(text));
    if (!success) return 'it is not a seal';
    return sealText(data) === text ? data : 'its text is not in the one form that plumbline writes';
  } catch (error) {
    return `it is not a JSON value (${(error as Error).message})`;
  }
}
