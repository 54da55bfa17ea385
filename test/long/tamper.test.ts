import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plumbline, temporary } from '../support/cli.ts';
import { unnamedTamperings, verdictOf } from '../support/tamper.ts';

it.each([
  ['scripted:mixed:0.3', ['--suite', 'fairness/stereotypes', '--suite', 'reliability/facts', '--preset', 'demo']],
  ['scripted:perfect', ['--suite', 'privacy/secrets', '--suite', 'safety/over-refusal', '--preset', 'demo']],
])('verify names 1,000 changed bytes and records of a run of %s', async (model, suites) => {
  using to = temporary();
  const run = join(to.path, 'r');
  expect((await plumbline(['run', model, ...suites, '--quiet', '-o', run])).code).toBe(0);
  expect((await plumbline(['sign', run, '--new-key', join(to.path, 'own.key')])).code).toBe(0);
  expect(await unnamedTamperings(run, 1000, `long ${model}`)).toEqual([]);
  expect((await verdictOf(run)).verified).toBe(true);
});
