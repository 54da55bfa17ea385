/**
 * How fast the harness itself is, and how much memory it takes.
 *   npx tsx test/bench/throughput.ts http [--requests 40000] [--connections 256] [--rounds 3]
 *   npx tsx test/bench/throughput.ts memory [--items 1000000] [--errors 0.01]
 *   npx tsx test/bench/throughput.ts peers <folder for the peers> [--items 50000] [--peer-items 5000]
 * http: against a bare undici loop, by the server's clock. memory: peak memory of a scripted run. peers: promptfoo's echo provider and inspect_ai's
 * mockllm, installed into the folder at first. Prints Markdown.
 */
import { type ChildProcess, execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '40000' },
    connections: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '3' },
    items: { type: 'string' },
    'peer-items': { type: 'string', default: '5000' },
    errors: { type: 'string', default: '0' },
  },
});
const here = import.meta.dirname;
const cli = resolve(here, '../../dist/src/cli.js');
const python = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';

/** A question set of short questions, written as it comes. */
async function questions(path: string, count: number, options: boolean): Promise<void> {
  const out = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    const question = `Is the number ${(i * 7919) % 1000003} odd, in your view? Consider it carefully.`;
    const line = JSON.stringify({ question, answer: i % 2 ? 'yes' : 'no', ...(options && { options: ['yes', 'no'] }) });
    if (!out.write(`${line}\n`)) await new Promise<void>((done) => out.once('drain', () => done()));
  }
  await new Promise<void>((done) => out.end(() => done()));
}

interface Took {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Runs a command to its end; wall time and peak memory of it and its children, as the kernel counted it (Linux). */
function measured(command: readonly string[], cwd: string, env: Record<string, string> = {}): Took {
  const started = performance.now();
  const timed = ['/usr/bin/time', '-f', '%M', '-o', join(cwd, '.peak'), ...command];
  const [head = '', ...rest] = timed;
  const done = spawnSync(head, rest, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.stderr.slice(-2000)}`);
  const peak = Number(readFileSync(join(cwd, '.peak'), 'utf8').trim().split('\n').at(-1));
  return { seconds: (performance.now() - started) / 1000, megabytes: peak / 1024 };
}

const middle = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const machine = () => `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`;

async function echoServer(): Promise<{ readonly process: ChildProcess; readonly base: string; readonly clock: () => Promise<number> }> {
  const child = fork(join(here, 'throughput/echo-server.mjs'), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const port = await new Promise<string>((done) => child.stdout?.once('data', (text) => done(String(text).trim())));
  const clock = async () => {
    const { count, ms } = (await (await fetch(`http://127.0.0.1:${port}/clock`)).json()) as { count: number; ms: number };
    return (count / ms) * 1000;
  };
  return { process: child, base: `http://127.0.0.1:${port}/v1`, clock };
}

/** Awaits a child without blocking, so that the server's clock can be asked afterwards. */
async function ran(command: readonly string[], cwd: string): Promise<void> {
  const [head = '', ...rest] = command;
  const child = spawn(head, rest, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr?.on('data', (data) => {
    err += data;
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${command.join(' ')}: ${err.slice(-2000)}`);
}

async function http(folder: string): Promise<void> {
  const { requests, connections } = values;
  await questions(join(folder, 'q.jsonl'), Number(requests), false);
  const server = await echoServer();
  const [bare, ours]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    await ran([process.execPath, join(here, 'throughput/bare-loop.mjs'), server.base, requests, connections], resolve(here, '../..'));
    bare.push(await server.clock());
    const run = ['run', `openai:echo@${server.base}`, '--suite', 'q.jsonl', '--preset', 'full', '-q', '-o', `run-${round}`];
    await ran([process.execPath, cli, ...run, '--set', `concurrency=${connections}`, '--set', 'stream=none'], folder);
    ours.push(await server.clock());
  }
  server.process.kill();
  const [a, b] = [middle(bare), middle(ours)];
  console.log(`| ${requests} requests, ${connections} connections | requests/s |\n|---|---:|`);
  console.log(`| bare undici loop | ${a.toFixed(0)} |\n| plumbline run | ${b.toFixed(0)} |\n| share | ${((100 * b) / a).toFixed(0)} % |\n`);
}

async function memory(folder: string): Promise<void> {
  const items = Number(values.items ?? 1_000_000);
  await questions(join(folder, 'q.jsonl'), items, true);
  const persona = Number(values.errors) > 0 ? `scripted:failing:${values.errors}` : 'scripted:mixed:0.3';
  const took = measured([process.execPath, cli, 'run', persona, '--suite', 'q.jsonl', '--preset', 'full', '-q', '-o', 'run'], folder);
  console.log(
    `| ${items} items (${persona}) | ${took.seconds.toFixed(1)} s | ${(items / took.seconds).toFixed(0)} items/s | ${took.megabytes.toFixed(0)} MB at most |`,
  );
}

/** promptfoo's own format: every item is a test of one prompt with the echo provider. */
function promptfoo(folder: string, count: number): Took {
  const place = join(folder, 'promptfoo');
  mkdirSync(place, { recursive: true });
  if (!existsSync(join(place, 'node_modules/promptfoo'))) {
    writeFileSync(join(place, 'package.json'), '{"private":true}');
    const npm = (name: string) =>
      execFileSync('npm', ['install', '--omit=optional', '--no-audit', '--no-fund', name], { cwd: place, stdio: 'inherit' });
    npm('promptfoo@0.123.1');
    // Its database is among the optional packages, which are 1.6 GB in all.
    const { version } = JSON.parse(readFileSync(join(place, 'node_modules/libsql/package.json'), 'utf8')) as { version: string };
    npm(`@libsql/${process.platform}-${process.arch}-gnu@${version}`);
  }
  const rows = Array.from({ length: count }, (_, i) => `"Is the number ${(i * 7919) % 1000003} odd, in your view?","number"`);
  writeFileSync(
    join(place, 'tests.csv'),
    `question,__expected\n${rows.map((row) => row.replace('"number"', 'contains:number')).join('\n')}\n`,
  );
  writeFileSync(
    join(place, 'promptfooconfig.yaml'),
    'prompts: ["{{question}}"]\nproviders: [echo]\ntests: file://tests.csv\nevaluateOptions: {maxConcurrency: 64}\n',
  );
  const quiet = { PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1', PROMPTFOO_CONFIG_DIR: join(place, 'home') };
  const args = ['eval', '--no-cache', '--no-progress-bar', '--no-table', '-o', 'out.json'];
  return measured([process.execPath, 'node_modules/promptfoo/dist/src/main.js', ...args], place, quiet);
}

function inspect(folder: string, count: number): Took {
  const place = join(folder, 'inspect');
  mkdirSync(place, { recursive: true });
  if (!existsSync(join(place, 'venv'))) {
    execFileSync('python3', ['-m', 'venv', 'venv'], { cwd: place, stdio: 'inherit' });
    execFileSync(join(place, 'venv', python), ['-m', 'pip', 'install', '-q', 'inspect_ai==0.3.285', 'openai'], {
      cwd: place,
      stdio: 'inherit',
    });
  }
  writeFileSync(
    join(place, 'task.py'),
    `from inspect_ai import Task, task
from inspect_ai.dataset import Sample, MemoryDataset
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

@task
def echo():
    samples = [Sample(input=f"Is the number {i * 7919 % 1000003} odd, in your view?", target="output") for i in range(${count})]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=includes())
`,
  );
  const args = ['eval', 'task.py', '--model', 'mockllm/model', '--display', 'none', '--max-connections', '64', '--max-samples', '64'];
  return measured([join(place, 'venv', python), '-m', 'inspect_ai', ...args], place);
}

async function peers(work: string): Promise<void> {
  const folder = resolve(positionals[1] ?? '');
  if (!positionals[1]) throw new Error('usage: throughput.ts peers <folder for the peers>');
  const [items, theirs] = [Number(values.items ?? 50_000), Number(values['peer-items'])];
  await questions(join(work, 'q.jsonl'), items, false);
  const own = measured([process.execPath, cli, 'run', 'scripted:echo', '--suite', 'q.jsonl', '--preset', 'full', '-q', '-o', 'run'], work);
  const all = [
    { name: 'plumbline (scripted:echo)', count: items, took: own },
    { name: 'promptfoo 0.123.1 (echo)', count: theirs, took: promptfoo(folder, theirs) },
    { name: 'inspect_ai 0.3.285 (mockllm)', count: theirs, took: inspect(folder, theirs) },
  ];
  const speed = items / own.seconds;
  console.log('| | items | seconds | items/s | ours is faster by | peak MB |\n|---|---:|---:|---:|---:|---:|');
  for (const { name, count, took } of all) {
    const rate = count / took.seconds;
    console.log(
      `| ${name} | ${count} | ${took.seconds.toFixed(1)} | ${rate.toFixed(0)} | ${(speed / rate).toFixed(1)} × | ${took.megabytes.toFixed(0)} |`,
    );
  }
}

const jobs: Readonly<Record<string, (folder: string) => Promise<void>>> = { http, memory, peers };
const job = jobs[positionals[0] ?? ''];
if (!job) throw new Error('usage: throughput.ts http | memory | peers <folder>');
const folder = mkdtempSync(join(tmpdir(), 'plumbline-bench-'));
try {
  console.log(`${machine()}\n`);
  await job(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
