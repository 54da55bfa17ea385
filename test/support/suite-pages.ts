/** `npm run docs`: writes docs/suites/ from the suite objects, and docs/dependencies.md from what is installed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadSuites } from '../../src/load.ts';
import { suitePage } from '../../src/suite-page.ts';
import { dimensions } from '../../src/types.ts';
import { root } from './cli.ts';
import { licencePage, neededPackages } from './licences.ts';

export const pagesFolder = join(root, 'docs/suites');

/** Every page by its path in docs/suites: one for each suite that is run without being named, and an index. */
export async function suitePages(): Promise<ReadonlyMap<string, string>> {
  const suites = await loadSuites([], root);
  const pages = new Map<string, string>();
  for (const suite of suites) pages.set(`${suite.id}.md`, await suitePage(suite));
  const lists = dimensions.map((dimension) => {
    const own = suites.filter((suite) => suite.dimension === dimension);
    return `## ${dimension[0]?.toUpperCase()}${dimension.slice(1)}\n\n${own.map(({ id, title }) => `- [${title}](${id}.md)`).join('\n')}`;
  });
  const head =
    'Written from the suites themselves by `npm run docs`; `plumbline list suites <id>` prints the page of any suite, your own too. Suites of public benchmarks: [benchmarks](../benchmarks.md).';
  pages.set('README.md', `# Suites\n\n${head}\n\n${lists.join('\n\n')}\n`);
  return pages;
}

if (process.argv[1]?.endsWith('suite-pages.ts')) {
  rmSync(pagesFolder, { recursive: true, force: true });
  for (const [path, text] of await suitePages()) {
    mkdirSync(dirname(join(pagesFolder, path)), { recursive: true });
    writeFileSync(join(pagesFolder, path), text);
  }
  writeFileSync(join(root, 'docs/dependencies.md'), licencePage(neededPackages()));
}
