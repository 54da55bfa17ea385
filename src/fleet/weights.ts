import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileHash } from '../engine/seal.ts';
import { UserError } from '../types.ts';

/** A model file by its content: a worker may have it under another path. */
export interface Weights {
  readonly name: string;
  readonly sha256: string;
}

/** The content of a model argument that is a file on this machine; null for names that workers resolve themselves (hub, demo, scripted: …). */
export async function weightsOf(argument: string, cwd: string): Promise<Weights | null> {
  const path = resolve(cwd, argument.replace(/^llamacpp:/, ''));
  if (!existsSync(path) || !statSync(path).isFile()) return null;
  return { name: basename(path), sha256: await fileHash(path) };
}

/** Finds files by content, hashing each but once. */
export function weightsFinder(folders: readonly string[]): (argument: string, weights: Weights) => Promise<string> {
  const known = new Map<string, string>();
  const hashOf = async (path: string): Promise<string> => {
    const { size, mtimeMs } = statSync(path);
    const mark = `${path}\n${size}\n${mtimeMs}`;
    const hash = known.get(mark) ?? (await fileHash(path));
    known.set(mark, hash);
    return hash;
  };
  return async (argument, { name, sha256 }) => {
    const scheme = /^llamacpp:/.exec(argument)?.[0] ?? '';
    // A folder named by the hash holds what was hashed when it was laid down.
    const named = folders.map((folder) => join(folder, sha256)).filter((folder) => existsSync(folder));
    const laid = named
      .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
      .filter((path) => /\.(gguf|onnx)$/.test(path));
    const candidates = [argument.slice(scheme.length), ...laid, ...folders.map((folder) => join(folder, name))];
    for (const path of candidates)
      if (existsSync(path) && statSync(path).isFile() && (await hashOf(path)) === sha256) return `${scheme}${path}`;
    throw new UserError(
      `no file with the sha256 ${sha256.slice(0, 16)}… (${name}) in ${folders.join(' or ')}`,
      `put it there as ${join(sha256, name)} or ${name}, or dispatch it as hf:org/repo`,
    );
  };
}
