import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';
import { type OnnxHeader, type OnnxValue, readOnnxHeader } from './onnx-header.ts';
import { readJsonObject } from './open-model.ts';

/** A decoder that is ready to run: one ONNX file with a cache among its inputs and outputs. */
export interface OnnxFolder extends OnnxHeader {
  readonly format: 'onnx';
  readonly path: string;
  /** Folder of tokenizer.json and its like. */
  readonly folder: string;
  /** The ONNX file; its external data lies in the same folder. */
  readonly model: string;
  /** The ONNX file and its external data, real paths. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** config.json where there is one (architecture facts), and genai_config.json's `model` under `genai`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the inputs and outputs that every decoder has; null where this one has none. */
  readonly names: {
    readonly ids: string;
    readonly mask: string | null;
    readonly positions: string | null;
    readonly logits: string;
  };
  /** Cache tensors, fed as `past` and returned as `present`, in order; empty for a model without a cache. */
  readonly caches: readonly { readonly past: OnnxValue; readonly present: OnnxValue }[];
  /** Inputs that are none of the above, e.g. `use_cache_branch`. */
  readonly others: readonly OnnxValue[];
}

/** Decoders by the names that optimum, onnx-community and onnxruntime-genai give them, exact weights first. */
const modelNames = [
  'model.onnx',
  'decoder_model_merged.onnx',
  'decoder_with_past_model.onnx',
  'model_fp16.onnx',
  'model_q4.onnx',
  'model_quantized.onnx',
];

/** The decoder in a folder: genai_config.json names it, else the usual names in it and in its `onnx/`, else the only one. */
function decoderIn(folder: string): { model: string; genai: Record<string, unknown> | null } {
  const genaiPath = join(folder, 'genai_config.json');
  if (existsSync(genaiPath)) {
    const genai = (readJsonObject(genaiPath).model ?? {}) as Record<string, unknown>;
    const name = (genai.decoder as { readonly filename?: unknown } | undefined)?.filename;
    if (typeof name !== 'string' || name !== basename(name))
      throw new UserError(`${genaiPath}: names no decoder file`, 'fetch the folder again');
    return { model: join(folder, name), genai };
  }
  const places = [join(folder, 'onnx'), folder].filter((place) => existsSync(place));
  for (const name of modelNames)
    for (const place of places) if (existsSync(join(place, name))) return { model: join(place, name), genai: null };
  const found = places.flatMap((place) => readdirSync(place).flatMap((name) => (name.endsWith('.onnx') ? [join(place, name)] : [])));
  const [only, ...more] = found;
  if (only === undefined) throw new UserError(`${folder}: no ONNX file`, 'name a folder with model.onnx');
  if (more.length > 0) throw new UserError(`${folder}: ${found.length} ONNX files`, `name one of them: ${found.slice(0, 6).join(', ')}`);
  return { model: only, genai: null };
}

/** `past_key_values.0.key` → `present.0.key`, in all their spellings: what is left of a name without the word for which side it is. */
const cacheKey = (name: string): string =>
  name.replace(/^(past_key_values|past_key_value|past|present_key_values|present_key_value|present)[._]/, '').replaceAll('_', '.');
const isPast = (name: string): boolean => /^past/.test(name);
const isPresent = (name: string): boolean => /^present/.test(name);

function cachesOf(path: string, header: OnnxHeader): OnnxFolder['caches'] {
  const presents = new Map(header.outputs.filter((value) => isPresent(value.name)).map((value) => [cacheKey(value.name), value]));
  return header.inputs
    .filter((value) => isPast(value.name))
    .map((past) => {
      const present = presents.get(cacheKey(past.name));
      if (!present) throw new UserError(`${path}: takes ${past.name} and gives nothing to feed it with`, 'export the model with its cache');
      return { past, present };
    });
}

function realFiles(model: string, external: readonly string[]): string[] {
  const folder = dirname(model);
  const named = external.map((name) => {
    if (name !== basename(name)) throw new UserError(`${model}: keeps weights in ${name}, outside its folder`, 'export the model again');
    if (!existsSync(join(folder, name)))
      throw new UserError(`${join(folder, name)}: missing; ${basename(model)} keeps its weights there`, 'fetch it');
    return join(folder, name);
  });
  return [model, ...named].map((file) => realpathSync(file));
}

function optionalConfig(folder: string): Record<string, unknown> {
  const path = join(folder, 'config.json');
  return existsSync(path) ? readJsonObject(path) : {};
}

/**
 * Opens a folder (or one .onnx file) made by onnxruntime-genai, optimum or onnx-community: its header only. UserError for a model that takes no
 * `input_ids` or gives no `logits`, and for missing parts.
 */
export function openOnnxFolder(path: string): OnnxFolder {
  const isFile = statSync(path).isFile();
  const { model, genai } = isFile ? { model: path, genai: null } : decoderIn(path);
  if (!existsSync(model)) throw new UserError(`${model}: missing`, 'fetch the folder again');
  const header = readOnnxHeader(model);
  const place = isFile ? dirname(path) : path;
  const folder = basename(place) === 'onnx' && !existsSync(join(place, 'tokenizer.json')) ? dirname(place) : place;
  const input = (name: string): string | null => (header.inputs.some((value) => value.name === name) ? name : null);
  const ids = input('input_ids');
  const logits = header.outputs.find((value) => value.name === 'logits')?.name;
  if (ids === null || logits === undefined) {
    throw new UserError(
      `${model}: takes ${header.inputs
        .slice(0, 4)
        .map((value) => value.name)
        .join(', ')} and gives ${header.outputs
        .slice(0, 3)
        .map((value) => value.name)
        .join(', ')}; a decoder takes input_ids and gives logits`,
      'name the decoder’s own ONNX file',
    );
  }
  const names = { ids, mask: input('attention_mask'), positions: input('position_ids'), logits };
  const caches = cachesOf(model, header);
  const known = new Set([names.ids, names.mask, names.positions, ...caches.map((cache) => cache.past.name)]);
  const files = realFiles(model, header.external);
  return {
    ...header,
    format: 'onnx',
    path,
    folder,
    model,
    files,
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
    config: { ...optionalConfig(folder), ...(genai ? { genai } : {}) },
    names,
    caches,
    others: header.inputs.filter((value) => !known.has(value.name)),
  };
}
