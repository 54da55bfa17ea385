import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { visible } from '../kit/visible.ts';
import { type Answered, query, runFoldersBelow } from '../query.ts';
import { UserError } from '../types.ts';

const text = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

function table({ columns, rows }: Answered): string {
  const shown = (value: unknown) => {
    const line = visible(typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : text(value)).replace(/\s+/g, ' ');
    return line.length > 60 ? `${line.slice(0, 59)}…` : line;
  };
  const cells = rows.map((row) => row.map(shown));
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const numeric = columns.map((_, i) => rows.length > 0 && rows.every((row) => row[i] === null || typeof row[i] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].map((row) => `${row}\n`).join('');
}

/** RFC 4180; a cell that a spreadsheet would take for a formula is led by an apostrophe. */
function csv({ columns, rows }: Answered): string {
  const cell = (value: unknown) => {
    const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : text(value);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

const json = ({ columns, rows }: Answered): string =>
  `${JSON.stringify(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))))}\n`;

const forms: Readonly<Record<string, (answered: Answered) => string>> = { table, csv, json };

const command: Command = {
  describe(parser) {
    parser
      .argument('<sql>', "one SELECT over the views runs, results, rows and answers ('-' with --parquet: the views alone)")
      .argument('<folders...>', 'run folders, or folders of run folders')
      .option('--as <form>', 'table, csv or json', 'table')
      .option('--json', 'the same as --as json')
      .option('--parquet <folder>', 'write the views, and the answer, as Parquet files into this folder')
      .addHelpText(
        'after',
        '\nDuckDB answers (npm install @duckdb/node-api). Runs are read, never changed.\n\nExample:\n  plumbline query "select model, suite, value, low, high from results where \\"group\\" is null order by grade" runs/',
      );
  },
  async run([sql, named], options, io) {
    const form = forms[options.json === true ? 'json' : String(options.as)];
    if (!form) throw new UserError(`--as ${String(options.as)}: expected ${Object.keys(forms).join(', ')}`);
    const runs = [...new Set((named as readonly string[]).flatMap((name) => runFoldersBelow(resolve(io.cwd, name))))];
    if (runs.length === 0)
      throw new UserError(`no run in ${(named as readonly string[]).join(', ')}`, 'name run folders, or a folder that holds them');
    const parquet = options.parquet === undefined ? null : resolve(io.cwd, String(options.parquet));
    if (sql === '-' && !parquet) throw new UserError("'-' asks nothing", 'plumbline query - runs/ --parquet out');
    const answered = await query({ runs, sql: sql === '-' ? null : (sql as string), parquet });
    if (answered) io.out(form(answered));
    if (parquet) io.err(`${parquet}\n`);
    return 0;
  },
};

export default command;
