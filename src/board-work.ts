/** What a leaderboard has done once a run: read what it keeps of it, and print its page. Shared among processes. */
import { createHash } from 'node:crypto';
import { readManifest, readResult, resultIds } from './engine/run-folder.ts';
import { readSeal } from './engine/seal.ts';
import { sealHash } from './engine/verify.ts';
import { type BoardEntry, type BoardReport, type PageAsk, toldOf } from './kit/board.ts';
import { told } from './kit/page-suite.ts';
import { loadReport } from './load.ts';
import type { About, Prepare } from './shared-work.ts';
import { type ReportFile, type Run, UserError } from './types.ts';
import { wasVerified } from './verified.ts';

export interface BoardGiven {
  readonly cwd: string;
  readonly cacheDir: string;
}
/** About a run's folder. `page`: print it; without it, read what the board keeps. */
export interface BoardPart extends About {
  readonly page?: Omit<PageAsk, 'entry'>;
}
export type BoardMade = { readonly folder: string; readonly entry: BoardEntry } | ReportFile;

/** Hands the bytes of each file to `taken`, by its name. */
function runOf(folder: string, taken: (name: string, bytes: Uint8Array) => void): Run {
  const manifest = readManifest(folder, (bytes) => taken('run.json', bytes));
  if (!manifest) throw new UserError(`${folder}: there is no run.json in it`, 'name run folders');
  const read = (id: string) => told(readResult(folder, id, (bytes) => taken(`results/${id}.json`, bytes)));
  return { manifest, results: resultIds(folder).map(read), async *samples() {} };
}

/** Runs read are kept for their pages until their files come to this many bytes; others are read again. */
const mostKept = 400e6;

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** A run is verified when `verify` said so on this machine, and manifest and results are still those of its seal. */
function verified(folder: string, hashes: ReadonlyMap<string, string>, cacheDir: string): boolean {
  const seal = readSeal(folder);
  if (seal === null || typeof seal === 'string' || !wasVerified(cacheDir, sealHash(folder))) return false;
  return [...hashes].every(([name, hash]) => seal.files[name] === hash);
}

/** The leaderboard's report, which has more than a report's fields. */
export const boardReport = async (cwd: string): Promise<BoardReport> => (await loadReport('leaderboard', cwd)) as unknown as BoardReport;

/** Where this module lies, for the processes that share it. */
export const boardWork = import.meta.url;

const prepare: Prepare<BoardGiven, BoardPart, BoardMade> = async ({ cwd, cacheDir }) => {
  const { printer } = await boardReport(cwd);
  const kept = new Map<string, Run>();
  let bytesKept = 0;
  let print: ReturnType<typeof printer> | undefined;
  const entryOf = (folder: string): BoardEntry => {
    const hashes = new Map<string, string>();
    const run = runOf(folder, (name, bytes) => {
      hashes.set(name, sha256(bytes));
      bytesKept += bytes.length;
    });
    if (bytesKept < mostKept) kept.set(folder, run);
    const digest = sha256([...hashes.values()].join());
    return { manifest: run.manifest, told: toldOf(run), digest, verified: verified(folder, hashes, cacheDir) };
  };
  return async ({ about: folder, page }) => {
    if (page === undefined) return { folder, entry: entryOf(folder) };
    const run = kept.get(folder) ?? runOf(folder, () => {});
    kept.delete(folder);
    print ??= printer();
    return { path: page.path, text: await print(run, page) };
  };
};

export default prepare;
