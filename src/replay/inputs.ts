import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { wholeText } from '../lines.ts';
import { UserError } from '../types.ts';

/** A recorded output file, whole (they are a few MB), by the path of a case. */
export function textOf(root: string, path: string): string {
  const full = resolve(root, path);
  if (!existsSync(full))
    throw new UserError(`${full}: there is no such file`, '--root names the folder that the inputs of the cases start at');
  return wholeText(full);
}

export function jsonOf<T>(root: string, path: string): T {
  try {
    return JSON.parse(textOf(root, path)) as T;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: not a JSON value (${(error as Error).message})`);
  }
}

export function linesOf<T>(root: string, path: string): T[] {
  return textOf(root, path)
    .split(/\r?\n/)
    .flatMap((line, at) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as T];
      } catch (error) {
        throw new UserError(`${path}:${at + 1}: not a JSON value (${(error as Error).message})`);
      }
    });
}
