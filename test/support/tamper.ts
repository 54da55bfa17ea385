/** Single changes to a finished run folder, as somebody who wants another result would make them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import verify from '../../src/commands/verify.ts';
import { randomOf } from '../../src/kit/random.ts';
import { keptIo } from './io.ts';

export interface Verdict {
  readonly verified: boolean;
  readonly problems: readonly { readonly where: string; readonly what: string }[];
}

/** What `verify --json` says of a folder, with its exit code. */
export async function verdictOf(
  folder: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Verdict & { readonly code: number }> {
  const io = keptIo(join(folder, '..'));
  const code = await verify.run([[folder]], { json: true, ...options }, io);
  return { ...(JSON.parse(io.said.out) as Verdict), code };
}

type Random = () => number;
const oneOf = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

function byteFlipped(whole: Buffer, random: Random): Buffer {
  const at = Math.floor(random() * whole.length);
  const changed = Buffer.from(whole);
  changed[at] = (changed[at] as number) ^ (1 << Math.floor(random() * 8));
  return changed;
}

/** Another value in the place of one leaf. */
function valueChanged(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0) {
    const at = Math.floor(random() * value.length);
    return random() < 0.2 ? value.toSpliced(at, 1) : value.with(at, valueChanged(value[at], random));
  }
  if (value !== null && typeof value === 'object' && Object.keys(value).length > 0) {
    const key = oneOf(Object.keys(value), random);
    const { [key]: held, ...rest } = value as Record<string, unknown>;
    return random() < 0.2 ? rest : { ...value, [key]: valueChanged(held, random) };
  }
  if (typeof value === 'number') return value === 0 ? 1 : value * (random() < 0.5 ? 1.01 : -1);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return random() < 0.5 ? `${value} ` : value.slice(0, -1) || 'x';
  return value === null ? 0 : null;
}

/** A line that went, came twice, changed places or holds another value. */
function recordChanged(text: string, random: Random): string {
  const lines = text.split('\n').slice(0, -1);
  const at = Math.floor(random() * lines.length);
  const line = lines[at] as string;
  const changes: (() => string[])[] = [() => lines.toSpliced(at, 1), () => lines.toSpliced(at, 0, line)];
  if (lines.length > 1) changes.push(() => lines.toSpliced(at, 1).toSpliced((at + 1) % lines.length, 0, line));
  if (line.startsWith('{')) changes.push(() => lines.with(at, JSON.stringify(valueChanged(JSON.parse(line), random))));
  return `${oneOf(changes, random)().join('\n')}\n`;
}

function changed(file: string, whole: Buffer, random: Random): Buffer {
  if (random() < 0.5) return byteFlipped(whole, random);
  if (/\.json$/.test(file)) return Buffer.from(`${JSON.stringify(valueChanged(JSON.parse(whole.toString()), random), null, 1)}\n`);
  if (/\.(jsonl|leaves)$/.test(file)) return Buffer.from(recordChanged(whole.toString(), random));
  return byteFlipped(whole, random);
}

/** Files that stand for others: what is changed in them is said of what they speak of. */
const speaksOfOthers = /^(seal\.json|answers\.leaves|seal\.dsse\.json)$/;

/** Changes a run folder `count` times, one change at a time, each undone again; returns the changes that verify passed or did not name. */
export async function unnamedTamperings(folder: string, count: number, seed: string): Promise<string[]> {
  const random = randomOf(seed);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const unnamed: string[] = [];
  for (let done = 0; done < count; ) {
    const file = oneOf(files, random);
    const path = join(folder, file);
    const whole = readFileSync(path);
    const now = changed(file, whole, random);
    if (now.equals(whole)) continue;
    done++;
    writeFileSync(path, now);
    const { verified, problems } = await verdictOf(folder);
    const named = problems.some(({ where }) => where.startsWith(file));
    if (verified || problems.length === 0 || !(named || speaksOfOthers.test(file)))
      unnamed.push(`${done} ${file}: ${JSON.stringify(problems.slice(0, 2))}`);
    writeFileSync(path, whole);
  }
  return unnamed;
}
