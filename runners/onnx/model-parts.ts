import { createRequire } from 'node:module';
import { cpus, platform } from 'node:os';
import { speaksOfThinking, thinkingTokensOf } from '../../src/kit/answer-text.ts';
import { type Identity, type Message, UserError } from '../../src/types.ts';
import { weightsHash } from './cache.ts';
import type { Chosen } from './devices.ts';
import type { Opening } from './ipc.ts';
import { chatWith, type Rendered } from './prompts.ts';
import { openTemplate } from './template.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';
import type { TokenizerFiles } from './tokenizer-load.ts';

/** What every opened model has, however its graph is made. */

/** Raised whenever numbers could change with the same files, device and onnxruntime. */
export const engineVersion = 2;

/** How much goes into a run. */
export interface ModelLimits {
  readonly tokens: number;
  readonly rows: number;
  readonly cacheBytes: number;
  readonly requests: number;
}

export interface Hooks {
  readonly say: (message: string) => void;
  readonly progress: (what: string, done: number, total: number) => void;
}

export function limitsOf(opening: Opening, device: Chosen): ModelLimits {
  const fixed = opening.batchSize === 'auto' ? null : Math.max(1, opening.batchSize);
  return {
    // On a processor longer runs gain nothing: the products are as fast with 200 rows as with 2000, and attention grows with the square.
    tokens: Math.max(16, Math.floor((device.device.name === 'cpu' ? 256 : 1024) / opening.shrink)),
    // A step reads all weights however many rows it has: 48 rows cost three times one row (measured on SmolLM2).
    rows: Math.max(1, fixed ?? Math.floor(48 / opening.shrink)),
    cacheBytes: Math.max(64e6, 1.5e9 / opening.shrink),
    requests: fixed ?? Number.POSITIVE_INFINITY,
  };
}

/** How text becomes tokens and conversations become text. */
export interface Speech {
  /** null: a folder without one; only token ids are answered. */
  readonly tokenizer: Tokenizer | null;
  readonly noTokenizer: string;
  /** sha256 of the chat template's source. */
  readonly template: string | null;
  readonly variables: Readonly<Record<string, boolean>>;
  /** null: conversations become transcripts. */
  readonly chat: ((messages: readonly Message[]) => Rendered) | null;
  readonly reasons: boolean;
  /** Tokens of thinking beside an answer's own; 0 where the model does not reason. */
  readonly thinkingTokens: number;
  readonly protocol: 'base' | 'instruct' | 'reasoning';
}

/** Opens tokenizer and template. `--protocol base` leaves the template out. */
export async function openSpeech(files: TokenizerFiles, opening: Opening): Promise<Speech> {
  const { tokenizer, why } = await tokenizerOf(files, opening.cacheDir);
  const variables = variablesOf(opening);
  const wanted = opening.settings.protocol;
  const template = tokenizer && wanted !== 'base' ? openTemplate(files, tokenizer, { variables }) : null;
  const reasons = wanted === 'reasoning' || (template !== null && wanted === undefined && speaksOfThinking(template.source));
  return {
    tokenizer,
    noTokenizer: why,
    template: template?.hash ?? null,
    variables,
    chat: template ? chatWith(template) : null,
    reasons,
    thinkingTokens: reasons ? thinkingTokensOf(opening.settings) : 0,
    protocol: reasons ? 'reasoning' : template || wanted === 'instruct' ? 'instruct' : 'base',
  };
}

async function tokenizerOf(files: TokenizerFiles, cacheDir: string): Promise<{ tokenizer: Tokenizer | null; why: string }> {
  try {
    return { tokenizer: await openTokenizer(files, cacheDir), why: '' };
  } catch (error) {
    if (!(error instanceof UserError) || files.format === 'gguf') throw error;
    return { tokenizer: null, why: `${error.message}${error.hint ? ` (${error.hint})` : ''}` };
  }
}

/** Variables for the chat template: `thinking` switches a reasoning model's thinking on or off. */
function variablesOf({ settings }: Opening): Readonly<Record<string, boolean>> {
  const { thinking } = settings;
  if (thinking === undefined) return {};
  if (thinking !== true && thinking !== false && thinking !== 'true' && thinking !== 'false')
    throw new UserError(`thinking=${thinking}: expected true or false`, '--set thinking=false');
  return { enable_thinking: String(thinking) === 'true' };
}

interface Identified {
  /** Real paths of all files that hold weights. */
  readonly files: readonly string[];
  readonly opening: Opening;
  readonly device: Chosen;
  readonly speech: Speech;
  /** How the weights are computed with: exact, fast … */
  readonly mode: string;
  readonly dtype: string;
  /** sha256 of a LoRA adapter. */
  readonly adapter: string | null;
}

/** All that can change an answer. The batch size cannot. */
export async function identityOf({ files, opening, device, speech, mode, dtype, adapter }: Identified): Promise<Identity> {
  const { variables } = speech;
  return {
    runner: 'onnx',
    weights: await weightsHash(files, opening.cacheDir),
    tokenizer: speech.tokenizer?.hash ?? null,
    template: speech.template,
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(opening.settings.protocol === undefined ? {} : { protocol: opening.settings.protocol }),
    ...(speech.reasons ? { thinkingTokens: speech.thinkingTokens } : {}),
    system: opening.system ?? null,
    mode,
    adapter,
    dtype,
    device: device.device.name,
    onnxruntime: versionOfOrt(),
    engine: engineVersion,
  };
}

function versionOfOrt(): string {
  return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
}

/** Cores that compute: half the threads where each core shows two (x86 with many), all of them elsewhere. */
export function physicalCores(): number {
  const threads = cpus().length;
  return threads >= 8 && platform() !== 'darwin' ? threads / 2 : threads;
}
