/** Where the real model files of the tests lie: an environment variable each, else the cache that `plumbline pull` fills. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const known = {
  smollm2: { variable: 'PLUMBLINE_SMOLLM2', sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53' },
  gemma: { variable: 'PLUMBLINE_GEMMA', sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818' },
  qwen: { variable: 'PLUMBLINE_QWEN', sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32' },
} as const;
export type RealModel = keyof typeof known;
export const realModelNames = Object.keys(known) as RealModel[];

const cacheFolder = process.env.PLUMBLINE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plumbline');

/** The model's GGUF file; null, said aloud, when it is nowhere. */
export function realModel(name: RealModel): string | null {
  const { variable, sha256 } = known[name];
  const named = process.env[variable];
  if (named !== undefined && existsSync(named)) return named;
  const folder = join(cacheFolder, 'models', sha256);
  const file = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith('.gguf')) : undefined;
  if (file !== undefined) return join(folder, file);
  console.warn(`SKIPPED: tests with the real weights of ${name}: set ${variable} to its GGUF file`);
  return null;
}
