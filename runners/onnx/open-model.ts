import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../src/types.ts';
import type { ModelFiles, StoredTensor } from './contract.ts';
import { type GgufArray, readGguf } from './gguf.ts';
import { readSafetensors } from './safetensors.ts';

/** A model's files with what a tokenizer and a template are built from. */
export interface OpenedModel extends ModelFiles {
  /** Folder of config.json and tokenizer files (safetensors), or of the GGUF file. */
  readonly folder: string;
  /** GGUF only: metadata arrays by key, read when asked for. */
  readonly arrays: ReadonlyMap<string, GgufArray>;
  /** Tensors that are no float weights, by name → type (safetensors: masks, float8 …). */
  readonly others: ReadonlyMap<string, string>;
}

export type ModelKind = 'gguf' | 'safetensors' | 'onnx';

const splitName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/i;

/** Names in a folder, sorted; UserError when it cannot be listed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    throw new UserError(`${folder}: cannot be listed (${(error as NodeJS.ErrnoException).code})`, 'check the folder and its rights');
  }
}

function ggufIn(folder: string, names: readonly string[]): string | undefined {
  const found = names.filter((name) => /\.gguf$/i.test(name) && (splitName.exec(name)?.[2] ?? '00001') === '00001');
  if (found.length > 1) {
    throw new UserError(`${folder}: ${found.length} GGUF files lie here`, `name one of them: ${found.slice(0, 6).join(', ')}`);
  }
  return found[0];
}

/** What a path holds, by its name and the files in it: nothing is read. UserError when it is none of the kinds. */
export function kindOf(path: string): { readonly kind: ModelKind; readonly path: string } {
  if (!existsSync(path))
    throw new UserError(`${path}: no such file or folder`, 'check the path; relative paths start where the command was called');
  if (!statSync(path).isDirectory()) {
    if (/\.safetensors$/i.test(path)) return { kind: 'safetensors', path: dirname(path) };
    if (/\.onnx$/i.test(path)) return { kind: 'onnx', path };
    if (/\.(bin|pt|pth|ckpt)$/i.test(path)) throw pickled(path);
    return { kind: 'gguf', path };
  }
  const names = namesIn(path);
  if (names.some((name) => name.endsWith('.safetensors') && !name.startsWith('adapter_'))) return { kind: 'safetensors', path };
  const gguf = ggufIn(path, names);
  if (gguf) return { kind: 'gguf', path: join(path, gguf) };
  const onnx = names.includes('genai_config.json') || names.some((name) => name.endsWith('.onnx')) || existsSync(join(path, 'onnx'));
  if (onnx) return { kind: 'onnx', path };
  if (names.some((name) => /^pytorch_model.*\.bin$/.test(name))) throw pickled(path);
  if (names.includes('adapter_config.json')) {
    throw new UserError(`${path}: a LoRA adapter, not a model`, `name its base model and add --adapter ${path}`);
  }
  throw new UserError(
    `${path}: no model here (looked for *.safetensors, *.gguf, *.onnx)`,
    'name a GGUF file, or a folder with config.json and model.safetensors',
  );
}

function pickled(path: string): UserError {
  return new UserError(
    `${path}: PyTorch pickle weights are not opened, as loading one can run any code`,
    'get the safetensors or GGUF form of the model',
  );
}

/**
 * Opens a GGUF file (split ones by any part) or a folder with safetensors: headers only, every size checked against the files.
 * Throws UserError for what is missing, damaged or of a type that is not read; ONNX folders go to `findReadyMade`.
 */
export function openModel(path: string): OpenedModel {
  const found = kindOf(path);
  if (found.kind === 'gguf') return openGguf(found.path);
  if (found.kind === 'safetensors') return openFolder(found.path);
  throw new UserError(`${path}: an ONNX folder has no weights file to open here`, 'open it as an ONNX folder');
}

function openGguf(path: string): OpenedModel {
  const parts = partsOf(path);
  const headers = parts.map((part) => readGguf(part));
  const [first] = headers;
  if (!first) throw new UserError(`${path}: no GGUF part found`);
  const expected = Number(first.config['split.count'] ?? 1);
  if (expected > 1 && expected !== parts.length) {
    throw new UserError(
      `${path}: the file is one of ${expected} parts, ${parts.length} found`,
      'put all parts in one folder, under their own names',
    );
  }
  headers.forEach((header, index) => {
    const no = header.config['split.no'];
    if (no !== undefined && no !== index)
      throw new UserError(`${parts[index]}: says it is part ${Number(no) + 1}`, 'fetch the parts again');
  });
  const tensors = collect(
    path,
    headers.flatMap((header) => header.tensors),
  );
  const total = first.config['split.tensors.count'];
  if (typeof total === 'number' && total !== tensors.size) {
    throw new UserError(`${path}: the parts hold ${tensors.size} tensors, ${total} are announced`, 'fetch the parts again');
  }
  return {
    format: 'gguf',
    path,
    folder: dirname(path),
    files: parts.map((part) => realpathSync(part)),
    tensors,
    config: first.config,
    arrays: first.arrays,
    others: new Map(),
    bytes: headers.reduce((sum, header) => sum + header.size, 0),
  };
}

/** All files of a split GGUF, in order; a plain file is its own only part. */
function partsOf(path: string): string[] {
  const match = splitName.exec(basename(path));
  if (!match) return [path];
  const count = Number(match[3]);
  if (count < 1 || count > 10_000) throw new UserError(`${path}: claims ${count} parts`, 'check the file name');
  const parts = Array.from({ length: count }, (_, i) =>
    join(dirname(path), `${match[1]}-${String(i + 1).padStart(5, '0')}-of-${match[3]}.gguf`),
  );
  const missing = parts.filter((part) => !existsSync(part));
  if (missing.length > 0) {
    throw new UserError(`${basename(missing[0] ?? '')}: missing (${missing.length} of ${count} parts)`, `put it beside ${path}`);
  }
  return parts;
}

function collect(path: string, tensors: readonly StoredTensor[]): Map<string, StoredTensor> {
  const byName = new Map<string, StoredTensor>();
  for (const tensor of tensors) {
    if (byName.has(tensor.name)) throw new UserError(`${path}: tensor ${tensor.name} comes twice`, 'the file is damaged: fetch it again');
    byName.set(tensor.name, tensor);
  }
  return byName;
}

/** A JSON object of a model folder; UserError when it is no object or longer than `longest` bytes. */
export function readJsonObject(path: string, longest = 16 << 20): Record<string, unknown> {
  const { size } = statSync(path);
  if (size > longest) throw new UserError(`${path}: ${size} bytes, more than the ${longest} that are read`, 'fetch the model again');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: not JSON (${(error as Error).message})`, 'fetch the file again');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${path}: not a JSON object`, 'fetch the file again');
  return value as Record<string, unknown>;
}

function openFolder(folder: string): OpenedModel {
  const configPath = join(folder, 'config.json');
  if (!existsSync(configPath))
    throw new UserError(`${folder}: config.json is missing`, 'fetch it from the model’s repository into this folder');
  const config = readJsonObject(configPath);
  const { names, map } = weightFiles(folder);
  const files = names.map((name) => realpathSync(join(folder, name)));
  const headers = files.map((file) => readSafetensors(file));
  const tensors = collect(
    folder,
    headers.flatMap((header) => header.tensors),
  );
  const others = new Map(headers.flatMap((header) => [...header.others]));
  for (const [tensor, file] of map) {
    if (!tensors.has(tensor) && !others.has(tensor)) {
      throw new UserError(`${folder}: the index places tensor ${tensor} in ${file}, which does not hold it`, 'fetch the shards again');
    }
  }
  const bytes = headers.reduce((sum, header) => sum + header.size, 0);
  return { format: 'safetensors', path: folder, folder, files, tensors, config, arrays: new Map(), others, bytes };
}

/** The safetensors files of a folder, by the index where there is one. `map`: tensor → file, as the index says. */
function weightFiles(folder: string): { names: string[]; map: [string, string][] } {
  const indexPath = join(folder, 'model.safetensors.index.json');
  const present = namesIn(folder).filter((name) => name.endsWith('.safetensors') && !name.startsWith('adapter_'));
  if (existsSync(indexPath) && !present.includes('model.safetensors')) {
    const weightMap = readJsonObject(indexPath).weight_map;
    if (typeof weightMap !== 'object' || weightMap === null) throw new UserError(`${indexPath}: no weight_map`, 'fetch the file again');
    const map = Object.entries(weightMap as Record<string, unknown>).map(([tensor, file]): [string, string] => [tensor, String(file)]);
    const names = [...new Set(map.map(([, file]) => file))].toSorted();
    const bad = names.find((name) => name !== basename(name) || !name.endsWith('.safetensors'));
    if (bad !== undefined) throw new UserError(`${indexPath}: names the file ${bad}, not one of this folder`, 'fetch the file again');
    const missing = names.filter((name) => !present.includes(name));
    if (missing.length > 0) {
      throw new UserError(`${folder}: ${missing[0]} is missing (${missing.length} of ${names.length} shards)`, 'fetch the missing shards');
    }
    return { names, map };
  }
  if (present.includes('model.safetensors')) return { names: ['model.safetensors'], map: [] };
  const [only, ...more] = present;
  if (only === undefined || more.length > 0) {
    throw new UserError(
      `${folder}: ${present.length} safetensors files and no model.safetensors.index.json`,
      'fetch the index file into this folder',
    );
  }
  return { names: [only], map: [] };
}
