import type { Command as Parser } from 'commander';
import type { Io } from './command.ts';
import { loadRunner } from './load.ts';
import { runnerOptionsOf } from './runner-options.ts';
import { settingsOf } from './settings.ts';
import { type Prompt, type Request, type Response, type Runner, UserError } from './types.ts';

/** What the commands that look at one model by hand (trace, generate, bench) share. */

/** The local runner also answers by token ids; others do not. */
export interface ByHand extends Runner {
  ask?(question: { readonly ask: string; readonly [key: string]: unknown }): Promise<unknown>;
}

/** Collects `name=value` options. */
export function pair(value: string, before: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 1) throw new UserError(`--set ${value}: expected name=value`);
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}

/** Declares the options of opening a model. */
export function modelOptions(parser: Parser): Parser {
  return parser
    .option('--device <name>', 'auto, cpu, cuda, webgpu, dml, coreml (default auto)')
    .option('--system <text>', 'a system prompt')
    .option('--weights <mode>', 'exact (default) or fast: quantised compute')
    .option('--quantize <kind>', 'int8 or int4: look at this variant of the model')
    .option('--adapter <folder>', 'a LoRA adapter (PEFT folder, or GGUF) put on the model')
    .option('--set <name=value>', 'a setting of the runner, such as threads=4; repeatable', pair)
    .option('--offline', 'never open a network connection');
}

/** Opens the model that a command named. */
export async function openByHand(argument: string, options: Readonly<Record<string, unknown>>, io: Io): Promise<ByHand> {
  const settings = await settingsOf(options, io.env, io.cwd);
  const { module, target, settings: implied } = await loadRunner(argument, io.cwd);
  const given = runnerOptionsOf(settings, io, (text) => io.terminal && io.err(`\r${text}`));
  return module.open(target, { ...given, settings: { ...given.settings, ...implied } });
}

/** One request, one answer; UserError when it failed. */
export async function answerOne(
  runner: Runner,
  prompt: Prompt,
  want: Request['want'],
  signal: AbortSignal,
): Promise<Extract<Response, { ok: true }>> {
  for await (const [, response] of runner.answer([{ to: 'target', prompt, want }], signal)) {
    if (response.ok) return response;
    throw new UserError(response.error, undefined, 3);
  }
  throw new UserError('interrupted', undefined, 3);
}

/** One question by token ids; UserError from runners that do not know them. */
export async function askByIds<T>(runner: ByHand, question: { readonly ask: string; readonly [key: string]: unknown }): Promise<T> {
  if (!runner.ask) throw new UserError(`${runner.name} does not answer by token ids`, 'give a text instead, or a local model');
  return (await runner.ask(question)) as T;
}

/** Reads `1,2,3`. */
export function idsOf(text: string): number[] {
  const ids = text.split(',').map((part) => Number(part.trim() || Number.NaN));
  if (ids.some((id) => !Number.isInteger(id) || id < 0)) throw new UserError(`--ids ${text}: expected token ids such as 1,2,3`);
  return ids;
}

/** Reads a whole number that an option was given. */
export function countOf(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UserError(`--${name} ${String(value)}: expected a whole number above 0`);
}
