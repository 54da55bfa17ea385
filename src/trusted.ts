/** Which suites' code may be loaded because a run names it: a run folder may come from a stranger, and loading a suite runs it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeWhole } from './engine/run-folder.ts';

/** Whether a suite's file or package may be loaded although nobody named it on the command line. */
export type Trusted = (name: string) => boolean;

const fileIn = (cacheDir: string) => join(cacheDir, 'trusted-suites.json');

function namesIn(cacheDir: string): readonly string[] {
  if (!existsSync(fileIn(cacheDir))) return [];
  try {
    const names = JSON.parse(readFileSync(fileIn(cacheDir), 'utf8')) as unknown;
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

interface Place {
  readonly cacheDir: string;
  readonly cwd: string;
  /** `PLUMBLINE_TRUST_SUITES`: files and packages, separated by commas. */
  readonly named?: string | undefined;
}

/** What somebody has run on this machine, or trusts by the environment. */
export function trustedHere({ cacheDir, cwd, named = '' }: Place): Trusted {
  const here = named.split(',').map((name) => name.trim());
  const known = new Set([...here, ...here.map((name) => resolve(cwd, name)), ...namesIn(cacheDir)]);
  return (name) => known.has(name) || known.has(resolve(cwd, name));
}

/** Remembers code that somebody named on the command line. An unwritable cache only costs naming it again. */
export function trust(cacheDir: string, names: readonly string[]): void {
  const known = namesIn(cacheDir);
  if (names.every((name) => known.includes(name))) return;
  try {
    writeWhole(fileIn(cacheDir), `${JSON.stringify([...new Set([...known, ...names])], null, 1)}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}
