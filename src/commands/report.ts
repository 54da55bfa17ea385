import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { manifestOf } from '../engine/run-folder.ts';
import { pageTime, writeReport } from '../engine/write-report.ts';
import { addReport } from '../finish.ts';
import { loadReport } from '../load.ts';
import { openRun } from '../open-run.ts';
import { readingHere } from '../reading.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a run folder')
      .option('--as <report>', 'scorecard, markdown, json … (plumbline list reports); default scorecard', 'scorecard')
      .option('--lang <lang>', 'language of the page: en or zh', 'en')
      .option('-o, --output <folder>', 'where the files go (default: the run folder; - prints the first file)')
      .addHelpText('after', '\nExample:\n  plumbline report runs/mine --as markdown -o -');
  },
  async run([name], options, io) {
    const folder = resolve(io.cwd, name as string);
    manifestOf(folder);
    const run = openRun(folder, io.cwd, readingHere(io));
    const as = String(options.as);
    const lang = String(options.lang);
    if (options.output === '-') {
      const report = await loadReport(as, io.cwd);
      for await (const { text } of await report.render(run, { lang, now: pageTime(run, io.env) })) {
        io.out(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'));
        break;
      }
      return 0;
    }
    const target = options.output === undefined ? folder : resolve(io.cwd, String(options.output));
    const write = () => writeReport(as, run, { folder: target, cwd: io.cwd, now: pageTime(run, io.env), lang });
    io.out(`${await (target === folder ? addReport(folder, write) : write())}\n`);
    return 0;
  },
};

export default command;
