/** Writes every page of the product, made from made-up runs, into a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import card from '../../reports/card.ts';
import compare from '../../reports/compare.ts';
import leaderboard from '../../reports/leaderboard.ts';
import overview from '../../reports/overview.ts';
import samples from '../../reports/samples.ts';
import scorecard from '../../reports/scorecard.ts';
import { type BoardEntry, type PageAsk, toldOf } from '../../src/kit/board.ts';
import type { ReportFile, Run } from '../../src/types.ts';
import { madeComparison } from './made-comparison.ts';
import { type MadeRun, madeRun, madeSuites } from './made-run.ts';

const now = Date.UTC(2026, 10, 22);

async function write(folder: string, files: AsyncIterable<ReportFile> | readonly ReportFile[]): Promise<void> {
  for await (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Runs of different models, one of them of a base model and one partial. */
export function madeRuns(count: number, bad = ''): Run[] {
  return Array.from({ length: count }, (_, i) => {
    const suites = madeSuites
      .filter((s) => s.invalid === undefined && s.n === undefined)
      .map((s) => ({ ...s, grade: Math.max(0, Math.min(1, (s.grade ?? 0.5) + 0.12 * (i - 2))) }));
    const run = madeRun({ suites, name: `model-${i}`, bad, ...(i === count - 1 ? { limit: 5 } : {}) });
    const { manifest } = run;
    const facts = {
      ...manifest.facts,
      model: { ...manifest.facts.model, fileBytes: 5e7 * 2 ** i, parameters: 1e8 * 2 ** i, quantisation: i % 2 ? 'Q8_0' : 'Q4_1' },
    };
    const model = { ...manifest.model, hash: `${i}${manifest.model.hash}`, protocol: i === 3 ? ('base' as const) : ('instruct' as const) };
    return { ...run, manifest: { ...manifest, facts, model, created: `2026-11-${10 + i}T08:00:00.000Z` } };
  });
}

/** Runs as a leaderboard keeps them. */
export const entryOf = (run: Run): BoardEntry => ({ manifest: run.manifest, told: toldOf(run), digest: '', verified: false });

/** Prints the model pages of these runs. */
export function printerOf(runs: readonly Run[]) {
  const print = leaderboard.printer();
  const byManifest = new Map(runs.map((run) => [run.manifest, run]));
  return async function* (asked: readonly PageAsk[]): AsyncGenerator<ReportFile> {
    for (const page of asked) {
      const run = byManifest.get(page.entry.manifest);
      if (run) yield { path: page.path, text: await print(run, page) };
    }
  };
}

/** Paths of the pages written, relative to the folder. */
export async function writePages(folder: string, made: MadeRun = {}, lang = 'en'): Promise<string[]> {
  const options = { lang, now };
  const run = madeRun(made);
  await write(folder, await scorecard.render(run, options));
  await write(folder, samples.render(run, options));
  await write(folder, await card.render(run, options));
  await write(folder, await overview.render(run, options));
  const other = madeRun({ ...made, name: 'other' });
  await write(folder, await compare.render({ ...run, comparison: madeComparison(run, made.bad), others: [other, other] }, options));
  const runs = madeRuns(6, made.bad);
  const entries = runs.map((r, i) => ({ ...entryOf(r), verified: i === 1 }));
  const site = { ...options, title: `Small models${made.bad ?? ''}`, url: '', known: {} };
  await write(join(folder, 'site'), leaderboard.site(entries, site, printerOf(runs)));
  return ['scorecard.html', 'samples.html', 'card.html', 'overview.html', 'compare.html', 'site/index.html', 'site/compare.html'];
}
