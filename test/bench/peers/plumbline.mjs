// Our side of the bench: one piece of work, and what it took. Arguments: model, work file, threads, weights.
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '../../../dist/runners/onnx/index.js';
import { best, cpuMs, mappedBytes, mean, print, sinceStart } from './took.mjs';

const [model, file, threads, weights = 'exact'] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, 'utf8'));
const started = performance.now();
const runner = await openLocal(model, {
  seed: 1,
  cacheDir: process.env.PLUMBLINE_CACHE ?? join(tmpdir(), 'plumbline-bench'),
  offline: true,
  env: process.env,
  device: process.env.BENCH_DEVICE ?? 'cpu',
  settings: { ...(Number(threads) > 0 ? { threads } : {}), ...(weights === 'as exported' ? {} : { weights }) },
  ...(work.kind === 'generate' ? { batchSize: work.rows } : {}),
  say: (message) => process.stderr.write(`${message}\n`),
});
const loadMs = performance.now() - started;
const ask = (prompt, want) => ({ to: 'target', prompt, want });
const { maxTokens, temperature } = work;
const requests =
  work.kind === 'options'
    ? work.items.map(({ context, options }) => ask(context, { kind: 'choice', options }))
    : work.kind === 'first'
      ? [ask(work.context, { kind: 'choice', options: [work.option] })]
      : work.kind === 'trace'
        ? work.texts.map((text) => ask(text, { kind: 'trace' }))
        : work.prompts.map((prompt, i) => ask(prompt, { kind: 'text', maxTokens, temperature, seed: i }));
const childCpu = async () => 1000 * Number((await runner.facts()).cost?.cpuSeconds ?? 0);
const [before, own, begun] = [await childCpu(), process.cpuUsage(), performance.now()];
const answers = [];
const scores = [];
let tokens = 0;
for await (const [index, response] of runner.answer(requests, new AbortController().signal)) {
  if (!response.ok) throw new Error(response.error);
  tokens += response.tokens;
  const { logprobs = [] } = response;
  if (work.kind === 'options') scores[index] = logprobs;
  answers[index] =
    work.kind === 'generate' ? response.text : work.kind === 'trace' ? mean(logprobs.filter((each) => each !== null)) : best(logprobs);
}
const ms = performance.now() - begun;
const firstMs = sinceStart();
const spent = (await childCpu()) - before + cpuMs(own);
const { cost } = await runner.facts();
print({
  loadMs,
  firstMs,
  ms,
  cpuMs: spent,
  count: requests.length,
  tokens,
  // The child that holds the model, and of this process what is its own: Node's program pages are the same ones.
  peakMemoryBytes: Number(cost?.peakMemoryBytes) + process.resourceUsage().maxRSS * 1024 - mappedBytes(),
  mappedBytes: mappedBytes(runner.pids()[0]),
  answers,
  scores: scores.flat(),
});
await runner[Symbol.asyncDispose]();
