import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { answerText, budgetOf, type Endings, endsWith, speaksOfThinking } from '../../src/kit/answer-text.ts';
import { sha256 } from '../../src/kit/key.ts';
import { type Request, type Response, UserError } from '../../src/types.ts';
import type { About, Opening } from './ipc.ts';
import { type Context, type Llama, loadLibrary, type Model, type Sequence, type Token, type Wanted } from './library.ts';
import { type Prompts, promptsOf, type Shown } from './prompts.ts';

/** Six decimals: below what float32 carries, and short in the recording. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
const failure = (error: string): Response => ({ ok: false, error });

interface Place {
  readonly sequence: Sequence;
  readonly request: Request;
  readonly shown: Shown;
  readonly stopped: () => boolean;
}

/** A model in llama.cpp, with as many sequences as texts are generated side by side; scores are computed in the first alone. */
export class Engine {
  readonly about: About;
  readonly #model: Model;
  readonly #prompts: Prompts;
  readonly #sequences: readonly Sequence[];
  readonly #context: number;
  /** Tokens of thinking beside an answer's own. */
  readonly #thinking: number;

  private constructor(
    model: Model,
    prompts: Prompts,
    about: About,
    { sequences, context, thinking }: { sequences: readonly Sequence[]; context: number; thinking: number },
  ) {
    this.#model = model;
    this.#prompts = prompts;
    this.about = about;
    this.#sequences = sequences;
    this.#context = context;
    this.#thinking = about.protocol === 'reasoning' ? thinking : 0;
  }

  static async open(opening: Opening): Promise<Engine> {
    const { library, version } = await loadLibrary();
    const llama = await library.getLlama({
      gpu: gpuOf(opening.device),
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel: 'error',
      ...(opening.threads !== null && { maxThreads: opening.threads }),
    });
    const model = await loaded(llama, opening.path);
    const context = Math.min(opening.context ?? 4096, model.trainContextSize);
    // Threads beyond the cores wait for each other in a circle: the library's own default is several times slower on two cores.
    const threads = opening.threads ?? llama.cpuMathCores;
    const made: Context = await model.createContext({ sequences: opening.rows, contextSize: context, batchSize: 512, threads });
    const sequences = Array.from({ length: opening.rows }, () => made.getSequence());
    const prompts = promptsOf(model, opening);
    return new Engine(model, prompts, await aboutOf(opening, { llama, model, prompts, version }), {
      sequences,
      context,
      thinking: opening.thinkingTokens,
    });
  }

  show(prompt: Request['prompt']): { readonly text: string; readonly ids: readonly Token[] } {
    const { text, encode } = this.#prompts.show(prompt);
    return { text, ids: encode(text) };
  }

  /** Answers requests: scores one after the other, texts side by side. */
  async answer(
    requests: readonly (readonly [number, Request])[],
    tell: (index: number, response: Response) => void,
    stopped: () => boolean,
  ): Promise<void> {
    const [first] = this.#sequences;
    const texts = requests.filter(([, { want }]) => want.kind === 'text');
    const one = async ([index, request]: readonly [number, Request], sequence: Sequence) => {
      const response = await this.#one(request, sequence, stopped);
      // What was stopped half-way is no answer.
      if (!stopped() || request.want.kind !== 'text') tell(index, response);
    };
    for (const asked of requests) {
      if (stopped()) return;
      if (asked[1].want.kind !== 'text' && first) await one(asked, first);
    }
    const work = async (sequence: Sequence) => {
      for (let next = texts.shift(); next && !stopped(); next = texts.shift()) await one(next, sequence);
    };
    await Promise.all(this.#sequences.map(work));
  }

  async #one(request: Request, sequence: Sequence, stopped: () => boolean): Promise<Response> {
    const started = performance.now();
    let shown: Shown;
    try {
      shown = this.#prompts.show(request.prompt);
    } catch (error) {
      return failure(`the chat template refuses this conversation: ${(error as Error).message}`);
    }
    const { kind } = request.want;
    const place = { sequence, request, shown, stopped };
    const ask = { text: this.#text, choice: this.#choice, trace: this.#trace, next: this.#next }[kind];
    const response = await ask.call(this, place);
    return response.ok ? { ...response, ms: Math.round(performance.now() - started) } : response;
  }

  #tooLong(tokens: number): Response | null {
    return tokens <= this.#context
      ? null
      : failure(`the prompt has ${tokens} tokens, the context holds ${this.#context}: --set context=${tokens}`);
  }

  /** Scores of `ids` from place `from` on: of each the log-probability after those before it. What the sequence holds already is not computed again. */
  async #scores(sequence: Sequence, ids: readonly Token[], from: number): Promise<number[]> {
    const read = ids.slice(0, -1);
    const wanted = ids.map(
      (id): Wanted => ({ generateNext: { logits: { filter: { tokens: [id], includeTop: 1 } }, totalLogitWeight: true } }),
    );
    const start = await heldUpTo(sequence, read, from - 1);
    const input = read.slice(start).map((id, i) => (start + i + 1 >= from ? ([id, wanted[start + i + 1] as Wanted] as const) : id));
    const scores = await sequence.controlledEvaluate(input);
    return ids.slice(from).map((id, i) => logprobsIn(scores[from - 1 - start + i])(id));
  }

  async #choice({ sequence, request, shown }: Place): Promise<Response> {
    const options = request.want.kind === 'choice' ? request.want.options : [];
    const pairs = options.map((option) => this.#prompts.pair(shown, option));
    const long = this.#tooLong(Math.max(0, ...pairs.map(({ context, continuation }) => context.length + continuation.length)));
    if (long) return long;
    const logprobs: number[] = [];
    for (const { context, continuation } of pairs) {
      const scores = continuation.length === 0 ? [] : await this.#scores(sequence, [...context, ...continuation], context.length);
      logprobs.push(rounded(scores.reduce((a, b) => a + b, 0)));
    }
    const optionTokens = pairs.map(({ continuation }) => continuation.length);
    const tokens = optionTokens.reduce((a, b) => a + b, 0);
    return { ok: true, text: '', logprobs, optionTokens, stop: 'end', tokens, promptTokens: pairs[0]?.context.length ?? 0, ms: 0 };
  }

  async #trace({ sequence, shown }: Place): Promise<Response> {
    const ids = shown.encode(shown.text);
    const long = this.#tooLong(ids.length);
    if (long) return long;
    const scores = ids.length < 2 ? [] : await this.#scores(sequence, ids, 1);
    const logprobs = ids.length === 0 ? [] : [null, ...scores.map(rounded)];
    return { ok: true, text: '', logprobs, ids, stop: 'end', tokens: Math.max(0, ids.length - 1), promptTokens: ids.length, ms: 0 };
  }

  async #next({ sequence, request, shown }: Place): Promise<Response> {
    const top = request.want.kind === 'next' ? request.want.top : 1;
    const ids = this.#begun(shown);
    const long = this.#tooLong(ids.length);
    if (long) return long;
    const start = await heldUpTo(sequence, ids, ids.length - 1);
    const last: Wanted = { generateNext: { logits: { filter: { tokens: [], includeTop: top } }, totalLogitWeight: true } };
    const input = ids.slice(start).map((id, i, all) => (i === all.length - 1 ? ([id, last] as const) : id));
    const scores = (await sequence.controlledEvaluate(input)).at(-1);
    const logprob = logprobsIn(scores);
    const ranked = [...(scores?.next.logits?.keys() ?? [])]
      .map((id) => ({ id, logprob: logprob(id) }))
      .sort((a, b) => b.logprob - a.logprob);
    return {
      ok: true,
      text: '',
      top: ranked.map(({ id }) => this.#model.detokenize([id], true, ids.slice(-1))),
      logprobs: ranked.map((one) => rounded(one.logprob)),
      stop: 'end',
      tokens: 1,
      promptTokens: ids.length,
      ms: 0,
    };
  }

  async #text({ sequence, request, shown, stopped }: Place): Promise<Response> {
    const { want } = request;
    if (want.kind !== 'text') return failure('not a text');
    const ids = this.#begun(shown);
    const long = this.#tooLong(ids.length);
    if (long) return long;
    const most = Math.max(1, this.#context - ids.length);
    const endings: Endings = {
      decode: (tokens) => this.#model.detokenize(tokens, false, ids.slice(-1)),
      endTokens: new Set(),
      stops: [...(want.stop ?? []), ...shown.stops],
      thinks: this.about.protocol === 'reasoning' ? { open: shown.thinking } : null,
    };
    const spent = budgetOf(endings, { answer: want.maxTokens, thinking: this.#thinking });
    const start = await heldUpTo(sequence, ids, ids.length - 1);
    const tokens: Token[] = [];
    let ended = true;
    for await (const token of sequence.evaluate(ids.slice(start), {
      temperature: want.temperature,
      seed: want.seed,
      topK: 0,
      topP: 1,
      minP: 0,
    })) {
      tokens.push(token);
      if (endsWith(tokens, endings) || stopped()) break;
      if (tokens.length < most && !spent(tokens)) continue;
      ended = false;
      break;
    }
    const { text, thinking } = answerText(tokens, endings);
    const trim = this.#prompts.template === null && typeof request.prompt !== 'string';
    return {
      ok: true,
      text: trim ? text.trimStart() : text,
      ...(thinking !== undefined && { thinking }),
      stop: ended ? 'end' : 'length',
      tokens: tokens.length,
      promptTokens: ids.length,
      ms: 0,
    };
  }

  /** A prompt's ids, never none: an empty prompt is the begin token. */
  #begun(shown: Shown): Token[] {
    const ids = shown.encode(shown.text);
    return ids.length > 0 ? ids : [this.#model.tokens.bos ?? this.#model.tokens.eos ?? 0];
  }
}

/** Cuts the sequence back to what it holds of `ids`, at most `most` of them; the rest has to be evaluated. Returns how many are held. */
async function heldUpTo(sequence: Sequence, ids: readonly Token[], most: number): Promise<number> {
  const start = Math.min(sequence.compareContextTokens(ids).firstDifferentIndex, most, sequence.nextTokenIndex);
  if (sequence.nextTokenIndex > start) await sequence.eraseContextTokenRanges([{ start, end: sequence.nextTokenIndex }]);
  if (sequence.nextTokenIndex <= start) return sequence.nextTokenIndex;
  await sequence.clearHistory();
  return 0;
}

/** Log-probabilities from some logits, the greatest among them, and the weight of all. */
function logprobsIn(scores: { readonly next: { readonly logits?: Map<Token, number>; readonly totalLogitWeight?: number } } | undefined) {
  const logits = scores?.next.logits ?? new Map<Token, number>();
  let most = Number.NEGATIVE_INFINITY;
  for (const value of logits.values()) most = Math.max(most, value);
  const weight = Math.log(scores?.next.totalLogitWeight ?? Number.NaN);
  return (id: Token): number => Math.min(0, (logits.get(id) ?? Number.NaN) - most - weight);
}

function gpuOf(device: string): 'auto' | 'cuda' | 'vulkan' | 'metal' | false {
  if (device === 'auto' || device === 'cuda' || device === 'vulkan' || device === 'metal') return device;
  if (device === 'cpu') return false;
  throw new UserError(`--device ${device}: llama.cpp knows auto, cpu, cuda, vulkan and metal`, '--device auto');
}

async function loaded(llama: Llama, path: string): Promise<Model> {
  try {
    return await llama.loadModel({ modelPath: path });
  } catch (error) {
    throw new UserError(`llama.cpp does not open ${path}: ${(error as Error).message.split('\n')[0]}`, 'is it a GGUF file, and whole?');
  }
}

/** llama.cpp's numbers of files in float32, float16 and bfloat16. */
const floatTypes: ReadonlySet<number> = new Set([0, 1, 32]);

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function aboutOf(
  opening: Opening,
  { llama, model, prompts, version }: { readonly llama: Llama; readonly model: Model; readonly prompts: Prompts; readonly version: string },
): Promise<About> {
  const { template } = prompts;
  const { architecture = 'unknown', file_type = -1 } = model.fileInfo.metadata.general ?? {};
  const weights = await fileHash(opening.path);
  const gpu = llama.gpu === false ? 'cpu' : llama.gpu;
  const told = template === null ? 'base' : speaksOfThinking(template) ? 'reasoning' : 'instruct';
  const protocol = opening.protocol ?? told;
  const engine = `node-llama-cpp ${version}, llama.cpp ${llama.llamaCppRelease.release}`;
  return {
    name: basename(opening.path),
    identity: {
      runner: 'llamacpp',
      weights,
      template: template === null ? null : sha256(template),
      ...(opening.protocol !== null && { protocol }),
      ...(protocol === 'reasoning' && { thinkingTokens: opening.thinkingTokens }),
      system: opening.system ?? null,
      engine,
      device: gpu,
    },
    protocol,
    wants: ['text', 'choice', 'trace', 'next'],
    facts: { architecture, bytes: model.size, weights: floatTypes.has(file_type) ? 'float' : 'quantised', engine, device: gpu },
  };
}
