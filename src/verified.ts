import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './engine/run-folder.ts';

/** What `verify` found here, for `leaderboard`: kept in this machine's cache, as a run folder from a stranger could bring anything along. */
interface Verified {
  readonly format: 'plumbline-verified/1';
  /** sha256 of seal.json. */
  readonly seal: string;
  readonly signedBy: string | null;
}

const pathOf = (cacheDir: string, seal: string) => join(cacheDir, 'verified', `${seal}.json`);

/** Remembers that a run with this seal was verified on this machine. */
export function rememberVerified(cacheDir: string, { seal, signedBy }: Pick<Verified, 'seal' | 'signedBy'>): void {
  const made: Verified = { format: 'plumbline-verified/1', seal, signedBy };
  writeWhole(pathOf(cacheDir, seal), `${JSON.stringify(made)}\n`);
}

/** Whether a run with this seal was verified on this machine. */
export function wasVerified(cacheDir: string, seal: string): boolean {
  const path = pathOf(cacheDir, seal);
  if (!existsSync(path)) return false;
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<Verified>;
    return found.format === 'plumbline-verified/1' && found.seal === seal;
  } catch {
    return false;
  }
}
