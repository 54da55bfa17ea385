import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { rowsInGguf } from '../runners/onnx/adapter-names.ts';
import type { ModelFiles } from '../runners/onnx/contract.ts';
import { readFloats, readyTensors } from '../runners/onnx/convert.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { readAdapter } from '../runners/onnx/read-adapter.ts';
import { readSafetensors } from '../runners/onnx/safetensors.ts';
import { specOf } from '../runners/onnx/spec.ts';
import { writeGguf } from './support/gguf-file.ts';
import { asGguf, ggufCases } from './support/gguf-spelling.ts';
import { openGraph, trace } from './support/graph-model.ts';
import { splitInShards, tinyModel, writeFilled } from './support/tiny-fixture.ts';

const fixtures = fileURLToPath(new URL('./fixtures/adapters', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'plumbline-adapter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Reference {
  readonly base: string;
  readonly input_ids: number[];
  readonly token_logprobs: number[];
}
const jsonOf = (...path: string[]): unknown => JSON.parse(readFileSync(join(fixtures, ...path), 'utf8'));
const referenceOf = (name: string): Reference => jsonOf(name, 'reference.json') as Reference;

let made = 0;
/** The adapter as peft saved it; `settings` change its configuration. */
function adapterFolder(name: string, settings: object = {}): string {
  made += 1;
  const to = join(folder, `${name}-${made}`);
  mkdirSync(to);
  writeFileSync(join(to, 'adapter_config.json'), JSON.stringify({ ...(jsonOf(name, 'adapter_config.json') as object), ...settings }));
  writeFilled(join(to, 'adapter_model.safetensors'), jsonOf(name, 'tensors.json') as Record<string, number[]>);
  return to;
}

async function logprobs(files: ModelFiles, ids: readonly number[], adapter?: string, device = 'cpu'): Promise<number[]> {
  const spec = specOf(files);
  const more = adapter === undefined ? {} : { adapter: readAdapter(adapter, files, spec) };
  const inPlace = await readyTensors({ ...files, format: 'safetensors' }, { cacheDir: folder });
  const open = await openGraph(spec, inPlace, { purpose: 'score', device, ...more });
  return (await trace(open, ids)).logprob;
}

function near(got: readonly number[], expected: readonly number[], within = 1e-4): void {
  expect(got.length).toBe(expected.length);
  for (const [i, each] of got.entries()) expect(Math.abs(each - (expected[i] ?? Number.NaN))).toBeLessThan(within);
}

const spellingOf = (base: string) => {
  const [, row] = Object.entries(ggufCases).find(([title, { of }]) => (of ?? title) === base) ?? [];
  if (row === undefined) throw new Error(`${base} has no GGUF spelling here`);
  return row;
};

/** The base model in the spelling of GGUF. */
function spelt(base: string): ModelFiles {
  const [original, row] = [openModel(tinyModel(base)), spellingOf(base)];
  const own = specOf(original);
  return asGguf(original, own, { ...row, metadata: row.metadata(original, own), split: row.split ?? false, folder });
}

describe.each(readdirSync(fixtures))('the adapter %s', (name) => {
  const { base, input_ids, token_logprobs } = referenceOf(name);

  test.each(['cpu', 'plain'])('scores as peft does, and not as the base (%s graph)', async (device) => {
    const files = openModel(tinyModel(base));
    const without = await logprobs(files, input_ids);
    expect(Math.max(...without.map((each, i) => Math.abs(each - (token_logprobs[i] ?? 0))))).toBeGreaterThan(0.01);
    near(await logprobs(files, input_ids, adapterFolder(name), device), token_logprobs);
  });

  test('on the GGUF of its model too', async () =>
    near(await logprobs(spelt(base), input_ids, adapterFolder(name)), token_logprobs, spellingOf(base).within));
});

test('on a model in shards', async () => {
  const { base, input_ids, token_logprobs } = referenceOf('granite');
  const sharded = splitInShards(tinyModel(base), 3);
  expect(readdirSync(sharded).filter((name) => name.endsWith('.safetensors'))).toHaveLength(3);
  near(await logprobs(openModel(sharded), input_ids, adapterFolder('granite')), token_logprobs);
});

test('an adapter converted to GGUF scores as the PEFT folder', async () => {
  const { base, input_ids, token_logprobs } = referenceOf('granite');
  const files = spelt(base);
  const spec = specOf(files);
  const canonicalOf: Record<string, string> = {
    o_proj: 'o',
    q_proj: 'q',
    k_proj: 'k',
    v_proj: 'v',
    gate_proj: 'gate',
    up_proj: 'up',
    down_proj: 'down',
  };
  const tensors = readSafetensors(join(adapterFolder('granite'), 'adapter_model.safetensors')).tensors.map((tensor) => {
    const [, layer, module = '', part = ''] = /layers\.(\d+)\..*\.(\w+)\.lora_([AB])\.weight$/.exec(tensor.name) ?? [];
    const canonical = `layers.${layer}.${canonicalOf[module]}`;
    const [rows = 0, width = 0] = tensor.shape;
    const values = readFloats(tensor);
    // As convert_lora_to_gguf.py: B's rows in the order of the file's matrix.
    const order = part === 'B' ? rowsInGguf(spec, canonical) : null;
    const data = new Float32Array(values.length);
    for (let row = 0; row < rows; row += 1)
      data.set(values.subarray((order?.[row] ?? row) * width, ((order?.[row] ?? row) + 1) * width), row * width);
    const name = `${spec.tensors[`${canonical}.weight`]}.lora_${part.toLowerCase()}`;
    return { name, shape: tensor.shape, type: 'F32' as const, data: new Uint8Array(data.buffer) };
  });
  const path = join(folder, 'adapter.gguf');
  const metadata = [
    ['general.architecture', 'granite'],
    ['general.type', 'adapter'],
    ['adapter.type', 'lora'],
    ['adapter.lora.alpha', 6],
  ] as const;
  writeGguf(path, { metadata, tensors });
  near(await logprobs(files, input_ids, path), token_logprobs);
  const original = openModel(tinyModel(base));
  expect(() => readAdapter(path, original, specOf(original))).toThrow('fits a GGUF model');
  writeGguf(path, { metadata: [['general.architecture', 'granite']], tensors });
  expect(() => readAdapter(path, files, spec)).toThrow('not a LoRA adapter');
});

describe('an adapter that cannot be applied is refused, with what stands in the way', () => {
  const files = openModel(tinyModel('granite'));
  const spec = specOf(files);
  test.each([
    [{ use_dora: true }, 'DoRA'],
    [{ peft_type: 'IA3' }, 'its type is IA3'],
    [{ modules_to_save: ['lm_head'] }, 'replaces whole modules (lm_head)'],
    [{ target_parameters: ['mlp.experts.gate_up_proj'] }, 'outside of linear layers (mlp.experts.gate_up_proj)'],
    [{ init_lora_weights: 'pissa_niter_16' }, 'changed base weights (pissa_niter_16)'],
    [{ alora_invocation_tokens: [5] }, 'aLoRA'],
    [{ layer_replication: [[0, 2]] }, 'repeats layers'],
  ])('%j', (settings, message) => {
    expect(() => readAdapter(adapterFolder('granite', settings), files, spec)).toThrow(message);
  });

  test('one of another model', () => {
    expect(() => readAdapter(adapterFolder('ernie-all-linear'), files, spec)).toThrow(/is \[32, 2\], the model’s matrix 16 × 32/);
    expect(() => readAdapter(adapterFolder('bloom'), files, spec)).toThrow('fits no matrix');
  });

  test('folders without it, or with a pickle', () => {
    expect(() => readAdapter(folder, files, spec)).toThrow('no adapter_config.json');
    expect(() => readAdapter(join(folder, 'nowhere'), files, spec)).toThrow('no such adapter');
    const old = adapterFolder('granite');
    copyFileSync(join(old, 'adapter_model.safetensors'), join(old, 'adapter_model.bin'));
    rmSync(join(old, 'adapter_model.safetensors'));
    expect(() => readAdapter(old, files, spec)).toThrow('pickle');
  });

  test('half of a pair', () => {
    const made = adapterFolder('granite');
    const shapes = jsonOf('granite', 'tensors.json') as Record<string, number[]>;
    const [, ...rest] = Object.entries(shapes);
    writeFilled(join(made, 'adapter_model.safetensors'), Object.fromEntries(rest));
    expect(() => readAdapter(made, files, spec)).toThrow('lacks its other half');
  });
});
