import { createHash } from 'node:crypto';
import { cpSync, createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { type Benchmark, benchmarks } from '../benchmarks.ts';
import type { Command, Io } from '../command.ts';
import { suggestion } from '../commands.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';

function countIn(folder: string): { readonly files: number; readonly bytes: number } {
  if (!existsSync(folder)) return { files: 0, bytes: 0 };
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { files: entries.length, bytes: entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) };
}

async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  const read = createReadStream(path);
  for await (const part of path.endsWith('.gz') ? read.pipe(createGunzip()) : read) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** Fetches one file, going on where an earlier try stopped; checked by sha256 where one is pinned. */
async function fetched(file: Benchmark['files'][number], target: string, signal: AbortSignal): Promise<void> {
  const partial = `${target}.part`;
  mkdirSync(dirname(target), { recursive: true });
  const have = existsSync(partial) ? statSync(partial).size : 0;
  const reply = await fetch(file.url, { signal, headers: have > 0 ? { range: `bytes=${have}-` } : {} }).catch((error: Error) => {
    throw new UserError(
      `${file.url} cannot be reached (${error.message})`,
      'take the files from a folder: plumbline data pull <benchmark> --from <folder>',
      3,
    );
  });
  if (!reply.ok || !reply.body)
    throw new UserError(
      `${file.url}: ${reply.status} ${reply.statusText}`,
      'take the files from a folder: plumbline data pull <benchmark> --from <folder>',
      3,
    );
  await pipeline(
    Readable.fromWeb(reply.body as ReadableStream),
    createWriteStream(partial, { flags: have > 0 && reply.status === 206 ? 'a' : 'w' }),
  );
  const hash = await contentHash(partial);
  if (file.sha256 !== undefined && hash !== file.sha256) {
    rmSync(partial);
    throw new UserError(
      `${file.url} has sha256 ${hash}, not ${file.sha256}`,
      'the file at that address changed: take the files from a folder with --from',
      3,
    );
  }
  renameSync(partial, target);
}

/** Copies a benchmark's files from a folder that holds them, or that holds a folder of its name. */
function copied(name: string, from: string, target: string): void {
  const source = [join(from, name), from].find((folder) => existsSync(folder) && statSync(folder).isDirectory());
  if (!source) throw new UserError(`--from ${from}: there is no such folder`);
  const temporary = `${target}.${process.pid}.tmp`;
  cpSync(source, temporary, { recursive: true, dereference: true });
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  renameSync(temporary, target);
}

async function pull(name: string, options: Readonly<Record<string, unknown>>, io: Io): Promise<string> {
  const benchmark = benchmarks[name];
  if (!benchmark) {
    const near = suggestion(name, Object.keys(benchmarks));
    throw new UserError(
      `there is no benchmark '${name}'${near ? `; did you mean '${near}'?` : ''}`,
      'plumbline data list shows what there is',
    );
  }
  const target = join(cacheDirOf(io.env), 'data', name);
  io.err(`${benchmark.title}: ${benchmark.licence}; ${benchmark.cite}\n`);
  if (options.from !== undefined) copied(name, resolve(io.cwd, String(options.from)), target);
  else if (options.offline || io.env.HF_HUB_OFFLINE === '1')
    throw new UserError(`${name} is not fetched: --offline`, 'take the files from a folder with --from');
  else if (benchmark.files.length === 0)
    throw new UserError(
      `${name} comes as an archive or from a portal: ${benchmark.home}`,
      `download and unpack it, then: plumbline data pull ${name} --from <folder>`,
    );
  else
    for (const file of benchmark.files) {
      if (existsSync(join(target, file.path)) || existsSync(join(target, `${file.path}.gz`))) continue;
      io.err(`fetching ${file.path}\n`);
      await fetched(file, join(target, file.path), io.signal);
    }
  return target;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<action>', 'list, or pull')
      .argument('[benchmark...]', 'what to pull')
      .option('--from <folder>', 'take the files from a folder at hand')
      .option('--offline', 'never open a network connection')
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExample:\n  plumbline data pull truthfulqa\n  plumbline run model.gguf --suite reliability/truthfulqa');
  },
  async run([action, names], options, io) {
    if (action === 'pull') {
      const wanted = (names as readonly string[] | undefined) ?? [];
      if (wanted.length === 0) throw new UserError('no benchmark named', 'plumbline data list shows what there is');
      const places: Record<string, string> = {};
      for (const name of wanted) places[name] = await pull(name, options, io);
      io.out(
        options.json
          ? `${JSON.stringify(places)}\n`
          : Object.values(places)
              .map((place) => `${place}\n`)
              .join(''),
      );
      return 0;
    }
    if (action !== 'list') throw new UserError(`data ${String(action)}: expected list or pull`);
    const rows = Object.entries(benchmarks).map(([name, { title, licence, home }]) => ({
      name,
      title,
      licence,
      home,
      ...countIn(join(cacheDirOf(io.env), 'data', name)),
    }));
    if (options.json) io.out(`${JSON.stringify(rows)}\n`);
    else
      for (const row of rows)
        io.out(
          `${row.files > 0 ? '✓' : '–'} ${row.name.padEnd(20)} ${row.title} (${row.licence})${row.files > 0 ? `, ${row.files} files, ${(row.bytes / 1e6).toFixed(1)} MB` : ''}\n`,
        );
    return 0;
  },
};

export default command;
