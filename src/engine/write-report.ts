import { join, resolve, sep } from 'node:path';
import { loadReport } from '../load.ts';
import type { Run } from '../types.ts';
import { writeWhole } from './run-folder.ts';

export interface WriteOptions {
  /** Where the files go. */
  readonly folder: string;
  readonly cwd: string;
  /** Milliseconds since the epoch that the page shows. */
  readonly now: number;
  readonly lang?: string;
}

/** The time pages show: SOURCE_DATE_EPOCH (seconds), else the run's end. */
export function pageTime(run: Run, env: Readonly<Record<string, string | undefined>>): number {
  const epoch = Number(env.SOURCE_DATE_EPOCH);
  if (env.SOURCE_DATE_EPOCH && Number.isFinite(epoch)) return epoch * 1000;
  return Date.parse(run.manifest.finished ?? run.manifest.created);
}

/** Renders a report and writes its files, none of them outside of the folder; returns the first one's path. */
export async function writeReport(name: string, run: Run, options: WriteOptions): Promise<string> {
  const report = await loadReport(name, options.cwd);
  const files = await report.render(run, { lang: options.lang ?? 'en', now: options.now });
  let first = '';
  for await (const { path, text } of files) {
    const target = resolve(join(options.folder, path));
    if (!target.startsWith(resolve(options.folder) + sep)) throw new Error(`report ${name} wants to write outside of its folder: ${path}`);
    writeWhole(target, text);
    first ||= target;
  }
  return first;
}
