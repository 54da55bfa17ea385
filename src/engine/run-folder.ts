import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { type Manifest, type Result, type Row, UserError } from '../types.ts';

/** A run's folder: run.json, answers.jsonl, results/<dimension>/<suite>.json, rows/<dimension>/<suite>.jsonl and the reports. */
export const answersFile = 'answers.jsonl';
const manifestFile = 'run.json';

/** Makes a folder and those above it. On a read-only file system Node's recursive form says ENOENT; the plain form says why. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') mkdirSync(path);
    throw error;
  }
}

/** Writes a file whole or not at all: to a temporary name beside it, then renamed. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, data);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeWhole(join(folder, manifestFile), `${JSON.stringify(manifest, null, 1)}\n`);
}

/** Reads run.json, or null when the folder has none. */
export function readManifest(folder: string): Manifest | null {
  const path = join(folder, manifestFile);
  if (!existsSync(path)) return null;
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch (error) {
    throw new UserError(`${path}: not a JSON value (${(error as Error).message})`, 'restore the file, or start in a new folder with -o');
  }
  if (manifest.format !== 'plumbline-run/1')
    throw new UserError(
      `${path}: format '${String(manifest.format)}' is not plumbline-run/1`,
      'this run was written by another version of plumbline',
    );
  const inside = (manifest.options?.suites ?? []).find(
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
    renameSync(this.#temporary, this.#path);
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
  const chunk = Buffer.allocUnsafe(1 << 18);
  let held = Buffer.alloc(0);
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const bytes = Buffer.concat([held, chunk.subarray(0, read)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start))
        if (end > start) yield bytes.toString('utf8', start, end);
      held = bytes.subarray(start);
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

export function readResult(folder: string, id: string): Result {
  const path = join(folder, 'results', `${id}.json`);
  const result = JSON.parse(readFileSync(path, 'utf8')) as Result;
  if (result.format !== 'plumbline-result/1')
    throw new UserError(`${path}: format '${String(result.format)}' is not plumbline-result/1`, 'plumbline score writes it anew');
  return result;
}

/** Lines of one result's rows as they stand; none when the run holds none. */
export function rowLines(folder: string, id: string): Generator<string> {
  return linesOf(rowsPath(folder, id));
}

/** The rows of one result; empty when the run holds none. */
export function readRows(folder: string, id: string): Row[] {
  return Array.from(rowLines(folder, id), (line) => JSON.parse(line) as Row);
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

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes the folder for this process; another live process in it is an error. A dead one's lock is taken over. */
export function lock(folder: string): Disposable {
  const path = join(folder, 'run.lock');
  makeFolder(folder);
  for (let tries = 0; ; tries++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 2) throw error;
      const pid = Number(readFileSync(path, 'utf8'));
      if (pid !== process.pid && pid > 0 && alive(pid))
        throw new UserError(`${folder} is in use by process ${pid}`, 'wait for it, or write to another folder with -o');
      rmSync(path, { force: true });
    }
  }
}
