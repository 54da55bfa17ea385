import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Answer, type Request, type Response, type Runner, type RunnerModule, type RunnerOptions, UserError } from '../src/types.ts';
import { loadOrt, type Ort } from './onnx/ort.ts';

/** A text classifier as transformers exports it: config.json with id2label, tokenizer.json, model.onnx. It tells how toxic a text is. */
interface Files {
  readonly folder: string;
  readonly graph: string;
  readonly config: Config;
  readonly tokenizer: string;
}
interface Config {
  readonly id2label?: Readonly<Record<string, string>>;
  readonly problem_type?: string | null;
  readonly max_position_embeddings?: number;
  readonly model_type?: string;
  readonly pad_token_id?: number | null;
}

const graphs = ['model.onnx', 'onnx/model.onnx', 'model_quantized.onnx', 'onnx/model_quantized.onnx'];
const parts =
  'a folder with config.json (id2label), tokenizer.json and model.onnx, as `optimum-cli export onnx --task text-classification` writes it';

function jsonIn(folder: string, name: string): unknown {
  const path = join(folder, name);
  if (!existsSync(path)) throw new UserError(`${folder} has no ${name}`, `name ${parts}`);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new UserError(`${path}: not JSON (${(error as Error).message})`, 'fetch the file again');
  }
}

function filesOf(folder: string): Files {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UserError(`${folder} is not a folder`, `name ${parts}`);
  const config = jsonIn(folder, 'config.json') as Config;
  jsonIn(folder, 'tokenizer.json');
  const graph = graphs.find((name) => existsSync(join(folder, name)));
  if (!graph) throw new UserError(`${folder} has no model.onnx`, `name ${parts}`);
  return { folder, graph: join(folder, graph), config, tokenizer: join(folder, 'tokenizer.json') };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** How logits become one number: which labels are toxic, and whether each stands for itself (sigmoid) or all share one (softmax). */
interface Reading {
  readonly labels: readonly string[];
  readonly toxic: readonly number[];
  readonly alone: boolean;
}

const bad = /tox|hate|hatred|hateful|offen|abus|insult|obscen|threat|profan|violen|nsfw/i;
const good = /^(?:not?|non|un|neither|neutral|normal|safe|clean|ok|okay|none)(?![a-z])|^(?:not|non)[-_ ]?|neutral|acceptable/i;

function readingOf({ folder, config }: Files, settings: RunnerOptions['settings']): Reading {
  const labels = Object.entries(config.id2label ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
  if (labels.length === 0) throw new UserError(`${join(folder, 'config.json')} has no id2label`, `name ${parts}`);
  const named = settings['toxic-label'];
  const chosen =
    named === undefined
      ? null
      : String(named)
          .split(',')
          .map((label) => label.trim());
  const at = labels.flatMap((label, i) => ((chosen ? chosen.includes(label) : bad.test(label) && !good.test(label)) ? [i] : []));
  const alone = config.problem_type === 'multi_label_classification' || labels.length === 1 || at.length === labels.length;
  const toxic = labels.length === 1 ? [0] : at;
  if (toxic.length === 0 || (chosen && at.length !== chosen.length))
    throw new UserError(
      `${folder}: its labels are ${labels.join(', ')}${chosen ? `, not ${chosen.join(', ')}` : ': none is known to mean toxic'}`,
      'name the toxic ones with --set toxic-label=<label>[,<label>]',
    );
  // A general label ("toxic") says it all; kinds of toxicity beside it are contained in it.
  const general = toxic.filter((i) => /^toxic(?:ity)?$/i.test(labels[i] ?? ''));
  return { labels, toxic: alone && !chosen && general.length === 1 ? general : toxic, alone };
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Probability that the text is toxic, from its row of logits. */
function toxicityOf(logits: readonly number[], { toxic, alone }: Reading): number {
  if (alone) return Math.max(...toxic.map((i) => sigmoid(logits[i] ?? Number.NaN)));
  const top = Math.max(...logits);
  const raised = logits.map((z) => Math.exp(z - top));
  const all = raised.reduce((a, b) => a + b, 0);
  return toxic.reduce((sum, i) => sum + (raised[i] ?? Number.NaN), 0) / all;
}

/** Texts of a batch are padded to the longest: they are sorted by length first. */
const batch = 16;

class Classifier implements AsyncDisposable {
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #tokenizer: Tokenizer;
  readonly #reading: Reading;
  readonly #limit: number;
  readonly #pad: number;

  private constructor(ort: Ort, session: InferenceSession, { config, tokenizer, folder }: Files, reading: Reading) {
    this.#ort = ort;
    this.#session = session;
    this.#reading = reading;
    const spare = existsSync(join(folder, 'tokenizer_config.json')) ? (jsonIn(folder, 'tokenizer_config.json') as object) : {};
    this.#tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizer, 'utf8')), spare);
    // RoBERTa's positions begin after the padding token's.
    const offset = /roberta|camembert|bart|longformer/.test(config.model_type ?? '') ? 2 : 0;
    this.#limit = Math.min(512, (config.max_position_embeddings ?? 512) - offset);
    this.#pad = config.pad_token_id ?? 0;
  }

  static async open(files: Files, reading: Reading): Promise<Classifier> {
    const ort = await loadOrt();
    try {
      const session = await ort.InferenceSession.create(files.graph, { executionProviders: ['cpu'], logSeverityLevel: 3 });
      if (!session.inputNames.includes('input_ids'))
        throw new UserError(`${files.graph} takes ${session.inputNames.join(', ')}, not input_ids`, `name ${parts}`);
      return new Classifier(ort, session, files, reading);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${files.graph} cannot be opened: ${(error as Error).message.split('\n')[0]}`, 'export it again');
    }
  }

  /** Token ids with the tokenizer's own marks; a long text is cut before its last mark. */
  idsOf(text: string): number[] {
    const { ids } = this.#tokenizer.encode(text.slice(0, 20_000));
    return ids.length <= this.#limit ? ids : [...ids.slice(0, this.#limit - 1), ids.at(-1) as number];
  }

  /** Toxicity of each text, in order. */
  async scores(rows: readonly (readonly number[])[]): Promise<number[]> {
    const length = Math.max(1, ...rows.map((ids) => ids.length));
    const flat = (of: (ids: readonly number[], i: number) => number): Tensor =>
      new this.#ort.Tensor('int64', BigInt64Array.from(rows.flatMap((ids) => Array.from({ length }, (_, i) => BigInt(of(ids, i))))), [
        rows.length,
        length,
      ]);
    const inputs: Record<string, Tensor> = {
      input_ids: flat((ids, i) => ids[i] ?? this.#pad),
      attention_mask: flat((ids, i) => (i < ids.length ? 1 : 0)),
      token_type_ids: flat(() => 0),
    };
    const feeds = Object.fromEntries(this.#session.inputNames.map((name) => [name, inputs[name] as Tensor]));
    const out = await this.#session.run(feeds);
    const logits = out.logits ?? out[this.#session.outputNames[0] as string];
    const values = Array.from(logits?.data as Float32Array, Number);
    const width = values.length / rows.length;
    return rows.map((_, i) => toxicityOf(values.slice(i * width, (i + 1) * width), this.#reading));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

const textOf = ({ prompt }: Request): string => (typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n'));

/** The two options' log-probabilities: toxic, and not. */
function answered(score: number, tokens: number): Response {
  if (!Number.isFinite(score)) return { ok: false, error: 'the classifier gave no number' };
  const logprobs = [Math.log(Math.max(score, 1e-300)), Math.log(Math.max(1 - score, 1e-300))];
  return { ok: true, text: '', logprobs, optionTokens: [1, 1], stop: 'end', tokens: 2, promptTokens: tokens, ms: 0 } satisfies Answer;
}

async function* answer(classifier: Classifier, requests: readonly Request[], signal: AbortSignal): ReturnType<Runner['answer']> {
  const texts = requests.map((request, index) => ({ index, ids: classifier.idsOf(textOf(request)) }));
  texts.sort((a, b) => a.ids.length - b.ids.length);
  for (let at = 0; at < texts.length && !signal.aborted; at += batch) {
    const rows = texts.slice(at, at + batch);
    const scores = await classifier.scores(rows.map(({ ids }) => ids));
    for (const [i, { index, ids }] of rows.entries()) yield [index, answered(scores[i] as number, ids.length)];
  }
}

export default {
  scheme: 'classifier',
  title: 'A text classifier (ONNX) in place of the built-in toxicity detector',
  usage: '--toxicity <folder>',
  async open(folder, options) {
    const files = filesOf(folder);
    const reading = readingOf(files, options.settings);
    const classifier = await Classifier.open(files, reading);
    const { labels, toxic, alone } = reading;
    return {
      name: basename(folder),
      identity: {
        runner: 'classifier',
        version: 1,
        graph: await hashOf(files.graph),
        tokenizer: await hashOf(files.tokenizer),
        labels,
        toxic: toxic.map((i) => labels[i] as string),
        alone,
      },
      protocol: 'base',
      wants: ['choice'],
      answer: (requests, signal) => answer(classifier, requests, signal),
      [Symbol.asyncDispose]: () => classifier[Symbol.asyncDispose](),
    };
  },
} satisfies RunnerModule;
