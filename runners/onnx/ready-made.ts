/** ONNX folders that others made (onnxruntime-genai, optimum, onnx-community), told by their input names and run behind the same contract as our own graphs. */
import { closeSync, existsSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { UserError } from '../../src/types.ts';
import type { CacheValue } from './contract.ts';
import { type Fields, fieldsIn, numberIn, textIn } from './fields.ts';
import { onnxFiles } from './onnx-header.ts';
import { readJsonObject } from './open-model.ts';

export interface ReadyMade {
  /** The .onnx file, links resolved. */
  readonly file: string;
  /** Folder of config.json, tokenizer and template. */
  readonly folder: string;
  readonly config: Fields;
  /** Longest sequence in tokens. */
  readonly context: number;
  /** The .onnx file and those its weights lie in, links resolved. */
  readonly files: readonly string[];
  /** Weights on disk. */
  readonly bytes: number;
}

/** Names under which exports hide their decoder, the most exact first. */
const usual = ['model.onnx', 'decoder_model_merged.onnx', 'model_fp16.onnx', 'model_q4.onnx', 'model_q4f16.onnx', 'model_quantized.onnx'];

function modelFile(folder: string, genai: Fields | undefined): string {
  const named = textIn(fieldsIn(fieldsIn(genai ?? {}, 'model') ?? {}, 'decoder') ?? {}, 'filename');
  if (named !== undefined && named !== basename(named))
    throw new UserError(`${folder}: genai_config.json names the decoder ${named}, outside its folder`, 'fetch the whole folder again');
  if (named !== undefined) return join(folder, named);
  const places = [folder, join(folder, 'onnx')].filter((place) => existsSync(place));
  for (const place of places) for (const name of usual) if (existsSync(join(place, name))) return join(place, name);
  const all = places.flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.endsWith('.onnx'))
      .map((name) => join(place, name)),
  );
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  throw new UserError(
    all.length === 0 ? `${folder}: no .onnx file here` : `${folder}: several .onnx files (${all.map((each) => basename(each)).join(', ')})`,
    'name the .onnx file itself',
  );
}

const jsonIn = (path: string): Fields | undefined => (existsSync(path) ? readJsonObject(path) : undefined);

/** Finds the decoder of an ONNX folder, or takes the .onnx file named. UserError when there is none or several. */
export function findReadyMade(path: string): ReadyMade {
  const direct = !statSync(path).isDirectory();
  const given = direct ? dirname(path) : path;
  // onnx-community keeps the graphs in a folder of their own, below the tokenizer.
  const folder = direct && basename(given) === 'onnx' && existsSync(join(given, '..', 'config.json')) ? dirname(given) : given;
  const genai = jsonIn(join(folder, 'genai_config.json'));
  const config = jsonIn(join(folder, 'config.json')) ?? {};
  const named = direct ? path : modelFile(folder, genai);
  if (!existsSync(named)) throw new UserError(`${named}: not there, though genai_config.json names it`, 'fetch the whole folder again');
  const files = onnxFiles(named);
  return {
    file: realpathSync(named),
    files,
    folder,
    config,
    context:
      numberIn(fieldsIn(genai ?? {}, 'model') ?? {}, 'context_length') ??
      numberIn(config, 'max_position_embeddings', 'n_positions') ??
      2048,
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
  };
}

/** What a decoder's inputs and outputs are called, and the shape of its caches. */
export interface Signature {
  readonly caches: readonly CacheValue[];
  readonly logits: string;
  readonly mask: string | null;
  readonly positions: string | null;
  /** A merged decoder's switch between first run and later ones. */
  readonly branch: string | null;
  /** An input that says for how many last positions logits are made. */
  readonly kept: string | null;
  /** Its attention is GroupQueryAttention, which counts a row's tokens by its mask. */
  readonly grouped: boolean;
}

interface Metadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** Heads and width of the cache as the configuration names them, for exports that leave them open. */
function cacheSizes({ folder, config }: ReadyMade): readonly [heads: number | undefined, width: number | undefined] {
  const decoder = fieldsIn(fieldsIn(jsonIn(join(folder, 'genai_config.json')) ?? {}, 'model') ?? {}, 'decoder') ?? {};
  const heads = numberIn(config, 'num_attention_heads', 'n_head');
  const hidden = numberIn(config, 'hidden_size', 'n_embd');
  return [
    numberIn(decoder, 'num_key_value_heads') ?? numberIn(config, 'num_key_value_heads') ?? heads,
    numberIn(decoder, 'head_size') ?? numberIn(config, 'head_dim') ?? (hidden && heads && hidden / heads),
  ];
}

/** Whether an operator is used, told from the beginning of the file: nodes come before weights. */
function uses(file: string, operator: string): boolean {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(16 << 20, statSync(file).size));
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)).includes(operator);
  } finally {
    closeSync(fd);
  }
}

function cacheOf(name: string, metadata: readonly Metadata[], from: { outputs: readonly string[]; found: ReadyMade }): CacheValue {
  const [, layer = '', part = ''] = /(\d+)\D*(key|value)/.exec(name) ?? [];
  const present = from.outputs.find((each) => each !== 'logits' && new RegExp(`(^|\\D)${layer}\\D*${part}`).test(each));
  const { type = 'float32', shape = [] } = metadata.find((each) => each.name === name) ?? {};
  const known = cacheSizes(from.found);
  const [heads, width] = [shape[1], shape[3]].map((size, i) => (typeof size === 'number' ? size : known[i]));
  if (present === undefined || shape.length !== 4 || typeof heads !== 'number' || typeof width !== 'number')
    throw new UserError(
      `the ONNX model's cache input ${name} has no output of its own, or no fixed heads and width`,
      'export it again with past key values (optimum-cli export onnx --task text-generation-with-past)',
    );
  if (type !== 'float32' && type !== 'float16')
    throw new UserError(`the ONNX model's cache is of type ${type}`, 'take a float32 or float16 export');
  return { past: name, present, type, shape: ['B', heads, 'C', width] };
}

/** Reads a session's names. UserError for a model that is no decoder with past key values. */
export function signatureOf(session: InferenceSession, found: ReadyMade): Signature {
  const { inputNames, outputNames } = session;
  const metadata = session.inputMetadata as readonly Metadata[];
  const known = new Set(['input_ids', 'attention_mask', 'position_ids', 'use_cache_branch', 'num_logits_to_keep']);
  const past = inputNames.filter((name) => /past/.test(name) && /key|value/.test(name));
  const strange = inputNames.filter((name) => !known.has(name) && !past.includes(name));
  if (!inputNames.includes('input_ids') || past.length === 0 || strange.length > 0 || !outputNames.includes('logits'))
    throw new UserError(
      `the ONNX model's inputs (${inputNames.slice(0, 4).join(', ')} …) are not those of a decoder with past key values${strange.length > 0 ? `: ${strange.slice(0, 3).join(', ')} ${strange.length > 1 ? 'are' : 'is'} not known` : ''}`,
      'wanted are input_ids, attention_mask, past_key_values.N.key and .value, and the outputs logits and present.N.key and .value',
    );
  const named = (name: string): string | null => (inputNames.includes(name) ? name : null);
  return {
    caches: past.map((name) => cacheOf(name, metadata, { outputs: outputNames, found })),
    logits: 'logits',
    mask: named('attention_mask'),
    positions: named('position_ids'),
    branch: named('use_cache_branch'),
    kept: named('num_logits_to_keep'),
    grouped: uses(found.file, 'GroupQueryAttention'),
  };
}
