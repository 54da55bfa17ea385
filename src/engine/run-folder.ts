import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { z } from 'zod';
import { manifestSchema, resultSchema, rowSchema } from '../formats.ts';
import { resultIdOf } from '../kit/result.ts';
import { longestLine, type Taken, wholeText } from '../lines.ts';
import { type Manifest, type Result, type Row, UserError } from '../types.ts';

/** A run's folder: run.json, answers.jsonl, results/<dimension>/<suite>.json, rows/<dimension>/<suite>.jsonl and the reports. */
export const answersFile = 'answers.jsonl';
const manifestFile = 'run.json';

/** Makes a folder and those above it. On a read-only file system Node's recursive form says ENOENT; the plain form says why. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') mkdirSync(path);
    throw error;
  }
}

/** Network file systems lose a handle or are busy for a moment; so is Windows while a virus scanner reads what was just written. */
const passing = new Set(['EBUSY', 'ESTALE', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])]);
const stale = -116;

/** Renames, and again for a second where the reason may pass. */
function putInPlace(temporary: string, path: string): void {
  for (let tries = 0; ; tries++) {
    try {
      renameSync(temporary, path);
      return;
    } catch (error) {
      const { code, errno } = error as NodeJS.ErrnoException;
      if (tries >= 9 || !(passing.has(code ?? '') || errno === stale)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 * (tries + 1));
    }
  }
}

/** Writes a file whole or not at all: to a temporary name beside it, then renamed. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, data);
    putInPlace(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeWhole(join(folder, manifestFile), `${JSON.stringify(manifest, null, 1)}\n`);
}

/** A run folder may come from a stranger: a link in it that leads elsewhere would have other files read, written or removed in its name. */
function refuseLinks(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const inside = existsSync(path) && realpathSync(path).startsWith(realpathSync(folder) + sep);
    if (!inside)
      throw new UserError(`${path} is a link that leads out of the run folder`, 'put the file itself in its place, or remove the link');
  }
}

interface Form {
  readonly format: string;
  readonly schema: z.ZodType;
  readonly hint: string;
  readonly taken?: Taken | undefined;
}

/** A file's JSON value in its form. Throws UserError naming file and field. */
function checkedFile<T>(path: string, { format, schema, hint, taken }: Form): T {
  let value: unknown;
  try {
    value = JSON.parse(wholeText(path, taken));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: not a JSON value (${(error as Error).message})`, hint);
  }
  const held = value !== null && typeof value === 'object' && 'format' in value ? value.format : undefined;
  if (held !== format) throw new UserError(`${path}: format '${String(held)}' is not ${format}`, hint);
  return checked<T>(value, schema, { where: path, hint });
}

/** Null where the value is nested deeper than any of ours. */
function parsedBy(schema: z.ZodType, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function checked<T>(value: unknown, schema: z.ZodType, { where, hint }: { readonly where: string; readonly hint: string }): T {
  const parsed = parsedBy(schema, value);
  if (parsed === null) throw new UserError(`${where}: values lie in one another without end`, hint);
  if (parsed.success) return value as T;
  const [issue] = parsed.error.issues;
  throw new UserError(`${where}: ${issue?.path.map(String).join('.') || 'the whole'}: ${issue?.message}`, hint);
}

/** Reads run.json, or null when the folder has none. Throws UserError for what is no manifest, and for a folder that reaches out of itself. */
export function readManifest(folder: string, taken?: Taken): Manifest | null {
  const path = join(folder, manifestFile);
  if (!existsSync(folder)) return null;
  refuseLinks(folder);
  if (!existsSync(path)) return null;
  const hint = 'restore the file, or start in a new folder with -o';
  const manifest = checkedFile<Manifest>(path, { format: 'plumbline-run/1', schema: manifestSchema, hint, taken });
  const inside = manifest.options.suites.find(
    (name) => resolve(folder, name).startsWith(resolve(folder) + sep) && existsSync(resolve(folder, name)),
  );
  if (inside !== undefined)
    throw new UserError(
      `${path}: the suite ${inside} lies in the run folder itself`,
      'a run folder holds no code: keep the suite elsewhere',
    );
  return manifest;
}

/** Reads run.json of a folder that must be a run. */
export function manifestOf(folder: string): Manifest {
  const manifest = existsSync(folder) ? readManifest(folder) : null;
  if (!manifest)
    throw new UserError(
      `${folder} is no run folder: there is no run.json in it`,
      'name the folder that `plumbline run … -o <folder>` wrote',
    );
  return manifest;
}

/** A text file written piece by piece and put in its place whole, by `done`; dropped without it. */
export class WholeFile {
  readonly #path: string;
  readonly #temporary: string;
  #file: number;
  #text = '';

  constructor(path: string) {
    makeFolder(dirname(path));
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#file = openSync(this.#temporary, 'w');
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length > 1 << 16) this.#flush();
  }

  done(): void {
    this.#flush();
    closeSync(this.#file);
    this.#file = -1;
    putInPlace(this.#temporary, this.#path);
  }

  [Symbol.dispose](): void {
    if (this.#file >= 0) closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}

/** The lines of a text file that are not empty, read as it goes; none where there is no file. */
export function* linesOf(path: string): Generator<string> {
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  const chunk = Buffer.allocUnsafe(1 << 20);
  let held = Buffer.alloc(0);
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const bytes = Buffer.concat([held, chunk.subarray(0, read)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start))
        if (end > start) yield bytes.toString('utf8', start, end);
      held = bytes.subarray(start);
      if (held.length > longestLine)
        throw new UserError(
          `${path}: a line is longer than ${longestLine >> 20} MB`,
          'the file is damaged; plumbline score writes it anew',
        );
    }
    if (held.length > 0) yield held.toString('utf8');
  } finally {
    closeSync(file);
  }
}

const rowsPath = (folder: string, id: string) => join(folder, 'rows', `${id}.jsonl`);

/** Writes one result and its rows; `make` hands out the rows as they come and returns the result. */
export function writeResult(folder: string, id: string, make: (take: (row: Row) => void) => Result): Result {
  using rows = new WholeFile(rowsPath(folder, id));
  const result = make((row) => rows.write(`${JSON.stringify(row)}\n`));
  rows.done();
  writeWhole(join(folder, 'results', `${id}.json`), `${JSON.stringify(result, null, 1)}\n`);
  return result;
}

/** Ids of the results in a run folder, in order of dimension and name. */
export function resultIds(folder: string): string[] {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  const dimensions = readdirSync(results, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return dimensions.flatMap(({ name }) =>
    readdirSync(join(results, name))
      .filter((file) => file.endsWith('.json'))
      .map((file) => `${name}/${file.slice(0, -5)}`)
      .sort(),
  );
}

/** Reads a result. Throws UserError for what is none, or another's than its place says. */
export function readResult(folder: string, id: string, taken?: Taken): Result {
  const path = join(folder, 'results', `${id}.json`);
  const hint = `plumbline score ${folder} writes it anew`;
  const result = checkedFile<Result>(path, { format: 'plumbline-result/1', schema: resultSchema, hint, taken });
  if (resultIdOf(result) !== id) throw new UserError(`${path}: holds the result of ${resultIdOf(result)}`, hint);
  return result;
}

/** Lines of one result's rows as they stand; none when the run holds none. */
export function rowLines(folder: string, id: string): Generator<string> {
  return linesOf(rowsPath(folder, id));
}

/** The rows of one result; empty when the run holds none. Throws UserError naming a line that is no row. */
export function readRows(folder: string, id: string): Row[] {
  let line = 0;
  return Array.from(rowLines(folder, id), (text) => {
    line++;
    const place = { where: `${rowsPath(folder, id)}:${line}`, hint: `plumbline score ${folder} writes it anew` };
    try {
      return checked<Row>(JSON.parse(text), rowSchema, place);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${place.where}: not a JSON value (${(error as Error).message})`, place.hint);
    }
  });
}

/** Removes results and rows of suites that are not part of the run any more, and what a killed process left half written. */
export function keepOnly(folder: string, ids: readonly string[]): void {
  for (const part of ['results', 'rows'].map((name) => join(folder, name)).filter(existsSync))
    for (const entry of readdirSync(part, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && entry.name.endsWith('.tmp')) rmSync(join(entry.parentPath, entry.name), { force: true });
  for (const id of resultIds(folder)) {
    if (ids.includes(id)) continue;
    rmSync(join(folder, 'results', `${id}.json`), { force: true });
    rmSync(rowsPath(folder, id), { force: true });
  }
}
