import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { thinkingTokensOf } from '../../src/kit/answer-text.ts';
import { type DoctorLine, type Prompt, type Runner, type RunnerModule, type RunnerOptions, UserError } from '../../src/types.ts';
import type { Opening } from './ipc.ts';
import { installed } from './library.ts';
import { EngineProcess } from './process.ts';

/** The runner with what a comparison of engines needs. */
export interface LlamaRunner extends Runner {
  /** A prompt as the model sees it: the text and its token ids. */
  show(prompt: Prompt): Promise<{ readonly text: string; readonly ids: readonly number[] }>;
  readonly pids: () => readonly number[];
}

function numberIn({ settings }: RunnerOptions, name: string): number | null {
  const value = settings[name];
  if (value === undefined) return null;
  if (!(Number(value) > 0)) throw new UserError(`${name}=${value}: expected a number above 0`, `--set ${name}=4`);
  return Number(value);
}

async function open(target: string, options: RunnerOptions): Promise<LlamaRunner> {
  const path = resolve(target);
  if (target === '') throw new UserError('llamacpp: names no file', 'llamacpp:model.gguf');
  if (!existsSync(path) || !statSync(path).isFile())
    throw new UserError(`llamacpp:${target}: there is no such file`, 'llamacpp:model.gguf');
  const opening = {
    path,
    device: options.device ?? 'auto',
    rows: options.batchSize === undefined || options.batchSize === 'auto' ? 4 : options.batchSize,
    context: numberIn(options, 'context'),
    threads: numberIn(options, 'threads'),
    system: options.system,
    protocol: (options.settings.protocol as Opening['protocol'] | undefined) ?? null,
    thinkingTokens: thinkingTokensOf(options.settings),
  };
  const engine = await EngineProcess.open(opening, (numberIn(options, 'timeout') ?? 900) * 1000, options.say);
  const { name, identity, protocol, wants } = engine.about;
  return {
    name,
    identity,
    protocol,
    wants,
    answer: (requests, signal) => engine.answer(requests, signal),
    show: (prompt) => engine.show(prompt),
    render: async (prompt) => (await engine.show(prompt)).text,
    facts: async () => ({ model: engine.about.facts }),
    pids: () => (engine.pid === undefined ? [] : [engine.pid]),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function doctor(): Promise<readonly DoctorLine[]> {
  const found = installed();
  const detail = found ? `node-llama-cpp ${found.version}` : 'needs node-llama-cpp: npm install node-llama-cpp';
  return [{ what: 'llamacpp:', ok: found !== null, detail }];
}

export default {
  scheme: 'llamacpp',
  title: 'A GGUF file in llama.cpp, in a process of its own (needs node-llama-cpp)',
  usage: 'llamacpp:<file.gguf>',
  open,
  doctor,
} satisfies RunnerModule;
