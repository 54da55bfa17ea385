import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { readManifest, readResult, resultIds, writeWhole } from '../engine/run-folder.ts';
import { readSeal } from '../engine/seal.ts';
import { sealHash } from '../engine/verify.ts';
import type { BoardEntry, BoardReport } from '../kit/board.ts';
import { told } from '../kit/page-suite.ts';
import { loadReport } from '../load.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';
import { wasVerified } from '../verified.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<folders...>', 'run folders, or folders of run folders')
      .option('-o, --output <folder>', 'where the site goes', 'site')
      .option('--title <text>', 'the heading of the site', '')
      .option('--url <address>', 'the address the site will have, for the feed', '')
      .option('--lang <lang>', 'language of the pages: en or zh', 'en')
      .addHelpText(
        'after',
        '\nExample:\n  plumbline leaderboard runs -o site --title "Small models"\n\nPages of runs that did not change are left as they are. SOURCE_DATE_EPOCH fixes the date shown.',
      );
  },
  async run([named], options, io) {
    const folders = [...new Set((named as readonly string[]).flatMap((name) => runFoldersIn(resolve(io.cwd, name), io)))].sort();
    const target = resolve(io.cwd, String(options.output));
    const entries = folders.map((folder) => entryOf(folder, cacheDirOf(io.env)));
    const report = (await loadReport('leaderboard', io.cwd)) as unknown as BoardReport;
    const known = knownPages(target);
    const files = report.site(entries, {
      lang: String(options.lang),
      title: String(options.title),
      url: String(options.url),
      now: timeOf(entries, io),
      known,
    });
    let written = 0;
    for await (const { path, text } of files) {
      if (path === 'site.json') removeGone(target, known, String(text));
      writeWhole(join(target, path), text);
      written++;
    }
    io.err(`${entries.length} runs, ${written} files written\n`);
    io.out(`${join(target, 'index.html')}\n`);
    return 0;
  },
};

/** The folder itself when it is a run, else its subfolders that are. */
function runFoldersIn(folder: string, io: Io): string[] {
  if (!existsSync(folder)) throw new UserError(`${folder}: there is no such folder`, 'name run folders, or a folder that holds them');
  if (!statSync(folder).isDirectory()) return [];
  if (existsSync(join(folder, 'run.json'))) return [folder];
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'run.json')))
    .map((entry) => join(folder, entry.name));
  if (inside.length === 0) io.err(`left out: ${folder} holds no run\n`);
  return inside;
}

function entryOf(folder: string, cacheDir: string): BoardEntry {
  const hashes = new Map<string, string>();
  const hashed = (name: string) => (bytes: Uint8Array) => void hashes.set(name, sha256(bytes));
  const manifest = readManifest(folder, hashed('run.json'));
  if (!manifest) throw new UserError(`${folder}: there is no run.json in it`, 'name run folders');
  // A thousand runs are held so.
  const results = resultIds(folder).map((id) => told(readResult(folder, id, hashed(`results/${id}.json`))));
  return {
    run: { manifest, results, async *samples() {} },
    digest: sha256([...hashes.values()].join()),
    verified: verified(folder, hashes, cacheDir),
  };
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** A run is verified when `verify` said so on this machine, and manifest and results are still those of its seal. */
function verified(folder: string, hashes: ReadonlyMap<string, string>, cacheDir: string): boolean {
  const seal = readSeal(folder);
  if (seal === null || typeof seal === 'string' || !wasVerified(cacheDir, sealHash(folder))) return false;
  return [...hashes].every(([name, hash]) => seal.files[name] === hash);
}

function timeOf(entries: readonly BoardEntry[], io: Io): number {
  const epoch = Number(io.env.SOURCE_DATE_EPOCH);
  if (io.env.SOURCE_DATE_EPOCH && Number.isFinite(epoch)) return epoch * 1000;
  return Math.max(0, ...entries.map(({ run }) => Date.parse(run.manifest.finished ?? run.manifest.created)).filter(Number.isFinite));
}

/** Digests of the model pages of an earlier build whose files are still there. */
function knownPages(target: string): Record<string, string> {
  const path = join(target, 'site.json');
  if (!existsSync(path)) return {};
  try {
    const { pages } = JSON.parse(readFileSync(path, 'utf8')) as { pages: Record<string, string> };
    return Object.fromEntries(Object.entries(pages).filter(([page]) => existsSync(join(target, page))));
  } catch {
    return {};
  }
}

/** Removes model pages that an earlier build made and this one does not. */
function removeGone(target: string, known: Readonly<Record<string, string>>, site: string): void {
  const { pages } = JSON.parse(site) as { pages: Record<string, string> };
  for (const page of Object.keys(known))
    if (!(page in pages) && /^models\/[^/]+\/[^/]+\.html$/.test(page)) rmSync(join(target, page), { force: true });
}

export default command;
