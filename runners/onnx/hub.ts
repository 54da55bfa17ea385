import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { UserError } from '../../src/types.ts';
import { writeWhole } from './cache.ts';
import { fetchFile } from './download.ts';
import { chosenFiles } from './hub-files.ts';

export interface PullOptions {
  readonly cacheDir: string;
  readonly offline: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say?: (message: string) => void;
  readonly progress?: (what: string, done: number, total: number) => void;
}

export interface HubTarget {
  readonly repo: string;
  readonly revision: string;
  readonly file: string | undefined;
}

interface HubFile {
  readonly path: string;
  readonly size: number;
  readonly oid?: string;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** How long the hub may take to answer a question before it counts as out of reach. */
const answerMs = 6_000;

/** `hf:org/repo[@revision][:file]`, with or without `hf:`. UserError for anything else. */
export function hubTarget(text: string): HubTarget {
  const match = /^([\w.-]+(?:\/[\w.-]+)?)(?:@([^:]+))?(?::(.+))?$/.exec(text.replace(/^hf:/, ''));
  const [, repo, revision = 'main', file] = match ?? [];
  const inside = file === undefined || !file.split('/').some((part) => part === '..' || part === '');
  if (!repo || repo.includes('..') || revision.includes('..') || !inside) {
    throw new UserError(`${text}: not the name of a repository`, 'write hf:org/repo, hf:org/repo@revision or hf:org/repo:file.gguf');
  }
  return { repo, revision, file };
}

/** Where the hub's own tools keep their downloads; ours lie beside them and theirs are found. */
export function hubCache(env: PullOptions['env']): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  return env.HF_HUB_CACHE ?? env.HUGGINGFACE_HUB_CACHE ?? join(home, 'hub');
}

const truthy = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

/** Fetches a model from the Hugging Face hub into the hub's cache, or finds it there. Returns the path to open: a GGUF file or a folder. */
export async function pullFromHub(text: string, options: PullOptions): Promise<string> {
  const target = hubTarget(text);
  const storage = join(hubCache(options.env), `models--${target.repo.replaceAll('/', '--')}`);
  if (options.offline || truthy(options.env.HF_HUB_OFFLINE)) return fromCache(target, storage, 'the hub is not asked (offline)');
  let listed: { commit: string; files: readonly HubFile[] };
  try {
    listed = await listing(target, options);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = `${endpoint(options)} is out of reach (${reason(error)})`;
    const path = fromCache(target, storage, why);
    options.say?.(`${why}: the copy in the cache is used`);
    return path;
  }
  return fetched({ target, storage, ...listed }, options);
}

const endpoint = (options: PullOptions): string => (options.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '');

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer in ${answerMs / 1000} s`;
  return error.cause instanceof Error
    ? error.cause.message || ((error.cause as NodeJS.ErrnoException).code ?? error.message)
    : error.message;
}

/** The commit a revision stands for and its files. UserError where the hub says no; other errors: it is out of reach. */
async function listing(target: HubTarget, options: PullOptions): Promise<{ commit: string; files: HubFile[] }> {
  const hub = (await import('@huggingface/hub')) as unknown as HubLibrary;
  const asked = {
    hubUrl: endpoint(options),
    fetch: (url: string | URL, init?: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(answerMs) }),
    ...(options.env.HF_TOKEN ? { accessToken: options.env.HF_TOKEN } : {}),
  };
  try {
    const { sha } = await hub.modelInfo({ ...asked, name: target.repo, revision: target.revision, additionalFields: ['sha'] });
    const files: HubFile[] = [];
    for await (const entry of hub.listFiles({ ...asked, repo: target.repo, revision: sha, recursive: true })) {
      if (entry.type === 'file') files.push(entry);
    }
    return { commit: sha, files };
  } catch (error) {
    const status = (error as { readonly statusCode?: unknown }).statusCode;
    if (typeof status !== 'number' || status >= 500) throw error;
    const gated = status === 401 || status === 403;
    throw new UserError(
      `${endpoint(options)}: ${target.repo}@${target.revision} is ${gated ? 'not open to you' : 'not there'} (${status})`,
      gated ? 'check the name; accept the model’s terms on its page and set HF_TOKEN' : 'check the names of repository and revision',
    );
  }
}

interface HubLibrary {
  modelInfo(params: object): Promise<{ readonly sha: string }>;
  listFiles(params: object): AsyncIterable<HubFile & { readonly type: string }>;
}

interface Listed {
  readonly target: HubTarget;
  readonly storage: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
}

async function fetched(listed: Listed, options: PullOptions): Promise<string> {
  const { target, storage, commit } = listed;
  if (!/^[0-9a-f]{40}$/.test(commit))
    throw new UserError(`${endpoint(options)}: answered with no commit for ${target.repo}`, 'check HF_ENDPOINT', 3);
  const byPath = new Map(listed.files.map((file) => [file.path, file]));
  const { files, open } = chosenFiles(target.repo, [...byPath.keys()], target.file);
  const snapshot = join(storage, 'snapshots', commit);
  for (const path of files) {
    const file = byPath.get(path);
    if (!file || path.split('/').some((part) => part === '..' || part === '')) continue;
    if (!existsSync(join(snapshot, path))) await fetchInto(file, { listed, snapshot }, options);
  }
  writeWhole(join(storage, 'refs', target.revision), commit);
  return open === null ? folderToOpen(snapshot, files) : join(snapshot, open);
}

async function fetchInto(file: HubFile, at: { readonly listed: Listed; readonly snapshot: string }, options: PullOptions): Promise<void> {
  const { target, storage, commit } = at.listed;
  const etag = file.lfs?.oid ?? file.oid ?? randomBytes(20).toString('hex');
  if (!/^[0-9a-f]{40,64}$/.test(etag)) throw new UserError(`${target.repo}: ${file.path} has no hash`, 'check HF_ENDPOINT', 3);
  const blob = join(storage, 'blobs', etag);
  const url = `${endpoint(options)}/${target.repo}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
  const progress = (done: number, total: number) => options.progress?.(`fetching ${file.path}`, done, total);
  const check = file.lfs ? { sha256: file.lfs.oid } : file.oid ? { gitOid: file.oid } : {};
  await fetchFile(blob, { url, token: options.env.HF_TOKEN, bytes: file.lfs?.size ?? file.size, ...check, progress });
  link(blob, join(at.snapshot, file.path));
}

/** A relative link as the hub's tools make it; a copy where links are not allowed. */
function link(blob: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  try {
    symlinkSync(relative(dirname(path), blob), path);
  } catch {
    copyFileSync(blob, path);
  }
}

/** ONNX repositories may keep the model in a folder of its own. */
function folderToOpen(snapshot: string, files: readonly string[]): string {
  const genai = files.find((file) => file.endsWith('genai_config.json'));
  return genai === undefined ? snapshot : join(snapshot, dirname(genai));
}

function walk(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix)).flatMap((name) => {
    const path = prefix ? `${prefix}/${name}` : name;
    const stat = statSync(join(folder, path), { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isDirectory() ? walk(folder, path) : [path];
  });
}

/** The model as an earlier pull, or another tool, left it; UserError when it is not there. */
function fromCache(target: HubTarget, storage: string, why: string): string {
  const ref = join(storage, 'refs', target.revision);
  const commit = existsSync(ref) ? readFileSync(ref, 'utf8').trim() : target.revision;
  const snapshot = join(storage, 'snapshots', commit);
  const files = existsSync(snapshot) ? walk(snapshot) : [];
  const wanted = target.file;
  if (files.length === 0 || (wanted !== undefined && !files.includes(wanted))) {
    throw new UserError(
      `hf:${target.repo}${wanted === undefined ? '' : `:${wanted}`}: ${why}, and the cache has no copy`,
      'name a local GGUF file or model folder instead, or fetch the model where the hub can be reached and copy it here',
      3,
    );
  }
  const { open } = chosenFiles(target.repo, files, wanted);
  return open === null ? folderToOpen(snapshot, files) : join(snapshot, open);
}
