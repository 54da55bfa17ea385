/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launch, violations, watched } from '../support/browser.ts';
import { hostile } from '../support/made-run.ts';
import { writePages } from '../support/made-site.ts';

const folders: Record<'plain' | 'hostile' | 'zh', string> = { plain: '', hostile: '', zh: '' };
const pages = ['scorecard.html', 'samples.html', 'card.html', 'overview.html', 'compare.html', 'site/index.html', 'site/compare.html'];
let browser: Browser;

describe.skipIf(chromiumPath === null)('every page in a real browser', () => {
  beforeAll(async () => {
    browser = await launch();
    for (const name of ['plain', 'hostile', 'zh'] as const) folders[name] = mkdtempSync(join(tmpdir(), `plumbline-${name}-`));
    await writePages(folders.plain, { failed: ['safety/jailbreaks'] });
    await writePages(folders.hostile, { bad: hostile, limit: 8, failed: [`safety/jail${hostile}`] });
    await writePages(folders.zh, {}, 'zh');
  });
  afterAll(async () => {
    await browser?.close();
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true });
  });
  const open = async (folder: string, path: string, options: Parameters<typeof watched>[2] = {}) => {
    const home = pathToFileURL(folder).href;
    const { page, wrong } = await watched(browser, home, options);
    await page.goto(`${home}/${path}`);
    return { page, wrong };
  };

  describe.each(pages)('%s', (path) => {
    test.each(['light', 'dark'] as const)('axe-core finds nothing in the %s theme, with everything opened', async (colorScheme) => {
      const { page, wrong } = await open(folders.plain, path, { colorScheme });
      if (path === 'samples.html') await page.click('.item');
      await page.evaluate(() => {
        for (const box of document.querySelectorAll('details')) box.open = true;
      });
      expect(await violations(page)).toEqual([]);
      expect(wrong).toEqual([]);
      await page.context().close();
    });
    test.each([360, 390, 1400])('nothing overflows at %i px, whatever the texts', async (width) => {
      const { page } = await open(folders.hostile, path, { viewport: { width, height: 800 } });
      await page.evaluate(() => {
        for (const box of document.querySelectorAll('details')) box.open = true;
      });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      await page.context().close();
    });
    test('hostile texts stay texts: no canary, no request, no message', async () => {
      const { page, wrong } = await open(folders.hostile, path);
      if (path === 'samples.html') {
        await page.click('.item');
        await page.waitForSelector('#sample .turn, #sample .coverbar');
        await page.fill('#search', 'peru');
      }
      await page.evaluate(() => {
        for (const box of document.querySelectorAll('details')) box.open = true;
        for (const link of document.querySelectorAll('a')) link.dispatchEvent(new MouseEvent('mouseover'));
      });
      expect(await page.evaluate(() => 'canary' in globalThis)).toBe(false);
      expect(
        await page.evaluate(() =>
          [...document.querySelectorAll('a')].map((a) => a.href).filter((href) => /^(javascript|http):/i.test(href)),
        ),
      ).toEqual([]);
      expect(wrong).toEqual([]);
      const text = await page.evaluate(() => document.body.innerText);
      expect(text).not.toMatch(/[\u202e\u0000\u001b]/);
      await page.context().close();
    });
    test('Chinese: axe-core finds nothing', async () => {
      const { page } = await open(folders.zh, path);
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh');
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });
    test('says something without script', async () => {
      const { page } = await open(folders.plain, path, { javaScriptEnabled: false });
      expect((await page.locator('main').innerText()).length).toBeGreaterThan(20);
      await page.context().close();
    });
  });

  test('from the scorecard: the weakest dimension, how sure, failures to read and how to repeat it, each within two clicks', async () => {
    const { page } = await open(folders.plain, 'scorecard.html');
    const rows = page.locator('.profile .row.dim');
    const grades = await rows.locator('.num').allInnerTexts();
    const weakest = grades
      .map((text, i) => [Number(text), i] as const)
      .filter(([g]) => Number.isFinite(g))
      .sort((a, b) => a[0] - b[0])[0];
    const row = rows.nth(weakest?.[1] ?? 0);
    expect(await row.locator('span.ci').innerText()).toMatch(/^\.\d\d–\.\d\d$/);
    await row.locator('.says a').click();
    expect(await page.locator('details.suite[open]').count()).toBe(1);
    expect(await page.locator('details.suite[open] .sample').count()).toBe(3);
    await expect(page.locator('#repeat ~ .code').first().innerText()).resolves.toContain('plumbline run');
    await page.context().close();
  });

  test('a link to a suite opens it; the theme button turns the theme; covered text shows only when asked', async () => {
    const { page } = await open(folders.plain, 'scorecard.html#privacy-secrets');
    expect(await page.locator('#privacy-secrets').evaluate((e) => (e as HTMLDetailsElement).open)).toBe(true);
    const cover = page.locator('#privacy-secrets .cover').first();
    expect(await cover.locator('.turn').first().isVisible()).toBe(false);
    await cover.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await cover.locator('.turn').first().isVisible()).toBe(true);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await paper();
    await page.click('#theme');
    expect(await paper()).not.toBe(before);
    await page.context().close();
  });

  test('in print every suite is open, covered text is not, and a PDF comes out', async () => {
    const { page } = await open(folders.plain, 'scorecard.html');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#robustness-noise .notes').isVisible()).toBe(true);
    expect(await page.locator('#privacy-secrets .cover .turn').first().isVisible()).toBe(false);
    expect(await page.locator('#theme').isVisible()).toBe(false);
    expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
    await page.context().close();
  });

  test('the card saves as a PNG of 1200 × 630', async () => {
    const { page } = await open(folders.plain, 'card.html');
    await page.waitForSelector('#save:not([hidden])');
    const url = (await page.locator('#save').getAttribute('href')) ?? '';
    const png = Buffer.from(url.split(',')[1] ?? '', 'base64');
    expect([png.subarray(1, 4).toString(), png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual(['PNG', 1200, 630]);
    await page.context().close();
  });
});
