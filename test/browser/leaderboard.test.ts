import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import leaderboard from '../../reports/leaderboard.ts';
import { chromiumPath, launch, violations, watched } from '../support/browser.ts';
import { entryOf, madeRuns, printerOf, writePages } from '../support/made-site.ts';

let browser: Browser;
let folder = '';

describe.skipIf(chromiumPath === null)('the leaderboard', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), 'plumbline-board-'));
    await writePages(folder);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = async (path: string) => {
    const home = pathToFileURL(folder).href;
    const { page, wrong } = await watched(browser, home);
    await page.goto(`${home}/site/${path}`);
    return { page, wrong };
  };
  const names = 'section.board:first-of-type tbody tr:not([hidden]) th a';

  test('sorts by a column and back, and shows the ranks of that column', async () => {
    const { page, wrong } = await open('index.html');
    const best = await page.locator(names).allInnerTexts();
    expect(best[0]).toBe('model-4');
    const board = page.locator('section.board').first();
    await board.locator('[data-sort=bytes]').click();
    expect(await page.locator(names).allInnerTexts()).toEqual(['model-0', 'model-1', 'model-2', 'model-4']);
    await board.locator('[data-sort=bytes]').click();
    expect((await page.locator(names).allInnerTexts())[0]).toBe('model-4');
    await board.locator('[data-sort=safety]').click();
    expect(await board.locator('th[aria-sort]').innerText()).toContain('Safety');
    expect(await board.locator('[data-sort=rank]').innerText()).toContain('Safety');
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  test('of very many models the first 200 show until all are asked for; without script all are there', async () => {
    const [run] = madeRuns(2);
    if (!run) throw new Error('a run');
    const entries = Array.from({ length: 230 }, (_, i) => {
      const model = { ...run.manifest.model, name: `many-${i}`, hash: `${i}-${run.manifest.model.hash}` };
      const facts = { ...run.manifest.facts, model: { ...run.manifest.facts.model, fileBytes: 1e8 + 1e6 * i } };
      return entryOf({ ...run, manifest: { ...run.manifest, model, facts } });
    });
    const options = { lang: 'en', now: 0, title: 'Many', url: '', known: {} };
    for await (const { path, text } of leaderboard.site(entries, options, printerOf([]))) {
      if (path !== 'index.html') break;
      writeFileSync(join(folder, 'site/many.html'), text);
    }
    const { page, wrong } = await open('many.html');
    expect(await page.locator('tbody tr:visible').count()).toBe(200);
    await page.fill('#find', 'many-229');
    expect(await page.locator('tbody tr:visible').count()).toBe(1);
    await page.fill('#find', '');
    await page.locator('.showall').click();
    expect(await page.locator('tbody tr:visible').count()).toBe(230);
    expect(await violations(page)).toEqual([]);
    expect(wrong).toEqual([]);
    await page.context().close();
    const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await plain.goto(pathToFileURL(join(folder, 'site/many.html')).href);
    expect(await plain.locator('tbody tr:visible').count()).toBe(230);
    await plain.context().close();
  });

  test('filters by name, kind and quantisation; base models have a table of their own; a partial run is kept apart', async () => {
    const { page } = await open('index.html');
    expect(await page.locator('section.board').count()).toBe(2);
    await page.fill('#find', 'model-2');
    expect(await page.locator('tbody tr:not([hidden])').count()).toBe(1);
    await page.fill('#find', '');
    await page.selectOption('[data-filter=quantisation]', 'Q8_0');
    expect(await page.locator(names).allInnerTexts()).toEqual(['model-1']);
    expect(await page.locator('section[aria-labelledby=apart] li').innerText()).toContain('partial');
    expect(await page.locator('tr:has-text("model-1") td').last().innerText()).toContain('✓');
    await page.context().close();
  });

  test('a model page leads back and passes axe-core', async () => {
    const { page, wrong } = await open('index.html');
    await page.locator(names).first().click();
    await page.waitForSelector('h1');
    expect(await page.locator('h1').innerText()).toBe('model-4');
    expect(await violations(page)).toEqual([]);
    await page.locator('.mark a').first().click();
    await page.waitForSelector('table.ranks');
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  test('any two are compared in the browser, by a link of their own', async () => {
    const { page, wrong } = await open('compare.html');
    await page.selectOption('#a', { label: 'model-0' });
    await page.selectOption('#b', { label: 'model-4' });
    await page.waitForSelector('.pair.dim');
    expect(await page.locator('.pair.dim .verdict').first().innerText()).toBe('B surely higher');
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    await page.waitForSelector('.pair.dim');
    expect(await page.locator('#a option:checked').innerText()).toBe('model-0');
    expect(await page.locator('#b option:checked').innerText()).toBe('model-4');
    expect(await violations(page)).toEqual([]);
    expect(wrong.filter((w) => w !== 'request: about:blank')).toEqual([]);
    await page.context().close();
  });
});
