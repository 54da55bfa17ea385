import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
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

/** Writes one result and its rows. */
export function writeResult(folder: string, id: string, result: Result, rows: readonly Row[]): void {
  writeWhole(join(folder, 'results', `${id}.json`), `${JSON.stringify(result, null, 1)}\n`);
  writeWhole(join(folder, 'rows', `${id}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
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

/** The rows of one result; empty when the run holds none. */
export function readRows(folder: string, id: string): Row[] {
  const path = join(folder, 'rows', `${id}.jsonl`);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** Removes results and rows of suites that are not part of the run any more. */
export function keepOnly(folder: string, ids: readonly string[]): void {
  for (const id of resultIds(folder)) {
    if (ids.includes(id)) continue;
    rmSync(join(folder, 'results', `${id}.json`), { force: true });
    rmSync(join(folder, 'rows', `${id}.jsonl`), { force: true });
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
