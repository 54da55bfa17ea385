import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withoutNaN } from '../kit/official/json-place.ts';
import { bytesOf, linesIn, wholeText } from '../lines.ts';
import { UserError } from '../types.ts';

export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields => value !== null && typeof value === 'object' && !Array.isArray(value);

/** One JSON file (plain or gzip), its place named in errors. */
export function readJson(path: string): unknown {
  return parsed(wholeText(path), path);
}

export function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/\bNaN\b|\bInfinity\b/.test(text))
      try {
        return JSON.parse(withoutNaN(text));
      } catch {
        // The first error names the place.
      }
    throw new UserError(`${where}: not a JSON value (${(error as Error).message})`, 'name the file the other tool wrote, whole');
  }
}

/** JSON objects, one a line, as they come. */
export async function* readLines(path: string): AsyncGenerator<{ readonly where: string; readonly record: Fields }> {
  for await (const { line, text } of linesIn(bytesOf(path), path)) {
    if (text.trim() === '') continue;
    const record = parsed(text, `${path}:${line}`);
    if (!isFields(record)) throw new UserError(`${path}:${line}: expected a JSON object`);
    yield { where: `${path}:${line}`, record };
  }
}

/** Files below a folder (or the file itself) whose path matches, sorted. */
export function filesAt(path: string, pattern: RegExp): string[] {
  if (!existsSync(path)) throw new UserError(`${path}: there is no such file or folder`);
  if (statSync(path).isFile()) return pattern.test(path) ? [path] : [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => pattern.test(file))
    .sort();
}

/** A logged number, or null where it is none. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export const textOf = (value: unknown, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
