import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exported, type Form, pythonIn, setUp } from './set-up.ts';
import { type Measured, type Took, tableOf } from './table.ts';
import { countOf, generateWork, headerWork, optionWork, sliceOf, traceWork, truthfulqaWork, type Work } from './work.ts';

const usage = `Speed beside the tools people use today: same weights, same work, alternating rounds, medians.

  npx tsx test/bench/peers.ts <folder for the peers> <model.gguf> [options]

The peers are installed into the folder first (npm and pip; torch is several gigabytes), and the model is exported there for those that run ONNX.
Prints one table and writes it to test/bench/results/. What was measured stays in <folder>/measured: a run that was stopped goes on there.

  --items 60      items of each task that every peer but lm-eval does in each round
  --rounds 3      rounds; one more before them warms caches and is not counted
  --lm-items 60   items that lm-eval does in all rounds together (each round a part of them)
  --tasks …       ${'first,options,header,truthfulqa,generate,single,trace'}
  --peers …       ${'plumbline,plumbline-fast,node-llama-cpp,lm-eval,plumbline-export,transformers.js,plumbline-genai,onnxruntime-genai'}
  --threads n     threads of each (default: cores)
  --batch 8       lm-eval's batch size; auto tries 1, 4, 8 and 16 first
  --minutes 10    longest that one run may take
  --fresh         measures again what is there
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    items: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    'lm-items': { type: 'string', default: '60' },
    tasks: { type: 'string', default: 'first,options,header,truthfulqa,generate,single,trace' },
    peers: {
      type: 'string',
      default: 'plumbline,plumbline-fast,node-llama-cpp,lm-eval,plumbline-export,transformers.js,plumbline-genai,onnxruntime-genai',
    },
    threads: { type: 'string', default: String(Math.max(1, cpus().length >= 8 ? cpus().length / 2 : cpus().length)) },
    batch: { type: 'string', default: '8' },
    minutes: { type: 'string', default: '10' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [folderArgument, modelArgument] = positionals;
if (values.help || !folderArgument || !modelArgument) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}
const [folder, model, items, rounds] = [resolve(folderArgument), resolve(modelArgument), Number(values.items), Number(values.rounds)];
const here = import.meta.dirname;
const startedAt = performance.now();
const name = basename(model)
  .replace(/\.gguf$/i, '')
  .replace(/[^\w.]+/g, '-');

const works: Readonly<Record<string, { readonly title: string; readonly work: Work }>> = {
  first: { title: 'start to first score (warm caches)', work: { kind: 'first', context: 'The capital of France is', option: ' Paris' } },
  options: { title: 'four options after 150 tokens', work: optionWork(items) },
  header: { title: 'four options, five solved examples before each item', work: headerWork(items) },
  truthfulqa: { title: "four options, TruthfulQA's six examples before each item", work: truthfulqaWork(items) },
  generate: { title: '64 tokens, sampled, 16 rows', work: generateWork(items, 64, { rows: 16, temperature: 0.8 }) },
  single: { title: '64 tokens, greedy, one row', work: generateWork(Math.ceil(items / 10), 64, { rows: 1, temperature: 0 }) },
  trace: { title: 'log-probabilities of 512 tokens', work: traceWork(Math.ceil(items / 3)) },
};

interface Peer {
  /** What it runs: the GGUF file itself or an export of it. */
  readonly form: 'gguf' | Form;
  readonly command: (path: string, file: string) => readonly string[];
  /** Whose time its ratio is taken to. */
  readonly against: string;
}
const ours = join(here, 'peers', 'plumbline.mjs');
const plumbline = (weights: string) => (path: string, file: string) => [process.execPath, ours, path, file, values.threads, weights];
const script = (file: string) => join(here, 'peers', file);
let batch = values.batch === 'auto' ? '8' : values.batch;
const peers: Readonly<Record<string, Peer>> = {
  plumbline: { form: 'gguf', command: plumbline('exact'), against: 'plumbline' },
  'plumbline-fast': { form: 'gguf', command: plumbline('fast'), against: 'plumbline' },
  'node-llama-cpp': {
    form: 'gguf',
    command: (path, file) => [process.execPath, join(folder, 'node-llama-cpp.mjs'), path, file, values.threads],
    against: 'plumbline',
  },
  'lm-eval': {
    form: 'hf',
    command: (path, file) => [pythonIn(folder, 'venv'), script('lm_eval_hf.py'), path, file, values.threads, batch],
    against: 'plumbline',
  },
  'plumbline-export': { form: 'optimum', command: plumbline('as exported'), against: 'plumbline-export' },
  'transformers.js': {
    form: 'optimum',
    command: (path, file) => [process.execPath, join(folder, 'transformers-js.mjs'), path, file, values.threads],
    against: 'plumbline-export',
  },
  'plumbline-genai': { form: 'genai', command: plumbline('as exported'), against: 'plumbline-genai' },
  'onnxruntime-genai': {
    form: 'genai',
    command: (path, file) => [pythonIn(folder, 'venv'), script('genai.py'), path, file, values.threads],
    against: 'plumbline-genai',
  },
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** One run of one peer; the reason where there is no result. */
function run(peer: Peer, path: string, work: Work): Took | string {
  const text = JSON.stringify(work);
  const file = join(folder, `work-${digest(text)}.json`);
  writeFileSync(file, text);
  const [command = '', ...args] = peer.command(path, file);
  const env = {
    ...process.env,
    PLUMBLINE_CACHE: process.env.PLUMBLINE_CACHE ?? join(folder, 'cache'),
    BENCH_STARTED: String(Date.now()),
    TOKENIZERS_PARALLELISM: 'false',
  };
  const timeout = 60_000 * Number(values.minutes);
  const { stdout, stderr, status, signal, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env, timeout });
  const line = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && line.startsWith('{')) return { ...(JSON.parse(line) as Took), load: loadavg()[0] ?? 0 };
  const late = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  const last = stderr?.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  return late ? `not done in ${values.minutes} minutes` : `failed (${signal ?? status ?? ''}): ${last}`;
}

/** lm-eval is slow: each round it does another part of the items. Round 0 warms. */
function workFor(peer: string, task: string, round: number): Work {
  const { work } = works[task] ?? {};
  if (!work) throw new Error(`there is no task ${task}`);
  if (peer !== 'lm-eval' || work.kind === 'first') return work;
  const wanted = Math.min(countOf(work), work.kind === 'options' ? Number(values['lm-items']) : countOf(work));
  const share = Math.ceil(wanted / rounds);
  return sliceOf(work, (Math.max(1, round) - 1) * share, share);
}

/** What was measured before for the same work with the same code, or a new measurement. */
function measured(peerName: string, path: string, at: { task: string; round: number }): Took | string {
  const peer = peers[peerName];
  if (!peer) return `there is no peer ${peerName}`;
  const work = workFor(peerName, at.task, at.round);
  const key = digest(JSON.stringify([work, values.threads, peer.command('', ''), path]));
  const file = join(folder, 'measured', name, at.task, `${at.round}-${peerName}-${key}.json`);
  if (!values.fresh && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Took | string;
  const took = run(peer, path, work);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(took));
  return took;
}

/** The fastest of some batch sizes on a few items. */
function bestBatch(path: string): string {
  const peer = peers['lm-eval'];
  if (!peer) return batch;
  const times = ['1', '4', '8', '16'].map((size) => {
    batch = size;
    const took = run(peer, path, optionWork(4));
    return { size, ms: typeof took === 'string' ? Number.POSITIVE_INFINITY : took.ms };
  });
  return times.sort((a, b) => a.ms - b.ms)[0]?.size ?? '8';
}

function main(): void {
  setUp(folder);
  const [tasks, named] = [values.tasks.split(','), values.peers.split(',')];
  const out = join(folder, 'exports', name);
  const paths = new Map<string, { path: string } | { why: string }>();
  for (const peer of named) {
    const { form } = peers[peer] ?? {};
    if (!form) throw new Error(`there is no peer ${peer}: name some of ${Object.keys(peers).join(', ')}`);
    paths.set(peer, form === 'gguf' ? { path: model } : exported(folder, { model, out }, form));
  }
  const lm = paths.get('lm-eval');
  if (values.batch === 'auto' && lm && 'path' in lm) batch = bestBatch(lm.path);
  const results: Measured[] = [];
  for (const task of tasks) {
    const took = new Map<string, Took[]>();
    const failed = new Map<string, string>();
    for (let round = 0; round <= rounds; round++)
      for (const peer of named) {
        const place = paths.get(peer);
        if (!place || 'why' in place) failed.set(peer, place?.why ?? 'not made');
        if (!place || 'why' in place || failed.has(peer)) continue;
        if (round === 0 && peer === 'lm-eval' && task !== 'first') continue;
        const result = measured(peer, place.path, { task, round });
        const told = typeof result === 'string' ? result : `${(result.ms / 1000).toFixed(2)} s`;
        process.stderr.write(`${task} ${round} ${peer} ${told} (load ${loadavg()[0]?.toFixed(1)})\n`);
        if (typeof result === 'string') failed.set(peer, result);
        else if (round > 0) took.set(peer, [...(took.get(peer) ?? []), result]);
      }
    results.push({
      task,
      title: works[task]?.title ?? task,
      peers: named.map((peer) => ({
        peer,
        against: peers[peer]?.against ?? 'plumbline',
        took: took.get(peer) ?? [],
        failed: failed.get(peer) ?? null,
      })),
    });
  }
  const minutes = (performance.now() - startedAt) / 60_000;
  const table = tableOf(results, {
    model: basename(model),
    threads: values.threads,
    rounds: values.rounds,
    batch,
    minutes,
  });
  process.stdout.write(table);
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', `${name}-${new Date().toISOString().slice(0, 10)}.md`), table);
}

main();
