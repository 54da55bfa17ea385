/**
 * Peak memory of a model's process beside the forecast made before loading.
 *
 *     npx tsx test/bench/memory.ts <model> [exact|fast] [opened|score|generate|both]
 *
 * Linux: VmHWM of the child, of it pages mapped from files and pages of its own at the end. One JSON line.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '../../runners/onnx/index.ts';
import type { Request, Want } from '../../src/types.ts';

const [model = '', weights = 'exact', work = 'both'] = process.argv.slice(2);
const started = performance.now();
await using runner = await openLocal(model, {
  seed: 1,
  cacheDir: process.env.PLUMBLINE_CACHE ?? join(tmpdir(), 'plumbline-bench'),
  offline: true,
  env: process.env,
  device: 'cpu',
  settings: { weights },
  say: (message) => process.stderr.write(`${message}\n`),
});
const loadMs = Math.round(performance.now() - started);
const pid = runner.pids()[0] ?? 0;
const kilobytes = (name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
const opened = kilobytes('VmHWM');

const text = 'The river rises in the hills north of the town and reaches the sea after a hundred miles of slow water. ';
const ask = (want: Want, i: number): Request => ({ to: 'target', prompt: `${i}. ${text.repeat(4)}`, want });
const scores = Array.from({ length: 8 }, (_, i) => ask({ kind: 'choice', options: [' It is long.', ' It is short.', ' No.', ' Yes.'] }, i));
const texts = Array.from({ length: 8 }, (_, i) => ask({ kind: 'text', maxTokens: 8, temperature: 0, seed: 1 }, i));
const requests = work === 'opened' ? [] : work === 'score' ? scores : work === 'generate' ? texts : [...scores, ...texts];
const begun = performance.now();
for await (const [, response] of runner.answer(requests, new AbortController().signal)) if (!response.ok) throw new Error(response.error);
const ms = Math.round(performance.now() - begun);
const { forecastBytes, fileBytes, load } = (await runner.facts()).cost ?? {};
const peak = kilobytes('VmHWM');
const line = {
  model,
  weights,
  work,
  loadMs,
  ms,
  fileBytes,
  opened,
  peak,
  ofFiles: kilobytes('RssFile'),
  own: kilobytes('RssAnon'),
  forecastBytes,
  load,
};
process.stdout.write(
  `${JSON.stringify({ ...line, peakToFile: peak / Number(fileBytes), forecastToPeak: Number(forecastBytes) / peak })}\n`,
);
