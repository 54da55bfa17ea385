/**
 * A leaderboard of many runs: how long it takes to build, how long until its table is there and sorts in Chromium.
 *   npx tsx test/bench/leaderboard.ts <run folder> [--runs 1000] [--keep]
 * Each run is the given one under another name, with its grades moved a little. Prints Markdown; the peak is the largest process's.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { randomOf } from '../../src/kit/random.ts';
import type { Manifest, Result } from '../../src/types.ts';
import { launch } from '../support/browser.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '1000' }, keep: { type: 'boolean', default: false } },
});
const source = resolve(positionals[0] ?? '');
const count = Number(values.runs);
const folder = mkdtempSync(join(tmpdir(), 'plumbline-board-'));
const cli = resolve(import.meta.dirname, '../../dist/src/cli.js');
const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

const moved = (value: number | null, by: number): number | null => (value === null ? null : Math.min(1, Math.max(0, value + by)));

function resultsIn(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
}

/** One more run: another model's name and hash, other grades. */
function copied(i: number): void {
  const [random, to] = [randomOf(`run ${i}`), join(folder, 'runs', `run-${i}`)];
  mkdirSync(to, { recursive: true });
  cpSync(join(source, 'results'), join(to, 'results'), { recursive: true });
  const manifest = read<Manifest>(join(source, 'run.json'));
  const model = { ...manifest.model, name: `model-${i}`, hash: `${i}`.padStart(8, '0') + manifest.model.hash.slice(8) };
  const shift = 0.3 * (random() - 0.5);
  const profile = manifest.profile.map((p) => ({
    ...p,
    grade: moved(p.grade, shift),
    low: moved(p.low, shift),
    high: moved(p.high, shift),
  }));
  writeFileSync(join(to, 'run.json'), JSON.stringify({ ...manifest, model, profile }));
  for (const path of resultsIn(join(to, 'results'))) {
    const result = read<Result>(join(to, 'results', path));
    const estimates = result.estimates.map((e) => ({
      ...e,
      grade: moved(e.grade, shift),
      gradeLow: moved(e.gradeLow, shift),
      gradeHigh: moved(e.gradeHigh, shift),
    }));
    writeFileSync(join(to, 'results', path), JSON.stringify({ ...result, model: { ...result.model, name: model.name }, estimates }));
  }
}

const built = (): { readonly seconds: number; readonly megabytes: number } => {
  const started = performance.now();
  const peak = join(folder, 'peak');
  const args = ['-f', '%M', '-o', peak, process.execPath, cli, 'leaderboard', join(folder, 'runs'), '-o', join(folder, 'site')];
  execFileSync('/usr/bin/time', args, { stdio: 'ignore' });
  return { seconds: (performance.now() - started) / 1000, megabytes: Number(readFileSync(peak, 'utf8')) / 1024 };
};

interface Waits {
  readonly ready: number;
  readonly sorted: number;
  readonly found: number;
}

/** Medians of five openings, each in a context of its own. */
async function inBrowser(): Promise<Waits> {
  const browser = await launch();
  const opened: Waits[] = [];
  for (let i = 0; i < 5; i++) opened.push(await openedOnce(await (await browser.newContext()).newPage()));
  await browser.close();
  const middle = (of: (waits: Waits) => number) => opened.map(of).sort((a, b) => a - b)[2] ?? 0;
  return { ready: middle(({ ready }) => ready), sorted: middle(({ sorted }) => sorted), found: middle(({ found }) => found) };
}

async function openedOnce(page: Page): Promise<Waits> {
  const started = performance.now();
  await page.goto(pathToFileURL(join(folder, 'site/index.html')).href);
  await page.locator('[data-sort=bytes]').first().waitFor();
  const ready = performance.now() - started;
  // The time until the next frame is painted, as the reader sees it.
  const painted = (work: string) =>
    page.evaluate(
      `new Promise((done) => { const t = performance.now(); ${work}; requestAnimationFrame(() => setTimeout(() => done(performance.now() - t))); })`,
    ) as Promise<number>;
  const sorted = await painted(`document.querySelector('[data-sort=safety]').click()`);
  const found = await painted(
    `const f = document.querySelector('#find'); f.value = 'model-77'; f.dispatchEvent(new Event('input', { bubbles: true }))`,
  );
  await page.close();
  return { ready, sorted, found };
}

try {
  for (let i = 0; i < count; i++) copied(i);
  const [first, again] = [built(), built()];
  const { ready, sorted, found } = await inBrowser();
  const index = statSync(join(folder, 'site/index.html')).size / 1e6;
  console.log(`load ${loadavg()[0]?.toFixed(1)}, ${resultsIn(join(source, 'results')).length} results a run\n`);
  console.log('| runs | built | again | peak | index.html | table there | sorted | filtered |\n|---:|---:|---:|---:|---:|---:|---:|---:|');
  console.log(
    `| ${count} | ${first.seconds.toFixed(1)} s | ${again.seconds.toFixed(1)} s | ${first.megabytes.toFixed(0)} MB | ${index.toFixed(1)} MB | ${ready.toFixed(0)} ms | ${sorted.toFixed(0)} ms | ${found.toFixed(0)} ms |`,
  );
} finally {
  if (values.keep) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
