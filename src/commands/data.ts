import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Benchmark } from '../benchmark-sources.ts';
import { benchmarks } from '../benchmarks.ts';
import type { Command, Io } from '../command.ts';
import { suggestion } from '../commands.ts';
import { brokenIn, pulledIn, pullFrom, pullOfficial, type Trust } from '../pull-data.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';

type Options = Readonly<Record<string, unknown>>;

function countIn(folder: string): { readonly files: number; readonly bytes: number } {
  if (!existsSync(folder)) return { files: 0, bytes: 0 };
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.part'),
  );
  return { files: entries.length, bytes: entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) };
}

function benchmarkOf(name: string): Benchmark {
  const benchmark = benchmarks[name];
  if (benchmark) return benchmark;
  const near = suggestion(name, Object.keys(benchmarks));
  throw new UserError(
    `there is no benchmark '${name}'${near ? `; did you mean '${near}'?` : ''}`,
    'plumbline data list shows what there is',
  );
}

const folderOf = (name: string, io: Io): string => join(cacheDirOf(io.env), 'data', name);

/** What the recorded hashes are worth, in words. */
const words: Readonly<Record<Trust, string>> = {
  official: 'the official file (pinned sha256)',
  'first use': 'trusted on first use: no official sha256 is known, this one is recorded and checked from now on',
  changed: 'NOT the official file (its sha256 is another)',
  own: 'taken from your folder: no official sha256 is known',
};

function trusts(target: string): { readonly trust: Trust; readonly count: number }[] {
  const all = Object.values(pulledIn(target)).map(({ trust }) => trust);
  return (Object.keys(words) as Trust[]).flatMap((trust) => {
    const count = all.filter((one) => one === trust).length;
    return count > 0 ? [{ trust, count }] : [];
  });
}

async function pull(name: string, options: Options, io: Io): Promise<string> {
  const benchmark = benchmarkOf(name);
  const target = folderOf(name, io);
  const say = (message: string) => io.err(`${message}\n`);
  say(`${benchmark.title} · licence: ${benchmark.licence} · ${benchmark.cite}`);
  const pulling = { name, benchmark, target, signal: io.signal, env: io.env, say, acceptChanged: options.acceptChanged === true };
  if (options.from !== undefined) await pullFrom(pulling, resolve(io.cwd, String(options.from)));
  else if (options.offline || io.env.HF_HUB_OFFLINE === '1')
    throw new UserError(`${name} is not fetched: --offline`, 'take the files from a folder with --from');
  else await pullOfficial(pulling);
  for (const { trust, count } of trusts(target)) say(`${count} ${count === 1 ? 'file' : 'files'}: ${words[trust]}`);
  return target;
}

async function pullAll(names: readonly string[], options: Options, io: Io): Promise<number> {
  if (names.length === 0) throw new UserError('no benchmark named', 'plumbline data list shows what there is');
  for (const name of names) benchmarkOf(name);
  const places: Record<string, string> = {};
  for (const name of names) places[name] = await pull(name, options, io);
  io.out(
    options.json
      ? `${JSON.stringify(places)}\n`
      : Object.values(places)
          .map((place) => `${place}\n`)
          .join(''),
  );
  return 0;
}

async function verify(named: readonly string[], options: Options, io: Io): Promise<number> {
  const names = named.length > 0 ? named : Object.keys(benchmarks).filter((name) => existsSync(folderOf(name, io)));
  const found: Record<string, readonly string[]> = {};
  for (const name of names) {
    benchmarkOf(name);
    if (!existsSync(folderOf(name, io))) throw new UserError(`${name} is not at hand`, `plumbline data pull ${name}`);
    found[name] = await brokenIn(folderOf(name, io));
  }
  if (options.json) io.out(`${JSON.stringify(found)}\n`);
  else
    for (const [name, problems] of Object.entries(found)) {
      io.out(`${problems.length === 0 ? '✓' : '✗'} ${name}\n`);
      for (const problem of problems) io.out(`  ${problem}\n`);
    }
  return Object.values(found).every((problems) => problems.length === 0) ? 0 : 1;
}

function list(options: Options, io: Io): number {
  const rows = Object.entries(benchmarks).map(([name, { title, licence, cite, home, files, archive }]) => ({
    name,
    title,
    licence,
    cite,
    home,
    fetchable: files.length > 0 || archive !== undefined,
    ...countIn(folderOf(name, io)),
    trust: trusts(folderOf(name, io)),
  }));
  if (options.json) {
    io.out(`${JSON.stringify(rows)}\n`);
    return 0;
  }
  const width = (key: 'name' | 'title') => Math.max(...rows.map((row) => row[key].length));
  for (const { name, title, licence, files, bytes, fetchable, trust } of rows) {
    const state =
      files > 0
        ? `${files} ${files === 1 ? 'file' : 'files'}, ${(bytes / 1e6).toFixed(1)} MB${trust.some((one) => one.trust === 'changed') ? ', NOT all official' : ''}`
        : fetchable
          ? ''
          : 'from a portal: --from <folder>';
    io.out(
      `${files > 0 ? '✓' : '–'} ${name.padEnd(width('name'))}  ${title.padEnd(width('title'))}  ${licence.padEnd(16)}  ${state}`.trimEnd(),
    );
    io.out('\n');
  }
  io.out(`\n${rows.filter(({ files }) => files > 0).length} of ${rows.length} at hand; plumbline data pull <name> brings another\n`);
  return 0;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<action>', 'list, pull, or verify')
      .argument('[benchmark...]', 'which (verify: all at hand)')
      .option('--from <folder>', 'take the files from a folder at hand')
      .option('--accept-changed', 'take a file whose sha256 is not the known one as it is now')
      .option('--offline', 'never open a network connection')
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExample:\n  plumbline data pull truthfulqa\n  plumbline run model.gguf --suite reliability/truthfulqa');
  },
  async run([action, names], options, io) {
    const named = (names as readonly string[] | undefined) ?? [];
    if (action === 'pull') return pullAll(named, options, io);
    if (action === 'verify') return verify(named, options, io);
    if (action === 'list') return list(options, io);
    throw new UserError(`data ${String(action)}: expected list, pull or verify`);
  },
};

export default command;
