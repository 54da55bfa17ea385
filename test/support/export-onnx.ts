/** Writes a small decoder as others export theirs: past_key_values, attention_mask and logits, the weights in a file beside the graph. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReadyTensor } from '../../runners/onnx/contract.ts';
import { draftOf } from '../../runners/onnx/draft.ts';
import { cacheWidth } from '../../runners/onnx/facts.ts';
import { attention } from '../../runners/onnx/graph-attention.ts';
import type { Context } from '../../runners/onnx/graph-context.ts';
import { feedForward } from '../../runners/onnx/graph-ffn.ts';
import { embedded, rotationsOf } from '../../runners/onnx/graph-inputs.ts';
import { norm } from '../../runners/onnx/graph-norm.ts';
import { noPlaces } from '../../runners/onnx/graph-plain-attention.ts';
import { exactWeights } from '../../runners/onnx/graph-weights.ts';
import { modelBytes } from '../../runners/onnx/proto.ts';
import type { ModelSpec } from '../../runners/onnx/spec.ts';

/** A sequential, rotary model. `file`: where the .onnx goes; the safetensors file is copied beside it. */
export function exportOnnx(spec: ModelSpec, tensors: ReadonlyMap<string, ReadyTensor>, file: string): void {
  const draft = draftOf('exported');
  const ids = draft.input({ name: 'input_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] });
  const mask = draft.input({ name: 'attention_mask', type: 'int64', shape: ['batch_size', 'total_sequence_length'] });
  const positions = draft.input({ name: 'position_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] });
  const weights = exactWeights({ draft, spec, tensors, plain: false });
  const narrow = (name: string): string => draft.op('Cast', [name], { to: 6 });
  const counts = draft.op('ReduceSum', [mask, draft.ints([1])], { keepdims: 0 });
  const total = draft.op('Gather', [draft.op('Shape', [mask]), draft.ints([1], true)], { axis: 0 });
  const masks = {
    seqlens: narrow(draft.op('Sub', [counts, draft.ints([1], true)])),
    total: narrow(total),
    bias: () => '',
    windowed: false,
  };
  const past = { type: 'float32', shape: ['batch_size', spec.kvHeads, 'past_sequence_length', cacheWidth(spec)] } as const;
  for (let i = 0; i < spec.layers.length; i += 1) for (const part of ['key', 'value']) draft.input({ name: `past.${i}.${part}`, ...past });
  const context: Context = {
    draft,
    spec,
    weights,
    masks,
    width: cacheWidth(spec),
    cached: true,
    whole: true,
    plain: false,
    places: noPlaces,
    now: { past: '', fresh: '' },
    ...rotationsOf({ draft, spec, plain: false }, positions),
    keep: (layer, outputs) => {
      for (const [i, part] of ['key', 'value'].entries())
        draft.output(outputs[i + 1] ?? '', {
          name: `present.${layer}.${part}`,
          type: 'float32',
          shape: ['batch_size', spec.kvHeads, 'total', cacheWidth(spec)],
        });
    },
  };
  let x = embedded({ draft, spec, weights }, ids, positions);
  for (let i = 0; i < spec.layers.length; i += 1) {
    x = draft.op('Add', [x, attention(context, norm(context, x, `layers.${i}.attnNorm`), i)]);
    x = draft.op('Add', [x, feedForward(context, norm(context, x, `layers.${i}.ffnNorm`), i)]);
  }
  const logits = weights.linear(norm(context, x, 'finalNorm'), spec.tied ? 'embed' : 'head');
  draft.output(logits, { name: 'logits', type: 'float32', shape: ['batch_size', 'sequence_length', spec.vocabulary] });
  const parts = draft.parts();
  const renamed = (name: string): string => name.replace(/^past\./, 'past_key_values.');
  const nodes = parts.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) }));
  const inputs = parts.inputs.map((input) => ({ ...input, name: renamed(input.name) }));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, modelBytes({ ...parts, nodes, inputs, irVersion: 10, opsets: { '': 23, 'com.microsoft': 1 } }));
  const [first] = tensors.values();
  if (first !== undefined) copyFileSync(first.file, join(dirname(file), 'model.safetensors'));
}
