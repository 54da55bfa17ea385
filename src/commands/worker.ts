import { join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { openFleets } from '../fleet/queue.ts';
import { weightsFinder } from '../fleet/weights.ts';
import { work } from '../fleet/work.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .option('--redis <url>', 'redis://host:port (default: PLUMBLINE_REDIS, else redis://127.0.0.1:6379)')
      .option('--lock <seconds>', 'how long a silent worker keeps its part', '30')
      .option(
        '--weights <folder>',
        'a shared folder of model files, found by their content; repeatable',
        (folder, before: string[] | undefined) => [...(before ?? []), folder],
      )
      .option('--until-idle', 'end when there is nothing to do')
      .addHelpText(
        'after',
        '\nTakes parts of dispatched runs, those of the model that is open first.\n\nExample:\n  plumbline worker --redis redis://10.0.0.5:6379',
      );
  },
  async run(_, options, io) {
    const lockMs = Number(options.lock) * 1000;
    if (!(lockMs >= 500)) throw new UserError(`--lock ${String(options.lock)}: expected seconds, at least 0.5`);
    const url = String(options.redis ?? io.env.PLUMBLINE_REDIS ?? 'redis://127.0.0.1:6379');
    await using fleets = await openFleets({ url, lockMs, say: (message) => io.err(`${message}\n`) });
    const shared = ((options.weights ?? []) as readonly string[]).map((folder) => resolve(io.cwd, folder));
    const folders = [...shared, join(cacheDirOf(io.env), 'models')];
    const done = await work({ fleets, io, lockMs, untilIdle: options.untilIdle === true, find: weightsFinder(folders) });
    io.err(`${done} parts done\n`);
    return 0;
  },
};

export default command;
