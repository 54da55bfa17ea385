/** Opens an adapter against the model it was made for. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/types.ts';
import { type Adapter, type Addition, adapterOf } from './adapter.ts';
import { moduleNames, rowsInGguf } from './adapter-names.ts';
import type { ModelFiles, StoredTensor } from './contract.ts';
import { readFloats } from './convert.ts';
import { type Fields, fieldsIn, flagIn, numberIn, textIn } from './fields.ts';
import { readGguf } from './gguf.ts';
import { readJsonObject } from './open-model.ts';
import { readSafetensors } from './safetensors.ts';
import type { ModelSpec } from './spec.ts';

interface Base {
  readonly path: string;
  readonly files: ModelFiles;
  readonly spec: ModelSpec;
}

const mergeFirst = 'merge it into the model with PEFT (merge_and_unload) and give the merged folder';
const otherModel = 'this adapter was made for another model';

/**
 * Reads a PEFT folder, or an adapter that was converted to GGUF, against the model it was made for. UserError when it is of another kind, changes what cannot be
 * changed, or names matrices that the model has not.
 */
export function readAdapter(path: string, files: ModelFiles, spec: ModelSpec): Adapter {
  if (!existsSync(path))
    throw new UserError(`${path}: no such adapter`, 'name the folder that PEFT wrote (save_pretrained), or a GGUF adapter');
  return statSync(path).isFile() ? fromGguf({ path, files, spec }) : fromPeft({ path, files, spec });
}

/** What a configuration asks for that is not done, in words; '' when there is nothing. */
function refusal(config: Fields): string {
  const kind = config.peft_type;
  const start = textIn(config, 'init_lora_weights') ?? '';
  const listed = (key: string): string => {
    const value = config[key];
    const names = Array.isArray(value) ? value.map(String) : typeof value === 'object' && value !== null ? Object.keys(value) : [];
    return names.slice(0, 3).join(', ');
  };
  return (
    [
      kind === undefined || kind === 'LORA' ? '' : `its type is ${String(kind)}`,
      flagIn(config, 'use_dora') ? 'it is a DoRA' : '',
      flagIn(config, 'use_qalora') ? 'it is a QALoRA' : '',
      listed('modules_to_save') && `it replaces whole modules (${listed('modules_to_save')})`,
      listed('target_parameters') && `it changes parameters outside of linear layers (${listed('target_parameters')})`,
      listed('trainable_token_indices') && 'it changes rows of the embedding',
      listed('alora_invocation_tokens') && 'it acts only after certain tokens (aLoRA)',
      listed('layer_replication') && 'it repeats layers',
      // These change the base weights when the adapter is loaded.
      /^(pissa|olora|corda|loftq|lora_ga)/.test(start) ? `it stands on changed base weights (${start})` : '',
    ].find(Boolean) ?? ''
  );
}

function fromPeft(base: Base): Adapter {
  const { path } = base;
  const [settings = '', weights = ''] = ['adapter_config.json', 'adapter_model.safetensors'].map((name) => join(path, name));
  if (existsSync(settings) && !existsSync(weights) && existsSync(join(path, 'adapter_model.bin')))
    throw new UserError(
      `${path}: adapter_model.bin is a PyTorch pickle, and loading one can run any code`,
      'save it again with a recent PEFT, as safetensors',
    );
  if (!existsSync(settings) || !existsSync(weights))
    throw new UserError(
      `${path}: no adapter_config.json with adapter_model.safetensors here`,
      'name the folder that PEFT wrote (save_pretrained), or a GGUF adapter',
    );
  const config = readJsonObject(settings);
  const odd = refusal(config);
  if (odd !== '') throw new UserError(`${path}: this adapter cannot be applied: ${odd}`, mergeFirst);
  const canonicalOf = moduleNames(base.spec);
  const parts = new Map<string, Parts>();
  for (const tensor of readSafetensors(weights).tensors) {
    const [, module = '', what = ''] =
      /^(?:base_model\.model\.)?(.+?)\.(lora_[AB]\.(?:weight|bias)|base_layer\.bias|bias)$/.exec(tensor.name) ?? [];
    const canonical = canonicalOf(module);
    if (canonical === undefined) throw fitsNothing(base, tensor.name);
    const known = parts.get(canonical) ?? { module, tensors: {} };
    parts.set(canonical, { module, tensors: { ...known.tensors, [what.replace('base_layer.', '')]: tensor } });
  }
  return built(base, parts, (module, rank) => scaleOf(config, module, rank));
}

function fitsNothing({ path }: Base, name: string): UserError {
  return new UserError(
    `${path}: tensor ${name} fits no matrix of the model`,
    `${otherModel}, or changes more than its linear layers: ${mergeFirst}`,
  );
}

/** PEFT's peft_utils.get_pattern_key: the first pattern that ends a module's path. */
function patternFor(patterns: Fields, module: string): number | undefined {
  for (const [pattern, value] of Object.entries(patterns)) {
    const matches = module === pattern || module.endsWith(`.${pattern}`) || regexEnds(pattern, module);
    if (matches && typeof value === 'number') return value;
  }
  return undefined;
}

function regexEnds(pattern: string, module: string): boolean {
  if (pattern.length > 200 || /[+*}]\)?[+*{]/.test(pattern)) return false;
  try {
    return new RegExp(`^(?:.*\\.)?(?:${pattern})$`).test(module);
  } catch {
    return false;
  }
}

function scaleOf(config: Fields, module: string, rank: number): number {
  const alpha = patternFor(fieldsIn(config, 'alpha_pattern') ?? {}, module) ?? numberIn(config, 'lora_alpha') ?? 8;
  return alpha / (flagIn(config, 'use_rslora') ? Math.sqrt(rank) : rank);
}

interface Parts {
  readonly module: string;
  /** By `lora_A.weight`, `lora_B.weight`, `lora_B.bias`, `bias`. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

function built(base: Base, parts: ReadonlyMap<string, Parts>, scale: (module: string, rank: number) => number): Adapter {
  const { spec, path } = base;
  const matrices = new Map<string, Addition>();
  const vectors = new Map<string, Float32Array>();
  for (const [canonical, { module, tensors }] of parts) {
    const first = Object.values(tensors)[0]?.name ?? module;
    // A head tied to the embedding is computed with the embedding's matrix.
    const own = canonical === 'head' && spec.tied ? 'embed' : canonical;
    if (/[Nn]orm$/.test(canonical) && tensors.bias) {
      vectors.set(`${canonical}.bias`, readFloats(tensors.bias));
      continue;
    }
    if (spec.tensors[`${own}.weight`] === undefined || canonical === 'embed') throw fitsNothing(base, first);
    matrices.set(own, addition(base, own, { tensors, scale: (rank) => scale(module, rank) }));
  }
  if (matrices.size === 0) throw new UserError(`${path}: this adapter adds nothing to any matrix`, otherModel);
  return adapterOf({ matrices, vectors });
}

function addition(base: Base, canonical: string, from: { tensors: Parts['tensors']; scale: (rank: number) => number }): Addition {
  const { files, spec, path } = base;
  const { 'lora_A.weight': a, 'lora_B.weight': b, 'lora_B.bias': more, bias } = from.tensors;
  const [out = 0, width = 0] = matrixShape(base, canonical);
  if ((a === undefined) !== (b === undefined))
    throw new UserError(`${path}: ${(a ?? b)?.name} lacks its other half`, 'the adapter’s file is damaged or incomplete: save it again');
  const rank = a?.shape[0] ?? 0;
  const wrong = [a && (a.shape[1] !== width || rank === 0) && a, b && (b.shape[0] !== out || b.shape[1] !== rank) && b].find(Boolean);
  if (wrong) throw new UserError(`${path}: ${wrong.name} is [${wrong.shape.join(', ')}], the model’s matrix ${out} × ${width}`, otherModel);
  const order = rowsInGguf(spec, canonical);
  const low = a && b && { rank, scale: from.scale(rank), a: readFloats(a), b: reordered(readFloats(b), rank, order) };
  let shift: Float32Array | null = more && low ? reordered(readFloats(more), 1, order).map((each) => each * low.scale) : null;
  if (bias) {
    const old = files.tensors.get(spec.tensors[`${canonical}.bias`] ?? '');
    if (old === undefined || old.shape[0] !== bias.shape[0]) throw fitsNothing(base, bias.name);
    const was = readFloats(old);
    shift = reordered(readFloats(bias), 1, order).map((each, i) => each - (was[i] ?? 0) + (shift?.[i] ?? 0));
  }
  return { low: low ?? null, shift };
}

function reordered(values: Float32Array, width: number, order: Int32Array | null): Float32Array {
  if (order === null) return values;
  const out = new Float32Array(values.length);
  order.forEach((from, row) => {
    out.set(values.subarray(from * width, (from + 1) * width), row * width);
  });
  return out;
}

function matrixShape({ files, spec }: Base, canonical: string): readonly number[] {
  const shape = files.tensors.get(spec.tensors[`${canonical}.weight`] ?? '')?.shape ?? [];
  return spec.transposed && canonical.startsWith('layers.') ? shape.toReversed() : shape;
}

/** llama.cpp's adapters (convert_lora_to_gguf.py): `<tensor>.lora_a` and `.lora_b`, their rows in the order of the file they fit. */
function fromGguf(base: Base): Adapter {
  const { path, files, spec } = base;
  const { config, tensors } = readGguf(path);
  if (config['general.type'] !== 'adapter' || (config['adapter.type'] ?? 'lora') !== 'lora')
    throw new UserError(
      `${path}: a GGUF file, but not a LoRA adapter`,
      'name the folder that PEFT wrote, or what convert_lora_to_gguf.py made of it',
    );
  if (files.format !== 'gguf')
    throw new UserError(
      `${path}: a GGUF adapter fits a GGUF model, not a folder of safetensors`,
      'give the GGUF of the model, or the PEFT folder',
    );
  const canonicalOf = new Map(Object.entries(spec.tensors).map(([canonical, name]) => [name, canonical.replace(/\.weight$/, '')]));
  const alpha = numberIn(config, 'adapter.lora.alpha') ?? 0;
  const matrices = new Map<string, Addition>();
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of tensors) {
    const [, name = '', part] = /^(.*)\.lora_([ab])$/.exec(tensor.name) ?? [];
    const canonical = canonicalOf.get(name);
    const other = byName.get(`${name}.lora_b`);
    if (canonical === undefined || canonical === 'embed' || other === undefined) throw fitsNothing(base, tensor.name);
    if (part !== 'a') continue;
    const scale = (rank: number): number => (alpha === 0 ? 1 : alpha / rank);
    const { low, shift } = addition({ ...base, spec: { ...spec, format: 'safetensors' } }, canonical, {
      tensors: { 'lora_A.weight': tensor, 'lora_B.weight': other },
      scale,
    });
    matrices.set(canonical, { low, shift });
  }
  if (matrices.size === 0) throw new UserError(`${path}: this adapter adds nothing to any matrix`, otherModel);
  return adapterOf({ matrices, vectors: new Map() });
}
