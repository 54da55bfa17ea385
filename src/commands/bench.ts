import { askByIds, modelOptions, openByHand } from '../by-hand.ts';
import type { Command } from '../command.ts';
import { type Json, UserError } from '../types.ts';

interface Line {
  readonly what: 'prefill' | 'decode';
  readonly length: number;
  readonly rows: number;
  readonly tokensPerSecond: number;
  readonly ms: number;
}

const numbers = (value: unknown, otherwise: readonly number[]): number[] => {
  const list = value === undefined ? [...otherwise] : String(value).split(',').map(Number);
  if (list.some((n) => !Number.isInteger(n) || n < 1)) throw new UserError(`${String(value)}: expected whole numbers such as 64,256`);
  return list;
};
const megabytes = (value: Json | undefined): string => (typeof value === 'number' ? `${Math.round(value / 1e6)} MB` : 'unknown');

const command: Command = {
  describe(parser) {
    modelOptions(parser.argument('<model>', 'a GGUF file, a model folder, hf:org/repo, demo'))
      .option('--lengths <list>', 'prompt lengths in tokens (default 32,128,512)')
      .option('--rows <list>', 'rows decoded together (default 1,4,16)')
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExample:\n  plumbline bench model.gguf --lengths 64,256 --rows 1,8');
  },
  async run([argument], options, io) {
    const [lengths, rows] = [numbers(options.lengths, [32, 128, 512]), numbers(options.rows, [1, 4, 16])];
    const started = performance.now();
    await using runner = await openByHand(argument as string, options, io);
    const openMs = Math.round(performance.now() - started);
    await askByIds(runner, { ask: 'generate', ids: [1], maxTokens: 1, temperature: 0, seed: 1 });
    const firstTokenMs = Math.round(performance.now() - started);
    const lines = await askByIds<readonly Line[]>(runner, { ask: 'bench', lengths, rows });
    const facts = (await runner.facts?.()) ?? {};
    const cost = { openMs, firstTokenMs, ...facts.cost };
    if (options.json) io.out(`${JSON.stringify({ model: runner.name, device: facts.device ?? null, cost, lines })}\n`);
    else {
      io.out(`${runner.name} on ${String(facts.device?.name ?? 'unknown')}\n`);
      io.out(`open ${openMs} ms · first token ${firstTokenMs} ms · peak memory ${megabytes(facts.cost?.peakMemoryBytes)}\n`);
      for (const { what, length, rows: count, tokensPerSecond, ms } of lines)
        io.out(
          what === 'prefill'
            ? `prefill ${String(length).padStart(5)} tokens   ${tokensPerSecond.toFixed(1).padStart(8)} tokens/s  (${ms.toFixed(0)} ms)\n`
            : `decode  ${String(count).padStart(5)} rows     ${tokensPerSecond.toFixed(1).padStart(8)} tokens/s  (${ms.toFixed(0)} ms a step)\n`,
        );
    }
    return 0;
  },
};

export default command;
