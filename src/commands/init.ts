import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { policyFor } from '../decide/init.ts';
import { openRunData } from '../decide/run-data.ts';
import { writeWhole } from '../engine/run-folder.ts';
import { UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a finished run folder')
      .option('-o, --output <file>', 'where the policy goes (- prints it)', 'plumbline.yaml')
      .option('--force', 'replace a file that is there')
      .addHelpText('after', '\nExample:\n  plumbline init runs/mine && plumbline gate runs/mine');
  },
  async run([name], options, io) {
    const run = openRunData(resolve(io.cwd, name as string), { incomplete: true });
    const policy = policyFor(run);
    if (options.output === '-') {
      io.out(policy);
      return 0;
    }
    const path = resolve(io.cwd, String(options.output));
    if (existsSync(path) && options.force !== true)
      throw new UserError(`${path} is there already`, `plumbline init ${name as string} --force replaces it, -o - prints the policy`);
    writeWhole(path, policy);
    io.out(`${path}\n`);
    return 0;
  },
};

export default command;
