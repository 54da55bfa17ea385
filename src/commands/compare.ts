import { join, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { type CompareOptions, comparisonOf, type RunData } from '../decide/compare.ts';
import { openRunData, suitesFor } from '../decide/run-data.ts';
import { writeWhole } from '../engine/run-folder.ts';
import { pageTime } from '../engine/write-report.ts';
import { importedSuite } from '../import/imported.ts';
import type { Comparison, Drift } from '../kit/comparison.ts';
import { comparisonMarkdown, comparisonTerminal } from '../kit/comparison-text.ts';
import { loadReport, reportNames } from '../load.ts';
import { openRun } from '../open-run.ts';
import { readingHere, trustedBy } from '../reading.ts';
import { type Manifest, UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<runs...>', 'run folders: the first is what the others are compared with')
      .option('--margin <grade>', 'a loss of grade that does not matter', '0.03')
      .option('--seed <n>', 'seed of the resampling', '1')
      .option('--drift', 'also open the models and compare their next tokens on a fixed text (local models)')
      .option('--device <name>', 'device for --drift', 'auto')
      .option('--offline', 'never open a network connection')
      .option('--allow-incomplete', 'compare runs that are not complete')
      .option('--as <format>', 'terminal, markdown or json on stdout', 'terminal')
      .option('--json', 'the same as --as json')
      .option('-o, --output <folder>', 'also write comparison.json, comparison.md and the page into this folder')
      .addHelpText('after', '\nExample:\n  plumbline compare runs/base runs/int4 --margin 0.03 -o comparison');
  },
  async run([named], options, io) {
    const folders = (named as readonly string[]).map((name) => resolve(io.cwd, name));
    if (folders.length < 2) throw new UserError('a comparison needs two runs or more', 'plumbline compare runs/base runs/int4');
    const margin = shareOf('--margin', options.margin);
    const runs = folders.map((folder) => openRunData(folder, { incomplete: options.allowIncomplete === true }));
    const comparison = comparisonOf(runs, await compareOptions(runs, { margin, options, io }));
    const as = options.json === true ? 'json' : String(options.as);
    if (options.output !== undefined) await write(resolve(io.cwd, String(options.output)), comparison, folders, io);
    io.out(`${printed(comparison, as, io.columns)}\n`);
    return 0;
  },
};

function shareOf(name: string, value: unknown): number {
  const number = Number(value);
  if (!(number > 0 && number < 1)) throw new UserError(`${name} ${String(value)}: expected a number between 0 and 1`, `${name} 0.03`);
  return number;
}

interface Asked {
  readonly margin: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: Io;
}

async function compareOptions(runs: readonly RunData[], { margin, options, io }: Asked): Promise<CompareOptions> {
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`--seed ${String(options.seed)}: expected a whole number from 0`);
  const first = runs[0] as RunData;
  const ids = [...new Set(first.results.map((result) => result.suite.id))];
  const suites = await suitesFor(ids, first.manifest, { cwd: io.cwd, trusted: trustedBy(io) });
  const drifts =
    options.drift === true
      ? await driftsOf(
          runs.map((run) => run.manifest),
          options,
          io,
        )
      : [];
  return {
    margin,
    seed,
    suiteOf: (id) =>
      suites.get(id) ??
      importedSuite(
        first.results.find((result) => result.suite.id === id),
        first.manifest,
      ),
    drifts,
  };
}

async function driftsOf(manifests: readonly Manifest[], options: Readonly<Record<string, unknown>>, io: Io): Promise<(Drift | null)[]> {
  const { measureDrift } = await import('../decide/measure-drift.ts');
  return measureDrift(manifests, { device: String(options.device), offline: options.offline === true, io });
}

function printed(comparison: Comparison, as: string, columns: number): string {
  if (as === 'json') return JSON.stringify(comparison);
  if (as === 'markdown') return comparisonMarkdown(comparison).trimEnd();
  if (as === 'terminal') return comparisonTerminal(comparison, columns);
  throw new UserError(`--as ${as}: expected terminal, markdown or json`, 'with -o a folder, the page is written as well');
}

async function write(folder: string, comparison: Comparison, folders: readonly string[], io: Io): Promise<void> {
  writeWhole(join(folder, 'comparison.json'), `${JSON.stringify(comparison, null, 1)}\n`);
  writeWhole(join(folder, 'comparison.md'), comparisonMarkdown(comparison));
  if (!reportNames().includes('compare')) return;
  const [run, ...others] = folders.map((name) => openRun(name, io.cwd, readingHere(io)));
  if (!run) return;
  const report = await loadReport('compare', io.cwd);
  for await (const { path, text } of await report.render({ ...run, comparison, others } as typeof run, {
    lang: 'en',
    now: pageTime(run, io.env),
  })) {
    writeWhole(join(folder, path), text);
    io.err(`${join(folder, path)}\n`);
  }
}

export default command;
