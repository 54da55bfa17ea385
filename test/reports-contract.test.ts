import { describe, expect, test } from 'vitest';
import { loadReport, reportNames } from '../src/load.ts';
import { type Run, UserError } from '../src/types.ts';
import { hostile, madeRun, madeSuites } from './support/made-run.ts';

/** Every report must bear every run: nobody registers here, the folder is the registry. */
const runs: readonly (readonly [string, Run])[] = [
  ['a run of every state', madeRun({ failed: ['safety/jailbreaks'] })],
  ['hostile texts in every field', madeRun({ bad: hostile, limit: 3 })],
  ['no results', madeRun({ suites: [] })],
  ['nothing able', madeRun({ suites: madeSuites.map((s) => ({ ...s, state: 'not met' as const })) })],
  [
    'an answer of a million characters',
    madeRun({ suites: madeSuites.slice(0, 1), bad: 'x'.repeat(1_000_000).slice(0, 50_000), samples: 2 }),
  ],
];

describe.each(reportNames())('report %s', (name) => {
  test('is called as its file, with a title and what it makes', async () => {
    const report = await loadReport(name, '/');
    expect(report.id).toBe(name);
    expect(report.title).not.toBe('');
    expect(report.makes).not.toBe('');
  });
  test.each(runs)('bears %s, writes inside its folder, and the same twice', async (_, run) => {
    const report = await loadReport(name, '/');
    const make = async () => {
      const files: [string, string][] = [];
      for await (const { path, text } of await report.render(run, { lang: 'en', now: 0 }))
        files.push([path, Buffer.from(text).toString('base64')]);
      return files;
    };
    // A verdict needs something to judge: those reports say so.
    const files = await make().catch((error: unknown) => {
      if (run.results.length === 0 && error instanceof UserError) return null;
      throw error;
    });
    if (files === null) return;
    expect(files.length).toBeGreaterThan(0);
    for (const [path] of files) expect(path).toMatch(/^(?!.*\.\.)[\p{L}\p{N}_.-]+(\/[\p{L}\p{N}_.-]+)*$/u);
    expect(await make()).toEqual(files);
  });
});
