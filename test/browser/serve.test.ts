/// <reference lib="dom" />
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../../src/serve/server.ts';
import { chromiumPath, launch, violations, watched } from '../support/browser.ts';
import { hostile, madeRun } from '../support/made-run.ts';

let browser: Browser;
let server: Server;
let folder = '';
let home = '';

describe.skipIf(chromiumPath === null)('plumbline serve in a browser', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = mkdtempSync(join(tmpdir(), 'plumbline-live-'));
    const { manifest } = madeRun({ name: `going${hostile}` });
    mkdirSync(join(folder, 'going'));
    writeFileSync(join(folder, 'going/run.json'), JSON.stringify({ ...manifest, finished: null, complete: false, profile: [] }));
    writeFileSync(join(folder, 'going/answers.jsonl'), '{"key":"a"}\n');
    server = await startServer({ folder, cwd: folder, env: {}, lang: 'en', hosts: new Set(['127.0.0.1']), everyMs: 100 }, 0, '127.0.0.1');
    home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers are counted while they come, and the pages are within reach', async () => {
    const { page, wrong } = await watched(browser, home);
    await page.goto(`${home}/`);
    await page.waitForFunction(() => document.querySelector('.answers')?.textContent === '1 answers');
    appendFileSync(join(folder, 'going/answers.jsonl'), '{"key":"b"}\n{"key":"c"}\n');
    await page.waitForFunction(() => document.querySelector('.answers')?.textContent === '3 answers');
    await page.waitForFunction(() => document.querySelector('.rate')?.textContent?.endsWith('a second'));
    expect(await violations(page)).toEqual([]);
    await page.click('#runs th a');
    await page.waitForSelector('h2#profile');
    expect(await page.locator('h1').textContent()).toContain('going');
    expect(await page.evaluate(() => 'canary' in globalThis)).toBe(false);
    expect(wrong).toEqual([]);
    await page.context().close();
  });
});
