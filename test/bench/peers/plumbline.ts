import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '../../../runners/onnx/index.ts';
import type { Request } from '../../../src/types.ts';
import type { Work } from '../work.ts';

/** Our side of the bench: does one piece of work and prints what it took. Arguments: model, work file, weights. */
const [model = '', file = '', weights = 'exact'] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, 'utf8')) as Work;
const started = performance.now();
await using runner = await openLocal(model, {
  seed: 1,
  cacheDir: process.env.PLUMBLINE_CACHE ?? join(tmpdir(), 'plumbline-bench'),
  offline: true,
  env: process.env,
  device: process.env.BENCH_DEVICE ?? 'cpu',
  settings: { weights },
  ...(work.kind === 'generate' ? { batchSize: work.rows } : {}),
  say: (message) => process.stderr.write(`${message}\n`),
});
const loadMs = performance.now() - started;
const requests = requestsOf(work);
const cpuOf = async () => Number((await runner.facts()).cost?.cpuSeconds ?? 0);
const cpuBefore = await cpuOf();
const begun = performance.now();
const answers: (string | number)[] = [];
let tokens = 0;
for await (const [index, response] of runner.answer(requests, new AbortController().signal)) {
  if (!response.ok) throw new Error(response.error);
  tokens += response.tokens;
  const { logprobs = [] } = response;
  answers[index] =
    work.kind === 'generate'
      ? response.text
      : work.kind === 'trace'
        ? mean(logprobs)
        : logprobs.indexOf(Math.max(...logprobs.map((v) => v ?? 0)));
}
const ms = performance.now() - begun;
const cpuMs = 1000 * ((await cpuOf()) - cpuBefore);
const { peakMemoryBytes } = (await runner.facts()).cost ?? {};
process.stdout.write(`${JSON.stringify({ loadMs, ms, cpuMs, count: requests.length, tokens, peakMemoryBytes, answers })}\n`);

function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((a, b) => a + b, 0) / known.length;
}

function requestsOf(from: Work): Request[] {
  const ask = (prompt: string, want: Request['want']): Request => ({ to: 'target', prompt, want });
  if (from.kind === 'options') return from.items.map(({ context, options }) => ask(context, { kind: 'choice', options }));
  if (from.kind === 'first') return [ask(from.context, { kind: 'choice', options: [from.option] })];
  if (from.kind === 'trace') return from.texts.map((text) => ask(text, { kind: 'trace' }));
  return from.prompts.map((prompt) => ask(prompt, { kind: 'text', maxTokens: from.maxTokens, temperature: 0, seed: 1 }));
}
