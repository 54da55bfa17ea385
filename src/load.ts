import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suggestion } from './commands.ts';
import { type Dimension, dimensions, type Report, type RunnerModule, type Suite, UserError } from './types.ts';

/** The only way from the core to suites, runners and reports: by dynamic import of what was named. The folder is the registry. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const ext = extname(fileURLToPath(import.meta.url));

async function importOf<T>(path: string): Promise<T> {
  const module = (await import(pathToFileURL(path).href)) as { default?: T };
  if (module.default === undefined) throw new UserError(`${path} has no default export`, 'export the object as default');
  return module.default;
}

function namesIn(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) =>
      entry.isFile() ? entry.name.endsWith(ext) && !entry.name.endsWith('.d.ts') : existsSync(join(path, entry.name, `index${ext}`)),
    )
    .map((entry) => entry.name.replace(/\.[jt]s$/, ''))
    .sort();
}

/** Ids of the built-in suites, dimension by dimension. */
export function suiteNames(): string[] {
  return dimensions.flatMap((dimension) => namesIn(join('suites', dimension)).map((name) => `${dimension}/${name}`));
}

async function builtIn(id: string): Promise<Suite> {
  return checked(await importOf<Suite>(join(root, 'suites', `${id}${ext}`)), id);
}

/**
 * Loads what `--suite` named: ids, dimensions, paths of .js/.mjs/.ts/.csv/.jsonl files, package names. Nothing named: every suite that is not only run
 * when named. `trusted`: given where a run's manifest names them, not somebody at the command line: other code is refused.
 */
export async function loadSuites(named: readonly string[], cwd: string, trusted?: (name: string) => boolean): Promise<Suite[]> {
  if (named.length === 0) {
    const all = await Promise.all(suiteNames().map(builtIn));
    return all.filter((suite) => !suite.named);
  }
  const lists = await Promise.all(named.map((name) => suitesNamed(name, cwd, trusted)));
  return [...new Map(lists.flat().map((suite) => [suite.id, suite])).values()];
}

/** The code among what `--suite` can name: neither built in nor a file of questions. */
export function codeAmong(named: readonly string[]): string[] {
  const known = suiteNames();
  const builtInAs = (name: string) =>
    known.includes(name) || dimensions.includes(name as Dimension) || known.some((id) => id.endsWith(`/${name}`));
  return named.filter((name) => !builtInAs(name) && !isQuestions(name));
}

const isQuestions = (name: string): boolean => /\.(csv|tsv|jsonl|ndjson)$/i.test(name);

async function suitesNamed(name: string, cwd: string, trusted?: (name: string) => boolean): Promise<Suite[]> {
  const known = suiteNames();
  if (known.includes(name)) return [await builtIn(name)];
  if (dimensions.includes(name as Dimension)) {
    const all = await Promise.all(known.filter((id) => id.startsWith(`${name}/`)).map(builtIn));
    return all.filter((suite) => !suite.named);
  }
  const byLast = known.filter((id) => id.endsWith(`/${name}`));
  if (byLast.length === 1) return [await builtIn(byLast[0] as string)];
  if (isQuestions(name)) {
    const { ownSuite } = await import('./engine/own-suite.ts');
    return [await ownSuite(resolve(cwd, name))];
  }
  if (trusted && !trusted(name))
    throw new UserError(
      `the run names code as a suite (${name}), which is not loaded: it was never run on this machine`,
      `when you know it: PLUMBLINE_TRUST_SUITES=${name}, or run it yourself once`,
    );
  return [await outsider<Suite>(name, cwd, 'suite', known).then((suite) => checked(suite, name))];
}

async function outsider<T>(name: string, cwd: string, what: string, known: readonly string[]): Promise<T> {
  const looksLikePath = name.startsWith('.') || isAbsolute(name) || /\.[cm]?[jt]s$/.test(name);
  if (looksLikePath) {
    const path = resolve(cwd, name);
    if (!existsSync(path))
      throw new UserError(`${what} ${name}: there is no such file`, `give the path of a .js, .mjs or .ts file that exports a ${what}`);
    if (path.endsWith('.ts') && !stripsTypes())
      throw new UserError(
        `${what} ${name}: this Node (${process.version}) does not read TypeScript`,
        'compile it to .js or .mjs, or use Node 22.18 or newer',
      );
    return importOf<T>(path);
  }
  try {
    return await importOf<T>(fileURLToPath(import.meta.resolve(name, pathToFileURL(join(cwd, 'package.json')).href)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND' && !/Cannot find|Invalid/.test(String(error))) throw error;
    const near = suggestion(name, known);
    throw new UserError(
      `there is no ${what} '${name}'${near ? `; did you mean '${near}'?` : ''}`,
      `plumbline list ${what}s shows what there is`,
    );
  }
}

function stripsTypes(): boolean {
  return (
    Boolean((process.features as { typescript?: unknown }).typescript) ||
    process.execArgv.some((arg) => arg.includes('tsx')) ||
    ext === '.ts'
  );
}

function checked(suite: Suite, name: string): Suite {
  const lacks = ['id', 'dimension', 'version', 'title', 'items', 'rounds', 'observe', 'metrics', 'floor'].filter((key) => !(key in suite));
  if (lacks.length > 0) throw new UserError(`suite ${name} lacks ${lacks.join(', ')}`, 'docs/write-a-suite.md shows a whole one');
  if (!/^[a-z]+\/(?!\.\.?$)[^/\\@]+$/.test(suite.id) || !suite.id.startsWith(`${suite.dimension}/`))
    throw new UserError(
      `suite ${name}: the id '${suite.id}' is not '${suite.dimension}/<name>'`,
      'docs/write-a-suite.md shows a whole one',
    );
  return suite;
}

/** Schemes of the runners. */
export function runnerNames(): string[] {
  return namesIn('runners');
}

/** A runner, what it opens, and settings that the scheme stands for. */
export interface Found {
  readonly module: RunnerModule;
  readonly target: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Finds the runner for a model argument; `target` is what the runner opens. A scheme has two letters or more, so `C:\m.gguf` is a path. */
export async function loadRunner(argument: string, cwd: string): Promise<Found> {
  const scheme = /^([a-z][a-z0-9-]+):(.*)$/s.exec(argument);
  if (scheme) {
    const [, name = '', rest = ''] = scheme;
    if (name === 'hf') return { module: await runner('onnx'), target: argument };
    if (name === 'ollama') return { module: await runner('openai'), target: rest, settings: { scheme: 'ollama' } };
    if (runnerNames().includes(name)) {
      const target = name === 'replay' || name === 'classifier' || (name === 'onnx' && !rest.startsWith('hf:')) ? resolve(cwd, rest) : rest;
      return { module: await runner(name), target };
    }
    const near = suggestion(name, [...runnerNames(), 'hf', 'ollama']);
    throw new UserError(
      `there is no runner '${name}:'${near ? `; did you mean '${near}:'?` : ''}`,
      'plumbline list runners shows what there is',
    );
  }
  if (/\.[cm]?[jt]s$/.test(argument)) return { module: await outsider<RunnerModule>(argument, cwd, 'runner', runnerNames()), target: '' };
  const path = resolve(cwd, argument);
  if (!existsSync(path) && (argument === 'demo' || argument === 'gemma')) return { module: await runner('onnx'), target: argument };
  if (!existsSync(path))
    throw new UserError(
      `${argument}: there is no such file or folder`,
      "name a GGUF file, a model folder, 'demo', or a scheme such as hf:org/repo",
    );
  if (statSync(path).isDirectory() && existsSync(join(path, 'answers.jsonl')) && existsSync(join(path, 'run.json')))
    throw new UserError(`${argument} is a run folder, not a model`, `plumbline score ${argument}, or replay:${argument}`);
  return { module: await runner('onnx'), target: path };
}

async function runner(name: string): Promise<RunnerModule> {
  const file = join(root, 'runners', `${name}${ext}`);
  return importOf<RunnerModule>(existsSync(file) ? file : join(root, 'runners', name, `index${ext}`));
}

export async function loadRunners(): Promise<RunnerModule[]> {
  return Promise.all(runnerNames().map(runner));
}

/** Ids of the reports. */
export function reportNames(): string[] {
  return namesIn('reports');
}

/** Loads a report by id, path or package. */
export async function loadReport(name: string, cwd: string): Promise<Report> {
  if (reportNames().includes(name)) return importOf<Report>(join(root, 'reports', `${name}${ext}`));
  return outsider<Report>(name, cwd, 'report', reportNames());
}
