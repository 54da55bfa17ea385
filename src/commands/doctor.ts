import { freemem, totalmem } from 'node:os';
import type { Command } from '../command.ts';
import { loadRunners } from '../load.ts';
import { runnerOptionsOf } from '../runner-options.ts';
import { cacheDirOf, settingsOf } from '../settings.ts';
import { version } from '../version.ts';

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

const command: Command = {
  describe(parser) {
    parser.option('--json', 'print JSON').addHelpText('after', '\nExample:\n  plumbline doctor');
  },
  async run(_, options, io) {
    const settings = await settingsOf({}, io.env, io.cwd);
    const runners = await loadRunners();
    const base = [
      { what: 'plumbline', ok: true, detail: version() },
      { what: 'node', ok: true, detail: `${process.version} on ${process.platform} ${process.arch}` },
      { what: 'memory', ok: true, detail: `${gigabytes(freemem())} free of ${gigabytes(totalmem())}` },
      { what: 'cache', ok: true, detail: cacheDirOf(io.env) },
    ];
    const told = await Promise.all(runners.map(async (runner) => (await runner.doctor?.(runnerOptionsOf(settings, io, () => {}))) ?? []));
    const lines = [...base, ...told.flat()];
    if (options.json) io.out(`${JSON.stringify(lines)}\n`);
    else {
      const width = Math.max(...lines.map((line) => line.what.length)) + 2;
      io.out(lines.map((line) => `${line.ok ? '✓' : '–'} ${line.what.padEnd(width)}${line.detail}\n`).join(''));
    }
    return 0;
  },
};

export default command;
