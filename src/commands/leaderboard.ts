import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BoardGiven, type BoardMade, type BoardPart, boardReport, boardWork } from '../board-work.ts';
import type { Command, Io } from '../command.ts';
import { writeWhole } from '../engine/run-folder.ts';
import type { BoardEntry, PageAsk } from '../kit/board.ts';
import { cacheDirOf } from '../settings.ts';
import { type SharedWork, shareWork } from '../shared-work.ts';
import { type ReportFile, UserError } from '../types.ts';

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
    const given: BoardGiven = { cwd: io.cwd, cacheDir: cacheDirOf(io.env) };
    using work = await shareWork<BoardGiven, BoardPart, BoardMade>(boardWork, given, folders.length);
    const read = await entriesOf(folders, work);
    const known = knownPages(target);
    const site = {
      lang: String(options.lang),
      title: String(options.title),
      url: String(options.url),
      now: timeOf([...read.keys()], io),
      known,
    };
    const { site: filesOf } = await boardReport(io.cwd);
    const files = filesOf([...read.keys()], site, (asked) => printed(asked, read, work));
    let written = 0;
    for await (const { path, text } of files) {
      if (path === 'site.json') removeGone(target, known, String(text));
      writeWhole(join(target, path), text);
      written++;
    }
    io.err(`${read.size} runs, ${written} files written\n`);
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

type Work = SharedWork<BoardPart, BoardMade>;

/** The runs as the leaderboard keeps them, with their folders, in the folders' order. */
async function entriesOf(folders: readonly string[], work: Work): Promise<ReadonlyMap<BoardEntry, string>> {
  const read = new Map<string, BoardEntry>();
  for await (const made of work.each(folders.map((about) => ({ about })))) if ('entry' in made) read.set(made.folder, made.entry);
  return new Map(folders.flatMap((folder) => [read.get(folder)].filter((entry) => entry !== undefined).map((entry) => [entry, folder])));
}

async function* printed(asked: readonly PageAsk[], read: ReadonlyMap<BoardEntry, string>, work: Work): AsyncGenerator<ReportFile> {
  const parts = asked.map(({ entry, ...page }) => ({ about: read.get(entry) ?? '', page }));
  for await (const made of work.each(parts)) if ('path' in made) yield made;
}

function timeOf(entries: readonly BoardEntry[], io: Io): number {
  const epoch = Number(io.env.SOURCE_DATE_EPOCH);
  if (io.env.SOURCE_DATE_EPOCH && Number.isFinite(epoch)) return epoch * 1000;
  return Math.max(0, ...entries.map(({ manifest }) => Date.parse(manifest.finished ?? manifest.created)).filter(Number.isFinite));
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
