import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../src/types.ts';

/** The part of node-llama-cpp that is used. It is not installed with plumbline, so its own types are not at hand. */
export interface Library {
  readonly getLlama: (options: {
    readonly gpu: 'auto' | 'cuda' | 'vulkan' | 'metal' | false;
    readonly build: 'never';
    readonly skipDownload: boolean;
    readonly progressLogs: boolean;
    readonly logLevel: 'error' | 'disabled';
    readonly maxThreads?: number;
  }) => Promise<Llama>;
}
export interface Llama {
  readonly gpu: string | false;
  readonly cpuMathCores: number;
  readonly llamaCppRelease: { readonly release: string };
  loadModel(options: { readonly modelPath: string }): Promise<Model>;
  dispose(): Promise<void>;
}
export type Token = number;
export interface Model {
  readonly trainContextSize: number;
  readonly size: number;
  readonly tokens: { readonly bos: Token | null; readonly eos: Token | null; readonly shouldPrependBosToken: boolean };
  readonly fileInfo: {
    readonly metadata: {
      readonly general?: { readonly architecture?: string; readonly file_type?: number };
      readonly tokenizer?: { readonly chat_template?: string };
    };
  };
  tokenize(text: string, specialTokens?: boolean): Token[];
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string;
  isEogToken(token: Token | undefined): boolean;
  createContext(options: {
    readonly sequences: number;
    readonly contextSize: number;
    readonly batchSize: number;
    readonly threads?: number;
  }): Promise<Context>;
}
export interface Context {
  getSequence(): Sequence;
}
interface Scores {
  readonly next: { readonly logits?: Map<Token, number>; readonly totalLogitWeight?: number };
}
export interface Wanted {
  readonly generateNext: {
    /** With `includeMax` the library (3.22) leaves the greatest out where tokens are named; `includeTop: 1` does not. */
    readonly logits: { readonly filter: { readonly tokens: readonly Token[]; readonly includeTop: number } };
    /** Σ exp(logit − greatest logit). */
    readonly totalLogitWeight: true;
  };
}
export interface Sequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  compareContextTokens(tokens: readonly Token[]): { readonly firstDifferentIndex: number };
  eraseContextTokenRanges(ranges: readonly { readonly start: number; readonly end: number }[]): Promise<void>;
  controlledEvaluate(input: readonly (Token | readonly [Token, Wanted])[]): Promise<readonly (Scores | undefined)[]>;
  evaluate(
    tokens: readonly Token[],
    options: {
      readonly temperature: number;
      readonly seed: number;
      readonly topK?: number;
      readonly topP?: number;
      readonly minP?: number;
    },
  ): AsyncIterable<Token>;
}

/** The folder of an installed package, looked for from `from` upwards. */
function packageFrom(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (dirname(folder) === folder) return null;
  }
}

const name = 'node-llama-cpp';

/** Where node-llama-cpp is: beside plumbline, or in the folder that the command was given in. */
export function installed(): { readonly folder: string; readonly version: string } | null {
  const folder = packageFrom(name, import.meta.dirname) ?? packageFrom(name, process.cwd());
  if (folder === null) return null;
  return { folder, version: (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version };
}

/** Loads node-llama-cpp. UserError when it is not installed. */
export async function loadLibrary(): Promise<{ readonly library: Library; readonly version: string }> {
  const found = installed();
  if (!found)
    throw new UserError(
      'llamacpp: needs the package node-llama-cpp, which is not here',
      'npm install node-llama-cpp; a GGUF file alone runs on the built-in runner: plumbline run model.gguf',
    );
  return { library: (await import(pathToFileURL(join(found.folder, 'dist', 'index.js')).href)) as Library, version: found.version };
}
