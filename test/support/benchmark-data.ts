import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import scripted from '../../runners/scripted.ts';
import { dataIn } from '../../src/data.ts';
import { plansOf } from '../../src/engine/plan.ts';
import { evaluate } from '../../src/evaluate.ts';
import type { Data, Item, Manifest, Preset, Result, Suite } from '../../src/types.ts';
import { runnerOptions } from './scripted.ts';

/** Benchmarks' files as a cache holds them, made up by a test. */
export function madeData(folder: string, benchmark: string, files: Readonly<Record<string, string | Uint8Array>>): Data {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'data', benchmark, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return dataIn(folder);
}

/** A cache whose benchmarks are those of a folder: linked, or copied where links are not allowed. */
export function dataOf(folder: string, cache: string): Data {
  const target = join(cache, 'data');
  if (!existsSync(target))
    try {
      symlinkSync(folder, target, 'dir');
    } catch {
      cpSync(folder, target, { recursive: true });
    }
  return dataIn(cache);
}

export async function itemsOf(suite: Suite, data: Data): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of await suite.items(data)) items.push(item);
  return items;
}

/** Runs one suite on a scripted responder over a benchmark's files. */
export async function runBenchmark(
  persona: string,
  suite: Suite,
  options: { readonly data: Data; readonly folder: string; readonly preset?: Preset; readonly judge?: string },
): Promise<readonly Result[]> {
  const { data, folder, preset = 'quick' } = options;
  const runner = await scripted.open(persona, runnerOptions);
  const choice = { preset, languages: ['all'], limit: null, only: [], shard: null };
  const plans = await plansOf(suite, { ...choice, data });
  const manifest: Manifest['options'] = { ...choice, suites: [suite.id], seed: 1, system: null };
  const { results, manifest: written } = await evaluate({
    folder,
    model: { argument: `scripted:${persona}`, runner },
    judge:
      options.judge === undefined
        ? null
        : { argument: `scripted:${options.judge}`, runner: await scripted.open(options.judge, runnerOptions) },
    plans,
    options: manifest,
    command: [],
    signal: new AbortController().signal,
    now: () => new Date(0),
    say: () => {},
  });
  if (written.failed) throw new Error(`failed: ${JSON.stringify(written.failed)}`);
  return results;
}
