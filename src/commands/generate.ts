import { answerOne, askByIds, countOf, idsOf, modelOptions, openByHand } from '../by-hand.ts';
import type { Command, Io } from '../command.ts';
import { visible } from '../kit/visible.ts';
import { type Prompt, UserError } from '../types.ts';

interface Generated {
  readonly ids: readonly number[] | null;
  readonly text: string;
}

const command: Command = {
  describe(parser) {
    modelOptions(parser.argument('<model>', 'a GGUF file, a model folder, hf:org/repo, demo'))
      .option('--prompt <text>', 'the prompt; the begin token is added as the model’s tokenizer does')
      .option('--ids <list>', 'token ids instead, as they are: 1,2,3')
      .option('--chat', 'the prompt is a user’s message, put into the model’s chat template')
      .option('--max-tokens <n>', 'at most n new tokens (default 64)')
      .option('--temperature <t>', '0 is greedy (default)')
      .option('--seed <n>', 'seed of sampling (default 1)')
      .option('--json', 'print {"ids", "text"}: the new tokens, with the end token if it came, and the text without special tokens')
      .addHelpText('after', '\nExample:\n  plumbline generate model.gguf --chat --prompt "What is the capital of Italy?"');
  },
  async run([argument], options, io) {
    const { prompt, ids } = options;
    if ((prompt === undefined) === (ids === undefined))
      throw new UserError('expected either --prompt or --ids', 'plumbline generate model.gguf --prompt "…"');
    if (ids !== undefined && options.chat) throw new UserError('--chat goes with --prompt', 'leave --chat out');
    const asked = typeof ids === 'string' ? idsOf(ids) : null;
    const temperature = Number(options.temperature ?? 0);
    if (!(temperature >= 0 && temperature <= 100))
      throw new UserError(`--temperature ${String(options.temperature)}: expected a number from 0`);
    const drawn = { maxTokens: countOf('max-tokens', options.maxTokens, 64), temperature, seed: Number(options.seed ?? 1) };
    await using runner = await openByHand(argument as string, options, io);
    const made = await generated(
      runner,
      { prompt: options.chat ? [{ role: 'user', content: String(prompt) }] : String(prompt), asked, drawn },
      io,
    );
    io.out(options.json ? `${JSON.stringify(made)}\n` : `${visible(made.text)}\n`);
    return 0;
  },
};

interface Asked {
  readonly prompt: Prompt;
  readonly asked: readonly number[] | null;
  readonly drawn: { readonly maxTokens: number; readonly temperature: number; readonly seed: number };
}

async function generated(runner: Parameters<typeof askByIds>[0], { prompt, asked, drawn }: Asked, io: Io): Promise<Generated> {
  if (asked === null && !runner.ask)
    return { ids: null, text: (await answerOne(runner, prompt, { kind: 'text', ...drawn }, io.signal)).text };
  const start = asked ?? (await askByIds<{ ids: readonly number[] }>(runner, { ask: 'prompt', prompt })).ids;
  const { ids, text } = await askByIds<{ ids: readonly number[]; text: string }>(runner, { ask: 'generate', ids: start, ...drawn });
  return { ids, text };
}

export default command;
