/**
 * Puts finished runs among the bundled reference results that "is that good?" compares with (reports/reference.json), in place of earlier runs of the same
 * model under the same protocol and preset: `npx tsx test/support/reference-runs.ts <run> [<run> …]` from the repository's root.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Reference, type ReferenceRun, referenceRunOf } from '../../src/kit/page-reference.ts';
import { openRun } from '../../src/open-run.ts';

const path = 'reports/reference.json';
const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('name one or more run folders');

const held = JSON.parse(readFileSync(path, 'utf8')) as Reference;
const added = folders.map((folder) => referenceRunOf(openRun(folder, process.cwd())));
const nameOf = ({ name, protocol, preset }: ReferenceRun): string => [name, protocol, preset].join(' ');
const runs = new Map([...held.runs, ...added].map((run) => [nameOf(run), run]));

/** JSON with one suite a line. */
const written = ({ suites, ...head }: ReferenceRun): string => {
  const lines = Object.entries(suites).map(([id, suite]) => `    ${JSON.stringify(id)}: ${JSON.stringify(suite)}`);
  return `  {${JSON.stringify(head).slice(1, -1)}, "suites": {\n${lines.join(',\n')}\n  }}`;
};
const published = held.published.map((figure) => `  ${JSON.stringify(figure)}`);
writeFileSync(
  path,
  `{\n "runs": [\n${[...runs.values()].map(written).join(',\n')}\n ],\n "published": [\n${published.join(',\n')}\n ]\n}\n`,
);
process.stdout.write(`${[...runs.keys()].join('\n')}\n`);
