import type { Command } from '../command.ts';
import { loadRunner } from '../load.ts';
import { checkRunner } from '../runner-contract.ts';
import { runnerOptionsOf } from '../runner-options.ts';
import { settingsOf } from '../settings.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<model>', 'a model argument, or the path of a runner of your own')
      .option('--device <name>', 'device of a local model')
      .option('--tolerance <nats>', 'how far equal log-probabilities may lie apart', '1e-4')
      .option('--json', 'print the checks as JSON')
      .addHelpText('after', '\nExample:\n  plumbline test-runner ./mine.js');
  },
  async run([argument], options, io) {
    const settings = await settingsOf(options, io.env, io.cwd);
    const { module, target, settings: implied } = await loadRunner(argument as string, io.cwd);
    const opened = runnerOptionsOf(settings, io, () => {});
    const checks = await checkRunner(
      module,
      target,
      { ...opened, settings: { ...opened.settings, ...implied } },
      { tolerance: Number(options.tolerance) },
    );
    if (options.json) io.out(`${JSON.stringify(checks)}\n`);
    else for (const { what, ok, detail } of checks) io.out(`${ok === null ? '–' : ok ? '✓' : '✗'} ${what}${detail ? `: ${detail}` : ''}\n`);
    return checks.every(({ ok }) => ok !== false) ? 0 : 1;
  },
};

export default command;
