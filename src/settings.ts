import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { suggestion } from './commands.ts';
import { presets, type RunnerOptions, UserError } from './types.ts';

/** What `run` can be told, by the command line, `plumbline.yaml` or PLUMBLINE_<NAME>, in that order of precedence. */
const count = z.coerce.number().int().positive();
const list = z.union([z.string().transform((text) => text.split(',').map((part) => part.trim())), z.array(z.string())]);
const flag = z.union([z.boolean(), z.enum(['true', 'false', '1', '0', '']).transform((text) => text === 'true' || text === '1')]);

export const settingsSchema = z.strictObject({
  suite: list.optional(),
  preset: z.enum(presets).default('quick'),
  limit: count.optional(),
  only: list.optional(),
  attacks: list.optional(),
  lang: list.default(['en']),
  seed: z.coerce.number().int().nonnegative().default(1),
  device: z.string().default('auto'),
  batchSize: z.union([z.literal('auto'), count]).default('auto'),
  system: z.string().optional(),
  output: z.string().optional(),
  judge: z.string().optional(),
  toxicity: z.string().optional(),
  shard: z.string().optional(),
  offline: flag.default(false),
  retryErrors: flag.default(false),
  quiet: flag.default(false),
  set: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  weights: z.enum(['exact', 'fast']).optional(),
  quantize: z.enum(['int8', 'int4']).optional(),
  adapter: z.string().optional(),
  protocol: z.enum(['base', 'instruct', 'reasoning']).optional(),
  model: list.optional(),
  maxRequests: count.optional(),
  maxTokens: count.optional(),
  maxCost: z.coerce.number().positive().optional(),
  prices: z.string().optional(),
  policy: z.unknown().optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

const longestFile = 1 << 20;
const kebab = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camel = (key: string) => key.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function fromFile(path: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    if (statSync(path).size > longestFile) throw new Error(`longer than ${longestFile} bytes`);
    value = parse(readFileSync(path, 'utf8'), { logLevel: 'error' });
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message.split('\n')[0]}`, 'mend the YAML');
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new UserError(`${path}: expected a mapping of settings`);
  // A file that is a policy alone says nothing about runs.
  if ('rules' in value) return {};
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [camel(key), held]));
}

function fromEnvironment(env: RunnerOptions['env']): Record<string, unknown> {
  const keys = Object.keys(settingsSchema.shape).filter((key) => key !== 'policy' && key !== 'set' && key !== 'model');
  const named = keys.map((key) => [key, env[`PLUMBLINE_${kebab(key).replaceAll('-', '_').toUpperCase()}`]] as const);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** Merges and checks settings. Unknown names are errors with a suggestion. */
export async function settingsOf(options: Readonly<Record<string, unknown>>, env: RunnerOptions['env'], cwd: string): Promise<Settings> {
  const { config, ...line } = options;
  const path = typeof config === 'string' ? resolve(cwd, config) : join(cwd, 'plumbline.yaml');
  if (typeof config === 'string' && !existsSync(path)) throw new UserError(`--config ${config}: there is no such file`);
  const file = existsSync(path) ? await fromFile(path) : {};
  const given = Object.fromEntries(Object.entries(line).filter(([key, value]) => value !== undefined && key in settingsSchema.shape));
  const parsed = settingsSchema.safeParse({ ...fromEnvironment(env), ...file, ...given });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? '');
  if (issue?.code === 'unrecognized_keys') {
    const [unknown = ''] = issue.keys;
    const near = suggestion(unknown, Object.keys(settingsSchema.shape));
    throw new UserError(
      `${path}: there is no setting '${unknown}'${near ? `; did you mean '${near}'?` : ''}`,
      'plumbline run --help names the settings',
    );
  }
  throw new UserError(
    `${key in given ? `--${kebab(key)}` : key in file ? `${path}: ${key}` : `PLUMBLINE_${kebab(key).toUpperCase()}`}: ${issue?.message ?? 'not understood'}`,
    'plumbline run --help shows what is expected',
  );
}

/** `name=value`, repeatable. */
export const pairOption = (value: string, before: Record<string, string> | undefined) => {
  const at = value.indexOf('=');
  if (at < 1) throw new UserError(`--set ${value}: expected name=value`);
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
};

/** Plumbline's cache folder: PLUMBLINE_CACHE, else XDG_CACHE_HOME/plumbline, else ~/.cache/plumbline. */
export function cacheDirOf(env: RunnerOptions['env']): string {
  if (env.PLUMBLINE_CACHE) return resolve(env.PLUMBLINE_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plumbline');
}
