import { answerOne, askByIds, idsOf, modelOptions, openByHand } from '../by-hand.ts';
import type { Command } from '../command.ts';
import { visible } from '../kit/visible.ts';
import { UserError } from '../types.ts';

interface Trace {
  readonly ids: readonly number[];
  readonly logprobs: readonly (number | null)[];
}

const command: Command = {
  describe(parser) {
    modelOptions(parser.argument('<model>', 'a GGUF file, a model folder, hf:org/repo, demo'))
      .option('--text <text>', 'the text; the begin token is added as the model’s tokenizer does')
      .option('--ids <list>', 'token ids instead, as they are: 1,2,3')
      .option('--json', 'print {"ids", "logprobs"}')
      .addHelpText('after', '\nExample:\n  plumbline trace model.gguf --text "The capital of France is Paris."');
  },
  async run([argument], options, io) {
    const { text, ids } = options;
    if ((text === undefined) === (ids === undefined))
      throw new UserError('expected either --text or --ids', 'plumbline trace model.gguf --text "…"');
    const asked = typeof ids === 'string' ? idsOf(ids) : null;
    await using runner = await openByHand(argument as string, options, io);
    const trace = asked
      ? await askByIds<Trace>(runner, { ask: 'trace', ids: asked })
      : await answerOne(runner, text as string, { kind: 'trace' }, io.signal).then(({ ids: found = [], logprobs = [] }) => ({
          ids: found,
          logprobs,
        }));
    if (options.json) io.out(`${JSON.stringify({ ids: trace.ids, logprobs: trace.logprobs })}\n`);
    else {
      const pieces = await askPieces(runner, trace.ids);
      trace.logprobs.forEach((value, i) => {
        io.out(
          `${(value === null ? '–' : value.toFixed(4)).padStart(10)}  ${String(trace.ids[i] ?? '').padStart(7)}  ${visible(pieces[i] ?? '')}\n`,
        );
      });
      const known = trace.logprobs.filter((value) => value !== null);
      if (known.length > 0) {
        const mean = known.reduce((a, b) => a + b, 0) / known.length;
        io.out(`mean ${mean.toFixed(4)} nats a token, perplexity ${Math.exp(-mean).toFixed(3)}\n`);
      }
    }
    return 0;
  },
};

async function askPieces(runner: Parameters<typeof askByIds>[0], ids: readonly number[]): Promise<readonly string[]> {
  return runner.ask ? askByIds<readonly string[]>(runner, { ask: 'pieces', ids }) : [];
}

export default command;
