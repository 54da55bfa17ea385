import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { type Case, scorers } from '../replay/scorers.ts';
import { UserError } from '../types.ts';

export interface Checked {
  readonly id: string;
  readonly published: number | null;
  readonly ours: number | null;
  readonly ok: boolean;
}

function casesOf(path: string): readonly Case[] {
  if (!existsSync(path)) throw new UserError(`${path}: there is no such file`, 'name a case file, for example ../shared/replay/cases.json');
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    if (Array.isArray(value)) return value as Case[];
  } catch (error) {
    throw new UserError(`${path}: not a JSON value (${(error as Error).message})`);
  }
  throw new UserError(`${path}: expected an array of cases`);
}

/** Scores one recording by the benchmark's official rule and compares it with the published value. */
export function checkCase(given: Case, root: string): Checked {
  const score = scorers[given.benchmark];
  if (!score)
    throw new UserError(`case ${given.id}: no scorer for the benchmark '${given.benchmark}'`, `known: ${Object.keys(scorers).join(', ')}`);
  const ours = score(given, root);
  const wanted = given.published ?? given.reproduced ?? null;
  const ok = ours !== null && wanted !== null && Math.abs(ours - wanted) <= given.tolerance + 1e-9;
  return { id: given.id, published: given.published, ours, ok };
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<cases>', 'a case file: recordings of published models with the published scores')
      .option(
        '--root <folder>',
        "the folder that the cases' input paths start at (default: the parent of the folder that holds the case file's folder)",
      )
      .option('--json', 'print an array of {id, published, ours, ok}')
      .addHelpText('after', '\nExample:\n  plumbline replay-check ../shared/replay/cases.json');
  },
  async run([file], options, io) {
    const path = resolve(io.cwd, file as string);
    const root = options.root === undefined ? join(dirname(path), '..', '..') : resolve(io.cwd, String(options.root));
    const cases = casesOf(path);
    const checked = cases.map((given) => ({ given, ...checkCase(given, root) }));
    if (options.json) io.out(`${JSON.stringify(checked.map(({ id, published, ours, ok }) => ({ id, published, ours, ok })))}\n`);
    else {
      const width = Math.max(...checked.map(({ id }) => id.length));
      const number = (value: number | null | undefined) => (value === null || value === undefined ? '–' : value.toFixed(4)).padStart(10);
      for (const { given, id, published, ours, ok } of checked) {
        const wanted = published ?? given.reproduced ?? null;
        io.out(
          `${ok ? '✓' : '✗'} ${id.padEnd(width)} ${number(wanted)}${number(ours)}${number(ours !== null && wanted !== null ? ours - wanted : null)}${published === null ? '  (official rule)' : ''}\n`,
        );
      }
      io.out(`${checked.filter(({ ok }) => ok).length} of ${checked.length} within tolerance\n`);
    }
    return checked.every(({ ok }) => ok) ? 0 : 1;
  },
};

export default command;
