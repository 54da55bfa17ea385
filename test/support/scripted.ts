import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import scripted from '../../runners/scripted.ts';
import { plansOf } from '../../src/engine/plan.ts';
import { evaluate } from '../../src/evaluate.ts';
import type { Manifest, Preset, Result, RunnerOptions, Suite } from '../../src/types.ts';

export const runnerOptions: RunnerOptions = { seed: 1, cacheDir: tmpdir(), offline: true, env: {}, settings: {}, say: () => {} };

export interface ScriptedOptions {
  readonly preset?: Preset;
  readonly seed?: number;
  readonly languages?: readonly string[];
}

/** Runs suites on a scripted responder in a temporary folder; returns the results. */
export async function runScripted(
  persona: string,
  suites: readonly Suite[],
  { preset = 'quick', seed = 1, languages = ['all'] }: ScriptedOptions = {},
): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  try {
    const runner = await scripted.open(persona, { ...runnerOptions, seed });
    const choice = { preset, languages, limit: null, only: [], shard: null };
    const plans = (await Promise.all(suites.map((suite) => plansOf(suite, choice)))).flat();
    const options: Manifest['options'] = { ...choice, suites: suites.map((suite) => suite.id), seed, system: null };
    const { results, manifest } = await evaluate({
      folder,
      model: { argument: `scripted:${persona}`, runner },
      judge: null,
      plans,
      options,
      command: [],
      signal: new AbortController().signal,
      now: () => new Date(0),
      say: () => {},
    });
    if (manifest.failed) throw new Error(`failed: ${JSON.stringify(manifest.failed)}`);
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
