/** The kit's one door to the disk: item files that lie beside a suite. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Item, UserError } from '../types.ts';

/**
 * Path of a file beside a module. Compiled modules live under `dist/`, their data stays in the source tree: when the file is not beside the
 * module, the same place without the last `dist/` is taken.
 */
export function beside(moduleUrl: string, name: string): string {
  const direct = fileURLToPath(new URL(name, moduleUrl));
  if (existsSync(direct)) return direct;
  const at = moduleUrl.lastIndexOf('/dist/');
  return at < 0 ? direct : fileURLToPath(new URL(name, `${moduleUrl.slice(0, at)}/${moduleUrl.slice(at + 6)}`));
}

/** Reads the text file `name` (a template, a style sheet, a page's script) beside the module. */
export function textBeside(moduleUrl: string, name: string): string {
  return readFileSync(beside(moduleUrl, name), 'utf8');
}

/** Reads `<name>` (JSONL, or .gz of it) beside the module, one item a line. Throws UserError naming file and line. */
export function itemsBeside<I extends Item = Item>(moduleUrl: string, name: string): I[] {
  const path = beside(moduleUrl, name);
  const raw = readFileSync(path);
  const text = name.endsWith('.gz') ? gunzipSync(raw).toString('utf8') : raw.toString('utf8');
  const items: I[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    try {
      items.push(JSON.parse(line) as I);
    } catch (error) {
      throw new UserError(`${path}:${index + 1}: not a JSON value (${(error as Error).message})`, 'mend or remove that line');
    }
  });
  return items;
}
