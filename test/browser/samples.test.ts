/// <reference lib="dom" />
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launch, watched } from '../support/browser.ts';
import { writePages } from '../support/made-site.ts';

let browser: Browser;
let folder = '';

describe.skipIf(chromiumPath === null)('the sample browser', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), 'plumbline-samples-'));
    await writePages(folder, { samples: 2000 });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = async (hash = '') => {
    const home = pathToFileURL(folder).href;
    const { page, wrong } = await watched(browser, home);
    await page.goto(`${home}/samples.html${hash}`);
    await page.waitForSelector('.item');
    return { page, wrong };
  };
  const counted = (text: string | null) => Number(/^\d+/.exec(text ?? '')?.[0] ?? 0);

  test('30,000 samples: a short list, filters, and a search that finds only what holds the words', async () => {
    const { page, wrong } = await open();
    expect(counted(await page.textContent('#count'))).toBe(30_000);
    expect(await page.locator('.item').count()).toBeLessThan(40);
    await page.selectOption('#suite', { label: 'Prompt format' });
    expect(counted(await page.textContent('#count'))).toBe(2000);
    await page.selectOption('#outcome', { label: 'empty' });
    const empty = counted(await page.textContent('#count'));
    expect(empty).toBeGreaterThan(200);
    expect(empty).toBeLessThan(600);
    await page.selectOption('#grade', { label: 'below .5' });
    expect(counted(await page.textContent('#count'))).toBeLessThan(empty);
    await page.selectOption('#outcome', { label: 'all' });
    await page.selectOption('#grade', { label: 'all' });
    await page.fill('#search', 'Question 1999:');
    await page.waitForFunction(() => document.getElementById('count')?.textContent?.startsWith('1 of'));
    await page.click('.item');
    await page.waitForSelector('#sample mark');
    expect(await page.locator('#sample mark').first().innerText()).toBe('Question 1999:');
    expect(wrong).toEqual([]);
    await page.context().close();
  });

  test('a link opens one sample, scrolled to; keys go on from there', async () => {
    const { page } = await open('#reliability%2Fcalibration/item-1500');
    await page.waitForSelector('#sample h3');
    expect(await page.locator('#sample h3').innerText()).toBe('item-1500');
    expect(await page.locator('.item[aria-selected=true]').isVisible()).toBe(true);
    await page.focus('#list');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.querySelector('#sample h3')?.textContent === 'item-1501');
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe('#reliability/calibration/item-1501');
    expect(await page.locator('#sample .options .chosen').innerText()).toContain('no');
    await page.context().close();
  });

  test('sensitive text is covered in list and sample until shown, for this page only', async () => {
    const { page } = await open('#safety/harmful/item-3');
    await page.waitForSelector('.coverbar');
    expect(await page.locator('#sample .turn').count()).toBe(0);
    expect(await page.locator('.item .snippet').first().innerText()).toContain('Covered');
    await page.click('.coverbar');
    await page.waitForSelector('#sample .turn');
    await page.reload();
    await page.waitForSelector('.coverbar');
    await page.context().close();
  });

  test('a page without its files says so', async () => {
    renameSync(join(folder, 'samples'), join(folder, 'gone'));
    const home = pathToFileURL(folder).href;
    const { page } = await watched(browser, home);
    await page.goto(`${home}/samples.html`);
    await page.waitForSelector('#problem:not([hidden])');
    expect(await page.textContent('#problem')).toContain('samples/');
    renameSync(join(folder, 'gone'), join(folder, 'samples'));
    await page.context().close();
  });
});
