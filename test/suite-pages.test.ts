import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSuites } from '../src/load.ts';
import { root } from './support/cli.ts';
import { pagesFolder, suitePages } from './support/suite-pages.ts';

describe('docs/suites', () => {
  it('is what the suites say: npm run docs writes it again', async () => {
    const pages = await suitePages();
    const there = readdirSync(pagesFolder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => path.replaceAll('\\', '/'));
    expect(there.sort()).toEqual([...pages.keys()].sort());
    for (const [path, text] of pages) expect(readFileSync(join(pagesFolder, path), 'utf8'), path).toBe(text);
  });

  it('says what a good and a bad number mean, in every suite of a dimension where one does', async () => {
    const suites = await loadSuites([], root);
    const begun = new Set(suites.filter(({ means }) => means).map(({ dimension }) => dimension));
    expect(suites.filter(({ dimension, means }) => begun.has(dimension) && !means).map(({ id }) => id)).toEqual([]);
  });

  it('shows no item of a suite that is covered in reports', async () => {
    for (const suite of (await loadSuites([], root)).filter(({ sensitive }) => sensitive)) {
      const page = (await suitePages()).get(`${suite.id}.md`) ?? '';
      expect(page).toContain('Not shown');
      expect(page).not.toContain('Item `');
    }
  });
});
