import { askByIds, type ByHand, modelOptions, openByHand } from '../by-hand.ts';
import type { Command } from '../command.ts';
import { crossCheck, type Engine } from '../cross-check.ts';
import { type Prompt, UserError } from '../types.ts';

type Ids = { readonly ids: readonly number[] };
/** The local runner tells a prompt's ids to `ask`, llama.cpp's to `show`. */
type Shows = ByHand & { show?(prompt: Prompt): Promise<Ids> };

const engineOf = (runner: Shows): Engine => ({
  ...runner,
  idsOf: async (prompt) => {
    const { ids } = await (runner.show?.(prompt) ?? askByIds<Ids>(runner, { ask: 'prompt', prompt }));
    return ids;
  },
});

const command: Command = {
  describe(parser) {
    modelOptions(parser.argument('<model>', 'a GGUF file'))
      .option(
        '--tolerance <nats>',
        'how far log-probabilities may lie apart on average (default 0.05; 0.15 where the weights are quantised)',
      )
      .option('--json', 'print the findings as JSON')
      .addHelpText(
        'after',
        `
Asks the built-in runner and llama.cpp (node-llama-cpp) the same questions of the same file and compares token ids, log-probabilities, options,
chat rendering and greedy texts. Exit code 0: they agree; 1: they do not.

Example:
  plumbline cross-check model.gguf`,
      );
  },
  async run([argument], options, io) {
    const given = options.tolerance === undefined ? null : Number(options.tolerance);
    if (given !== null && !(given > 0))
      throw new UserError(`--tolerance ${String(options.tolerance)}: expected a number above 0`, '--tolerance 0.05');
    const path = String(argument);
    if (/^\w\w+:/.test(path)) throw new UserError(`${path}: two engines need one file on this machine`, 'plumbline cross-check model.gguf');
    await using other = await openByHand(`llamacpp:${path}`, options, io);
    await using own = await openByHand(path, options, io);
    const { model = {} } = (await other.facts?.()) ?? {};
    const tolerance = given ?? (model.weights === 'quantised' ? 0.15 : 0.05);
    const findings = await crossCheck(engineOf(own), engineOf(other), tolerance, io.signal);
    const agree = findings.every(({ ok }) => ok !== false);
    if (options.json) io.out(`${JSON.stringify({ model: own.name, engines: [own.identity, other.identity], agree, findings })}\n`);
    else {
      io.out(`${own.name}: the built-in runner beside ${String(other.identity.engine)}\n`);
      if (model.weights === 'quantised')
        io.out('  the weights are quantised: llama.cpp rounds what flows between the layers to 8 bits, the built-in runner does not\n');
      for (const { what, ok, detail } of findings) io.out(`${ok === null ? '–' : ok ? '✓' : '✗'} ${what.padEnd(18)}${detail}\n`);
    }
    return agree ? 0 : 1;
  },
};

export default command;
