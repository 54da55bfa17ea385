/**
 * Takes the pictures of docs/images in a real Chromium: `npx tsx test/support/docs-images.ts <run> [<other run> …]` from the repository's root.
 * The first run gives the scorecard and the sample browser, all of them the leaderboard, the first two the comparison (`plumbline compare` wrote it to `<folder>`
 * when `COMPARISON=<folder>` is set).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { launch } from './browser.ts';

const out = resolve('docs/images');
const runs = process.argv.slice(2).map((path) => resolve(path));
const [first] = runs;
if (first === undefined) throw new Error('name one or more run folders');
const folder = mkdtempSync(join(tmpdir(), 'plumbline-images-'));
const cli = (...args: string[]) => execFileSync(process.execPath, ['dist/src/cli.js', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });

interface Picture {
  readonly name: string;
  readonly page: string;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly open?: string;
}

async function take(browser: Browser, { name, page: path, width = 1100, height = 860, dark = false, open }: Picture): Promise<void> {
  if (!existsSync(join(folder, path.replace(/#.*$/, '')))) return;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  await page.goto(`${pathToFileURL(folder).href}/${path}`);
  await page.waitForTimeout(500);
  if (open) await page.locator(open).first().click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(out, `${name}.png`) });
  await context.close();
}

mkdirSync(out, { recursive: true });
cli('report', first, '--as', 'scorecard', '-o', folder);
cli('report', first, '--as', 'samples', '-o', folder);
cli('leaderboard', ...runs, '-o', join(folder, 'site'));
const [, second] = runs;
if (second) cli('compare', first, second, '-o', join(folder, 'compared'));
const browser = await launch();
const pictures: readonly Picture[] = [
  { name: 'scorecard', page: 'scorecard.html' },
  { name: 'scorecard-dark', page: 'scorecard.html', dark: true },
  { name: 'scorecard-narrow', page: 'scorecard.html', width: 390, height: 844 },
  { name: 'samples', page: 'samples.html', open: '.item' },
  { name: 'leaderboard', page: 'site/index.html' },
  { name: 'compare', page: 'compared/compare.html' },
];
for (const picture of pictures) await take(browser, picture);
await browser.close();
