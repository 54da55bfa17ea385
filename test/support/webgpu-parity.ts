/** Run as a child process: parity of the named folders on WebGPU, one JSON line each; onnxruntime's own log tells on stderr where nodes were placed. */
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { readyTensors } from '../../runners/onnx/convert.ts';
import { buildGraph } from '../../runners/onnx/graph.ts';
import { openModel } from '../../runners/onnx/open-model.ts';
import { specOf } from '../../runners/onnx/spec.ts';
import { temporary } from './cli.ts';
import { greedy, type Open, openGraph, trace } from './graph-model.ts';
import { answersOf, asks, good, openRunner, text } from './local-runner.ts';

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

/** The same requests through the runner on both devices. */
async function throughRunner(folder: string): Promise<{ texts: boolean; worst: number; answers: number }> {
  using place = temporary();
  const model = join(place.path, 'model');
  cpSync(folder, model, { recursive: true });
  copyFileSync(join(folder, '..', 'tokenizer.json'), join(model, 'tokenizer.json'));
  const long = 'The river ran on. '.repeat(7);
  const requests = [
    ...['Hello there, how', 'A', 'The quick brown fox jumps over', 'zzz yyy', 'Once upon a time', 'then'].map((prompt, i) =>
      asks(prompt, text(4 + 2 * i, { temperature: i % 2, seed: i })),
    ),
    ...['a', 'b', 'c', 'd', 'e'].map((end) => asks(`${long}${end}`, text(4))),
    ...['a', 'bb', 'ccc', 'dddd'].map((end) => asks(`${long}${end}`, { kind: 'choice', options: [' yes', ' no', ' maybe so'] })),
  ];
  const [cpu = [], gpu = []] = await Promise.all(
    ['cpu', 'webgpu'].map(async (device) => {
      const cacheDir = join(place.path, device);
      await using runner = (await openRunner(model, { cacheDir, device, batchSize: 3, env: process.env })).runner;
      return (await answersOf(runner, requests)).map(good);
    }),
  );
  const worst = gpu.flatMap(({ logprobs = [] }, i) => logprobs.map((value, j) => Math.abs((value ?? 0) - (cpu[i]?.logprobs?.[j] ?? 0))));
  return { texts: gpu.every((each, i) => each.text === cpu[i]?.text), worst: Math.max(...worst), answers: gpu.length };
}

const [what, ...folders] = process.argv.slice(2);
if (what === 'placement') ort.env.logLevel = 'verbose';
for (const folder of folders) {
  if (what === 'placement') await placement(folder);
  else if (what === 'runner') console.log(JSON.stringify(await throughRunner(folder)));
  else console.log(JSON.stringify({ folder, ...(await parity(folder)) }));
}
