import { askByIds, modelOptions, openByHand } from '../by-hand.ts';
import type { Command } from '../command.ts';
import { type Facts, type Json, UserError } from '../types.ts';

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
      .addHelpText(
        'after',
        '\nPrefill: one prompt of that many tokens. Decode: a new token for each of that many rows, 64 tokens behind each. Medians of three.\n\nExample:\n  plumbline bench model.gguf --lengths 64,256 --rows 1,8',
      );
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
    else io.out(table(runner.name, { facts, lines, cost: { openMs, firstTokenMs } }));
    return 0;
  },
};

interface Benched {
  readonly facts: Facts;
  readonly lines: readonly Line[];
  readonly cost: { readonly openMs: number; readonly firstTokenMs: number };
}

/** What the model is, what it takes, and its speeds, a line each. */
function table(name: string, { facts, lines, cost }: Benched): string {
  const { model = {}, device = {} } = facts;
  const { parameters, quantisation, kvBytesPerToken, weights, fileBytes } = model;
  const millions = typeof parameters === 'number' ? `${Math.round(parameters / 1e6)} M parameters` : null;
  const cache = typeof kvBytesPerToken === 'number' ? `${Math.round(kvBytesPerToken / 1e3)} kB of cache a token` : null;
  const about = [millions, quantisation, `${megabytes(fileBytes)} on disk`, cache, `weights ${String(weights ?? 'unknown')}`];
  const speeds = lines.map(({ what, length, rows, tokensPerSecond, ms }) => [
    what === 'prefill' ? `prefill ${length} tokens` : `decode ${rows} ${rows === 1 ? 'row' : 'rows'}`,
    `${tokensPerSecond.toFixed(1)} tokens/s`,
    what === 'prefill' ? `${ms.toFixed(0)} ms` : `${ms.toFixed(0)} ms a step`,
  ]);
  const width = (column: number): number => Math.max(...speeds.map((row) => row[column]?.length ?? 0));
  const [first, second] = [width(0), width(1)];
  return [
    `${name} on ${String(device.name ?? 'unknown')}`,
    about.filter((each) => each !== null && each !== undefined).join(' · '),
    `open ${cost.openMs} ms · first token ${cost.firstTokenMs} ms · peak memory ${megabytes(facts.cost?.peakMemoryBytes)}`,
    '',
    ...speeds.map(([what = '', speed = '', time = '']) => `${what.padEnd(first)}  ${speed.padStart(second)}  ${time}`),
    '',
  ].join('\n');
}

export default command;
