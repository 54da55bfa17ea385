/**
 * Speed beside the tools people use today: same weights, same work, alternating rounds, medians.
 *   npx tsx test/bench/peers.ts <folder for the peers> <model.gguf> [--items 200] [--rounds 3] [--tasks options,header,generate,trace,first] [--peers plumbline,plumbline-fast,node-llama-cpp,lm-eval]
 * The peers are installed into the folder at first (npm and pip; torch is large). Prints one Markdown table and writes test/bench/results/<model>-<date>.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { generateWork, headerWork, optionWork, traceWork, type Work } from './work.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    items: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: 'first,options,header,generate,trace' },
    peers: { type: 'string', default: 'plumbline,plumbline-fast,node-llama-cpp,lm-eval' },
    threads: { type: 'string', default: String(Math.max(1, cpus().length >= 8 ? cpus().length / 2 : cpus().length)) },
    batch: { type: 'string', default: '16' },
  },
});
const [folderArgument, modelArgument] = positionals;
if (!folderArgument || !modelArgument) throw new Error('usage: peers.ts <folder for the peers> <model.gguf>');
const folder = resolve(folderArgument);
const model = resolve(modelArgument);
const items = Number(values.items);
const here = import.meta.dirname;

interface Took {
  readonly loadMs: number;
  readonly ms: number;
  /** Processor time of the work, all threads: steadier than wall time on a busy machine. */
  readonly cpuMs: number;
  readonly count: number;
  readonly tokens: number;
  readonly peakMemoryBytes: number;
  readonly answers: readonly (string | number)[];
}

const works: Readonly<Record<string, { readonly title: string; readonly work: Work }>> = {
  first: { title: 'load to first score (warm caches)', work: { kind: 'first', context: 'The capital of France is', option: ' Paris' } },
  options: { title: `${items} items of four options, 150-token contexts`, work: optionWork(items) },
  header: { title: `${items} items of four options, five solved examples before each`, work: headerWork(items) },
  generate: { title: `64 tokens for ${Math.ceil(items / 3)} prompts, 16 rows`, work: generateWork(Math.ceil(items / 3), 64, 16) },
  single: { title: '64 tokens for 4 prompts, one row', work: generateWork(4, 64, 1) },
  trace: { title: `log-probabilities of ${Math.ceil(items / 4)} texts of 512 tokens`, work: traceWork(Math.ceil(items / 4)) },
};

const tsx = [join(here, '..', '..', 'node_modules', 'tsx', 'dist', 'cli.mjs'), join(here, 'peers', 'plumbline.ts')];
const python = join(folder, 'venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const peers: Readonly<Record<string, (file: string, kind: string) => readonly string[] | null>> = {
  plumbline: (file) => [process.execPath, ...tsx, model, file, 'exact'],
  'plumbline-fast': (file) => [process.execPath, ...tsx, model, file, 'fast'],
  'node-llama-cpp': (file) => [process.execPath, join(folder, 'node-llama-cpp.mjs'), model, file, values.threads],
  'lm-eval': (file) => [python, join(here, 'peers', 'lm_eval_hf.py'), model, file, values.threads, values.batch],
};

/** Installs what is not there yet. */
function setUp(): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}');
  if (!existsSync(join(folder, 'node_modules', 'node-llama-cpp')))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', 'node-llama-cpp@3'], {
      cwd: folder,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  writeFileSync(
    join(folder, 'node-llama-cpp.mjs'),
    execFileSync(process.execPath, ['-p', `fs.readFileSync(${JSON.stringify(join(here, 'peers', 'node-llama-cpp.mjs'))}, 'utf8')`]),
  );
  if (existsSync(python)) return;
  execFileSync('python3', ['-m', 'venv', join(folder, 'venv')], { stdio: 'inherit' });
  const pip = (...names: string[]) => execFileSync(python, ['-m', 'pip', 'install', '-q', ...names], { stdio: 'inherit' });
  // torch from the package index needs its CUDA libraries even to compute on a processor: several gigabytes.
  pip('torch', 'lm-eval', 'transformers', 'accelerate', 'gguf', 'typer');
}

function run(peer: string, task: string): Took | string {
  const { work } = works[task] ?? { work: null };
  if (!work) return `there is no task ${task}`;
  const file = join(folder, `${task}.json`);
  writeFileSync(file, JSON.stringify(work));
  const [command, ...args] = peers[peer]?.(file, work.kind) ?? [];
  if (!command) return `there is no peer ${peer}`;
  const env = { ...process.env, PLUMBLINE_CACHE: process.env.PLUMBLINE_CACHE ?? join(folder, 'cache') };
  const { stdout, stderr, status, signal } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env });
  const line = stdout?.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !line.startsWith('{'))
    return `failed (${signal ?? status}): ${stderr?.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`;
  return JSON.parse(line) as Took;
}

const median = (list: readonly number[]): number => {
  const sorted = [...list].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};
const totalOf = (task: string, took: Took): number => (task === 'first' ? took.loadMs + took.ms : took.ms);

function agreement(a: Took | undefined, b: Took | undefined): string {
  if (!a || !b || a.answers.length === 0 || a.answers.length !== b.answers.length || typeof a.answers[0] === 'string') return '–';
  const close = a.answers.filter((value, i) => Math.abs(Number(value) - Number(b.answers[i])) < 1e-3).length;
  return `${close}/${a.answers.length}`;
}

setUp();
const tasks = values.tasks.split(',');
const named = values.peers.split(',');
const lines = [
  `# ${basename(model)} on ${values.threads} threads of ${cpus()[0]?.model ?? 'unknown'}`,
  '',
  `node ${process.version}; ${values.rounds} alternating rounds, medians [min–max]; machine load at the start ${loadavg()[0]?.toFixed(1)}; times are of the work alone, loading apart (but for “load to first score”). Ratio: the peer's time over ours (exact). Same answers: against ours, exact.`,
  '',
  '| work | who | seconds | per second | ratio | processor seconds | ratio | peak memory | same answers |',
  '|---|---|---|---|---|---|---|---|---|',
];
for (const task of tasks) {
  const took = new Map<string, Took[]>();
  const failed = new Map<string, string>();
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const peer of named) {
      if (failed.has(peer)) continue;
      // The first round warms caches (converted weights, pages of files) and is not counted.
      if (round === 0 && peer === 'lm-eval' && task !== 'first') continue;
      const result = run(peer, task);
      process.stderr.write(
        `${task} ${round} ${peer} ${typeof result === 'string' ? result : `${(totalOf(task, result) / 1000).toFixed(2)} s`} (load ${loadavg()[0]?.toFixed(1)})\n`,
      );
      if (typeof result === 'string') failed.set(peer, result);
      else if (round > 0) took.set(peer, [...(took.get(peer) ?? []), result]);
    }
  const ours = took.get('plumbline');
  for (const peer of named) {
    const all = took.get(peer) ?? [];
    if (all.length === 0) {
      lines.push(`| ${works[task]?.title} | ${peer} | ${failed.get(peer) ?? 'not run'} | | | | | | |`);
      continue;
    }
    const times = all.map((one) => totalOf(task, one) / 1000);
    const [first] = all;
    const ratios = all.flatMap((one, i) => (ours?.[i] ? [totalOf(task, one) / totalOf(task, ours[i])] : []));
    const cpuRatios = all.flatMap((one, i) => (ours?.[i] ? [one.cpuMs / ours[i].cpuMs] : []));
    const rate = (task === 'generate' || task === 'single' ? (first?.tokens ?? 0) : (first?.count ?? 0)) / median(times);
    const unit = task === 'generate' || task === 'single' ? 'tokens' : 'items';
    lines.push(
      `| ${works[task]?.title} | ${peer} | ${median(times).toFixed(2)} [${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)}] | ${rate.toFixed(2)} ${unit} | ${ratios.length > 0 ? `${median(ratios).toFixed(2)} ×` : '–'} | ${(median(all.map((one) => one.cpuMs)) / 1000).toFixed(2)} | ${cpuRatios.length > 0 ? `${median(cpuRatios).toFixed(2)} ×` : '–'} | ${Math.round(median(all.map((one) => one.peakMemoryBytes)) / 1e6)} MB | ${peer === 'plumbline' ? '–' : agreement(ours?.[0], first)} |`,
    );
  }
}
const table = `${lines.join('\n')}\n`;
process.stdout.write(table);
mkdirSync(join(here, 'results'), { recursive: true });
writeFileSync(join(here, 'results', `${basename(model).replace(/\W+/g, '-')}-${new Date().toISOString().slice(0, 10)}.md`), table);
