/** LoRA adapters (PEFT folders): low-rank additions to a model's matrices. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/types.ts';
import type { ModelFiles } from './contract.ts';
import { readFloats } from './convert.ts';
import type { Draft } from './draft.ts';
import { type Fields, fieldsIn, flagIn, numberIn } from './fields.ts';
import type { Rows, Weights } from './graph-weights.ts';
import { readJsonObject } from './open-model.ts';
import { readSafetensors } from './safetensors.ts';
import type { ModelSpec } from './spec.ts';

/** y = x·Wᵀ + scale · (x·Aᵀ)·Bᵀ. */
export interface LowRank {
  readonly rank: number;
  readonly scale: number;
  /** [rank,in] and [out,rank], row-major. */
  readonly a: Float32Array;
  readonly b: Float32Array;
}
/** By canonical name (`layers.0.q`). */
export type Adapter = ReadonlyMap<string, LowRank>;

function refuseUnknown(config: Fields, folder: string): void {
  const kind = config.peft_type;
  const odd = [
    kind === undefined || kind === 'LORA' ? '' : `its type is ${String(kind)}`,
    flagIn(config, 'use_dora') ? 'it is a DoRA' : '',
    ['rank_pattern', 'alpha_pattern'].some((key) => Object.keys(fieldsIn(config, key) ?? {}).length > 0) ? 'its ranks differ by layer' : '',
    Array.isArray(config.modules_to_save) && config.modules_to_save.length > 0 ? 'it replaces whole modules (modules_to_save)' : '',
  ].find(Boolean);
  if (odd)
    throw new UserError(
      `${folder}: this adapter cannot be applied: ${odd}`,
      'merge it into the model with PEFT (merge_and_unload) and give the merged folder',
    );
}

/** Reads a PEFT folder against the model it was made for. UserError when it is of another kind, or names matrices the model has not. */
export function readAdapter(folder: string, files: ModelFiles, spec: ModelSpec): Adapter {
  const [settings, weights] = ['adapter_config.json', 'adapter_model.safetensors'].map((name) => join(folder, name));
  if (!settings || !weights || !existsSync(settings) || !existsSync(weights))
    throw new UserError(
      `${folder}: no adapter_config.json with adapter_model.safetensors here`,
      'name the folder that PEFT wrote (save_pretrained)',
    );
  if (files.format === 'gguf')
    throw new UserError('adapters are applied to safetensors folders, not to GGUF files', 'give the folder of the original model');
  const config = readJsonObject(settings);
  refuseUnknown(config, folder);
  const rank = numberIn(config, 'r') ?? 8;
  const scale = (numberIn(config, 'lora_alpha') ?? 8) / (flagIn(config, 'use_rslora') ? Math.sqrt(rank) : rank);
  const stored = new Map(readSafetensors(weights).tensors.map((tensor) => [tensor.name, tensor]));
  const adapter = new Map<string, LowRank>();
  const used = new Set<string>();
  for (const [canonical, name] of Object.entries(spec.tensors)) {
    const stem = `base_model.model.${name.replace(/\.weight$/, '')}`;
    const [a, b] = [stored.get(`${stem}.lora_A.weight`), stored.get(`${stem}.lora_B.weight`)];
    if (a === undefined || b === undefined || !canonical.endsWith('.weight')) continue;
    const [out, width] = matrixShape(files, spec, canonical);
    if (a.shape[0] !== rank || a.shape[1] !== width || b.shape[0] !== out || b.shape[1] !== rank)
      throw new UserError(
        `${folder}: ${a.name} is [${a.shape.join(', ')}] where ${rank} × ${width} fits the model`,
        'this adapter was made for another model',
      );
    adapter.set(canonical.slice(0, -'.weight'.length), { rank, scale, a: readFloats(a), b: readFloats(b) });
    used.add(a.name).add(b.name);
  }
  const left = [...stored.keys()].filter((name) => !used.has(name));
  if (adapter.size === 0 || left.length > 0)
    throw new UserError(
      `${folder}: ${left.length} tensors of the adapter fit no matrix of the model (${left.slice(0, 2).join(', ')})`,
      'this adapter was made for another model, or changes more than its linear layers: merge it with PEFT first',
    );
  return adapter;
}

function matrixShape(files: ModelFiles, spec: ModelSpec, canonical: string): readonly number[] {
  const shape = files.tensors.get(spec.tensors[canonical] ?? '')?.shape ?? [];
  return spec.transposed && canonical.startsWith('layers.') ? shape.toReversed() : shape;
}

/** The same weights with the adapter's additions. Its matrices lie in the graph itself. */
export function adaptedWeights(draft: Draft, weights: Weights, adapter: Adapter): Weights {
  const matrix = (name: string, values: Float32Array, shape: readonly number[]): string =>
    draft.initializer({ name, type: 'float32', shape, raw: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) });
  const linear = (x: string, canonical: string, rows?: Rows): string => {
    const y = weights.linear(x, canonical, rows);
    const low = adapter.get(canonical);
    if (low === undefined) return y;
    const { rank, scale, a, b } = low;
    const part = rows === undefined ? b : b.subarray(rows.from * rank, rows.to * rank);
    const where = rows === undefined ? canonical : `${canonical}[${rows.from}:${rows.to}]`;
    const transposed = (name: string): string => draft.op('Transpose', [name], { perm: [1, 0] });
    const down = draft.op('MatMul', [x, transposed(matrix(`${canonical}.loraA`, a, [rank, a.length / rank]))]);
    const up = draft.op('MatMul', [down, transposed(matrix(`${where}.loraB`, part, [part.length / rank, rank]))]);
    return draft.op('Add', [y, draft.op('Mul', [up, draft.floats([scale], [])])]);
  };
  return { ...weights, linear };
}
