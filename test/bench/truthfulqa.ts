/**
 * TruthfulQA MC1 and MC2 beside lm-evaluation-harness 0.4.13 (hf backend, float32) on the same weights: every option's log-likelihood, and both scores.
 *   npx tsx test/bench/truthfulqa.ts <folder for the peer> <model.gguf> [--data <folder with mc_task.json>] [--rows 50]
 * The peer is installed into the folder at first (torch is large). Exit code 1 when an option differs by more than 1e-3 a token, or a score differs.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openLocal } from '../../runners/onnx/index.ts';
import { dataIn } from '../../src/data.ts';
import { scoresOf } from '../../src/kit/asking.ts';
import { hashOf } from '../../src/kit/random.ts';
import { loadSuites } from '../../src/load.ts';
import type { Item, Request, Response } from '../../src/types.ts';
import { sharedFolder } from '../support/shared-folder.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: join(sharedFolder, 'data', 'truthfulqa') }, rows: { type: 'string', default: '50' } },
});
const [folderArgument, modelArgument] = positionals;
if (!folderArgument || !modelArgument) throw new Error('usage: truthfulqa.ts <folder for the peer> <model.gguf>');
const [folder, model, data, rows] = [resolve(folderArgument), resolve(modelArgument), resolve(values.data), Number(values.rows)];
const allowed = 1e-3;

interface Theirs {
  readonly mc1: number;
  readonly mc2: number;
  readonly scores: Readonly<Record<'mc1' | 'mc2', readonly (readonly number[])[]>>;
}

function theirs(): Theirs {
  const python = join(folder, 'venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (!existsSync(python)) {
    execFileSync('python3', ['-m', 'venv', join(folder, 'venv')], { stdio: 'inherit' });
    const names = ['lm-eval==0.4.13', 'torch', 'transformers', 'accelerate', 'gguf', 'datasets', 'sacrebleu', 'rouge_score'];
    execFileSync(python, ['-m', 'pip', 'install', '-q', ...names], { stdio: 'inherit' });
  }
  const file = join(data, ['mc_task.json', 'mc_task.json.gz'].find((name) => existsSync(join(data, name))) ?? 'mc_task.json');
  const output = join(folder, `truthfulqa-${basename(model)}.json`);
  const script = join(import.meta.dirname, 'peers', 'lm_eval_truthfulqa.py');
  execFileSync(python, [script, model, file, String(rows), output], { stdio: ['ignore', 'inherit', 'inherit'] });
  return JSON.parse(readFileSync(output, 'utf8')) as Theirs;
}

async function answersOf(requests: readonly Request[]): Promise<Response[]> {
  await using runner = await openLocal(model, {
    seed: 1,
    cacheDir: join(folder, 'cache'),
    offline: true,
    env: process.env,
    device: 'cpu',
    settings: {},
    say: (message) => process.stderr.write(`${message}\n`),
  });
  const answers: Response[] = [];
  for await (const [index, response] of runner.answer(requests, new AbortController().signal)) answers[index] = response;
  return answers;
}

const cache = join(folder, 'data-cache');
mkdirSync(join(cache, 'data'), { recursive: true });
if (!existsSync(join(cache, 'data', 'truthfulqa'))) symlinkSync(data, join(cache, 'data', 'truthfulqa'), 'dir');
const [suite] = await loadSuites(['reliability/truthfulqa'], process.cwd());
if (!suite) throw new Error('the suite is not there');
const items: (Item & { readonly question: string })[] = [];
for await (const item of await suite.items(dataIn(cache))) items.push(item as Item & { readonly question: string });
const asked = items.slice(0, rows);

const peer = theirs();
const requests = asked.flatMap((item) => suite.rounds[0]?.(item, []) ?? []);
const answers = await answersOf(requests);
let [worst, where, options, mc1, mc2] = [0, '', 0, 0, 0];
for (const [i, item] of asked.entries()) {
  const replies = answers.slice(2 * i, 2 * i + 2);
  const seen = suite.observe(item, [replies]);
  if ('skip' in seen) throw new Error(`${item.id}: ${seen.skip}`);
  mc1 += Number(seen.values.mc1) / asked.length;
  mc2 += Number(seen.values.mc2) / asked.length;
  for (const [j, name] of (['mc1', 'mc2'] as const).entries()) {
    const turn = hashOf(item.question) >>> 16;
    const [sums, means] = [scoresOf(replies[j], turn), scoresOf(replies[j], turn, true)];
    for (const [k, sum] of (sums ?? []).entries()) {
      const tokens = Math.max(1, Math.round(sum / (means?.[k] ?? sum)));
      const off = Math.abs(sum - (peer.scores[name][i]?.[k] ?? Number.NaN)) / tokens;
      options++;
      if (!(off <= worst)) [worst, where] = [off, `${item.id} ${name} option ${k + 1}`];
    }
  }
}

const same = worst <= allowed && Math.abs(mc1 - peer.mc1) < 1e-9 && Math.abs(mc2 - peer.mc2) < allowed;
const page = `# TruthfulQA beside lm-evaluation-harness 0.4.13 (hf, float32): ${basename(model)}

First ${asked.length} questions of mc_task.json, six-example prompt, no chat template; ${options} options.

| | Plumbline | lm-evaluation-harness |
|---|---|---|
| MC1 | ${mc1.toFixed(6)} | ${peer.mc1.toFixed(6)} |
| MC2 | ${mc2.toFixed(6)} | ${peer.mc2.toFixed(6)} |

Largest difference of an option's log-likelihood, a token: ${worst.toExponential(2)} (${where}; allowed ${allowed}). ${same ? 'They agree.' : 'THEY DO NOT AGREE.'}
`;
process.stdout.write(page);
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(join(import.meta.dirname, 'results', `truthfulqa-${basename(model).replace(/\.gguf$/, '')}.md`), page);
process.exitCode = same ? 0 : 1;
