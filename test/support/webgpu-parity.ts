/** Run as a child process: parity of the named folders on WebGPU, one JSON line each; onnxruntime's own log tells on stderr where nodes were placed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { readyTensors } from '../../runners/onnx/convert.ts';
import { buildGraph } from '../../runners/onnx/graph.ts';
import { openModel } from '../../runners/onnx/open-model.ts';
import { specOf } from '../../runners/onnx/spec.ts';
import { greedy, type Open, openGraph, trace } from './graph-model.ts';

interface Case {
  readonly input_ids: number[];
  readonly token_logprobs: number[];
  readonly greedy: number[];
}

async function parity(folder: string): Promise<{ worst: number; greedy: boolean }> {
  const files = openModel(folder);
  const [spec, tensors] = [specOf(files), await readyTensors(files, { cacheDir: '' })];
  const score = await openGraph(spec, tensors, { purpose: 'score', device: 'webgpu', keep: true });
  const generate = await openGraph(spec, tensors, { purpose: 'generate', device: 'webgpu' });
  const { cases } = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as { cases: Case[] };
  let worst = 0;
  // The longest text and the shortest continuation tell; software shaders are slow.
  const [, short, long] = cases;
  if (short === undefined || long === undefined) throw new Error(`${folder}: three cases are expected`);
  for (const each of [long]) {
    const { logprob } = await trace(score, each.input_ids);
    worst = logprob.reduce((most, value, i) => Math.max(most, Math.abs(value - (each.token_logprobs[i] ?? Number.NaN))), worst);
  }
  const same = JSON.stringify(await greedy(generate, [short.input_ids], 5)) === JSON.stringify([short.greedy.slice(0, 5)]);
  await Promise.all([score, generate].map((open: Open) => open.session.release()));
  return { worst, greedy: same };
}

async function placement(folder: string): Promise<void> {
  const files = openModel(folder);
  const [spec, tensors] = [specOf(files), await readyTensors(files, { cacheDir: '' })];
  for (const purpose of ['score', 'generate'] as const) {
    const graph = buildGraph(spec, tensors, { purpose, device: 'webgpu', keep: true });
    const session = await ort.InferenceSession.create(graph.bytes, {
      executionProviders: ['webgpu'],
      logSeverityLevel: 0,
      logVerbosityLevel: 1,
      extra: { session: { model_external_initializers_file_folder_path: graph.folder } },
    });
    await session.release();
  }
}

const [what, ...folders] = process.argv.slice(2);
if (what === 'placement') ort.env.logLevel = 'verbose';
for (const folder of folders) {
  if (what === 'placement') await placement(folder);
  else console.log(JSON.stringify({ folder, ...(await parity(folder)) }));
}
