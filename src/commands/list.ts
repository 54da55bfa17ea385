import type { Command } from '../command.ts';
import { suggestion } from '../commands.ts';
import { dataIn } from '../data.ts';
import { loadReport, loadRunners, loadSuites, reportNames, suiteNames } from '../load.ts';
import { cacheDirOf } from '../settings.ts';
import { type Data, UserError } from '../types.ts';

const kinds = ['suites', 'runners', 'reports'] as const;

async function suites(data: Data) {
  const all = await loadSuites(suiteNames(), process.cwd());
  return Promise.all(
    all.map(async (suite) => {
      let count = 0;
      let note = '';
      try {
        for await (const _ of await suite.items(data)) count++;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        note = error.hint ?? error.message;
      }
      const { id, title, version, languages, wants, named } = suite;
      return { id, title, version, items: count, languages, wants, named: named ?? false, ...(note && { note }) };
    }),
  );
}

async function reports() {
  const all = await Promise.all(reportNames().map((name) => loadReport(name, process.cwd())));
  return all.map(({ id, title, makes }) => ({ id, title, makes }));
}

async function rowsOf(kind: (typeof kinds)[number], data: Data): Promise<readonly Readonly<Record<string, unknown>>[]> {
  if (kind === 'suites') return suites(data);
  if (kind === 'reports') return reports();
  return (await loadRunners()).map(({ scheme, title, usage }) => ({ id: scheme, title, usage }));
}

function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const keys = Object.keys(rows[0] ?? {}).filter((key) => key !== 'note' && key !== 'named' && key !== 'version');
  const cell = (value: unknown) => (Array.isArray(value) ? value.join(',') : String(value));
  const widths = keys.map((key) => Math.max(...rows.map((row) => cell(row[key]).length)));
  return rows
    .map(
      (row) =>
        `${keys
          .map((key, i) => cell(row[key]).padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}${row.note ? `  (${String(row.note)})` : ''}\n`,
    )
    .join('');
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<what>', kinds.join(', '))
      .argument('[suite]', 'print the page of one suite: what it asks, how it is scored, what its number means')
      .option('--json', 'print a JSON array')
      .addHelpText('after', '\nExamples:\n  plumbline list suites\n  plumbline list suites privacy/secrets');
  },
  async run([what, one], options, io) {
    const kind = kinds.find((known) => known === what);
    if (!kind) {
      const near = suggestion(String(what), kinds);
      throw new UserError(`cannot list '${String(what)}'${near ? `; did you mean '${near}'?` : ''}`, `expected one of ${kinds.join(', ')}`);
    }
    if (one !== undefined) {
      if (kind !== 'suites') throw new UserError(`only suites have pages, not ${kind}`, 'plumbline list suites <id>');
      const { suitePage } = await import('../suite-page.ts');
      const [suite] = await loadSuites([String(one)], io.cwd);
      if (suite) io.out(await suitePage(suite, dataIn(cacheDirOf(io.env))));
      return 0;
    }
    const rows = await rowsOf(kind, dataIn(cacheDirOf(io.env)));
    io.out(options.json ? `${JSON.stringify(rows)}\n` : table(rows));
    return 0;
  },
};

export default command;
