/**
 * `npm run fuzz`: every parser that reads what strangers wrote, with changed inputs from seeded random numbers.
 *   --minutes <n>      how long in all (default 10); --executions <n> ends earlier
 *   --target <name>    only these (repeatable); --seed <text> other random numbers
 *   --state <file>     goes on where that file left off, and keeps it up to date (a resumed run does other batches)
 * A find is anything but a UserError, more than 2 s of processor time, or 500 MB of memory for one input; it is written to <state>.finds/ and the exit code is 1.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Done, Job } from './worker.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    executions: { type: 'string', default: 'Infinity' },
    target: { type: 'string', multiple: true },
    seed: { type: 'string', default: 'plumbline' },
    state: { type: 'string', default: join(tmpdir(), 'plumbline-fuzz.json') },
    slice: { type: 'string', default: '20' },
  },
});
const mostCpuMs = 2000;
/** Without using the processor: something is waited for that never comes. */
const mostAsleepMs = 120_000;
const mostBytes = 500 * 2 ** 20;

interface Held {
  executions: number;
  told: number;
  batch: number;
  kept: readonly string[];
  ms: number;
}
interface Find {
  readonly target: string;
  readonly kind: 'crash' | 'hang' | 'memory';
  readonly signature: string;
  readonly input: string;
  readonly seed: number;
  readonly stack: string;
}
interface State {
  ms: number;
  targets: Record<string, Held>;
  finds: Find[];
  /** Hangs or memory that a second look alone did not confirm: the machine was busy. */
  unconfirmed: number;
}

const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'plumbline-fuzz-all-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
process.env.PLUMBLINE_FUZZ_SCRATCH = scratch;

const { targets } = await import('./targets.ts');
const wanted = targets.map(({ name }) => name).filter((name) => !values.target || values.target.includes(name));
const state: State = existsSync(values.state)
  ? (JSON.parse(readFileSync(values.state, 'utf8')) as State)
  : { ms: 0, targets: {}, finds: [], unconfirmed: 0 };
const heldOf = (name: string): Held => {
  state.targets[name] ??= { executions: 0, told: 0, batch: 0, kept: [], ms: 0 };
  return state.targets[name];
};

type Ended =
  | { readonly done: Done }
  | { readonly stuck: 'hang' | 'memory'; readonly input: string; readonly seed: number; readonly executions: number };

/** Runs one slice in a thread, and watches processor time and memory of each input. */
async function slice(job: Omit<Job, 'counters' | 'input'>): Promise<Ended> {
  const [counters, input] = [new SharedArrayBuffer(12), new SharedArrayBuffer(1 << 19)];
  // A thread reads TypeScript only by a loader of its own.
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)}); });`;
  const worker = new Worker(start, {
    eval: true,
    workerData: { ...job, counters, input } satisfies Job,
    resourceLimits: { maxOldGenerationSizeMb: 700 },
    stdout: true,
    stderr: true,
  });
  let done: Done | null = null;
  let failure: Error | null = null;
  worker.on('message', (message: Done) => {
    done = message;
    void worker.terminate();
  });
  worker.on('error', (error) => {
    failure = error;
  });
  const gone = new Promise((resolve) => worker.on('exit', resolve));
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  const view = new Int32Array(counters);
  const current = () => ({
    input: Buffer.from(Buffer.from(input).subarray(0, view[1])).toString('base64'),
    seed: view[2] ?? 0,
    executions: view[0] ?? 0,
  });
  let seen = { count: -1, cpu: process.cpuUsage(), rss: process.memoryUsage().rss, at: performance.now() };
  while (!ended) {
    await Promise.race([gone, sleep(100)]);
    const count = Atomics.load(view, 0);
    const rss = process.memoryUsage().rss;
    if (count !== seen.count || count === 0) {
      seen = { count, cpu: process.cpuUsage(), rss, at: performance.now() };
      continue;
    }
    const { user, system } = process.cpuUsage(seen.cpu);
    const asleep = performance.now() - seen.at > mostAsleepMs;
    const stuck = asleep || (user + system) / 1000 > mostCpuMs ? 'hang' : rss - seen.rss > mostBytes ? 'memory' : null;
    if (stuck === null) continue;
    await worker.terminate();
    return { stuck, ...current() };
  }
  if (done) return { done };
  const code = (failure as NodeJS.ErrnoException | null)?.code;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { stuck: 'memory', ...current() };
  throw failure ?? new Error(`the thread of ${job.target} ended without a word`);
}

function note(find: Find): void {
  if (state.finds.some(({ target, signature }) => target === find.target && signature === find.signature)) return;
  state.finds.push(find);
  const folder = `${values.state}.finds`;
  mkdirSync(folder, { recursive: true });
  const name = `${find.target}-${find.kind}-${state.finds.length}`;
  writeFileSync(join(folder, name), Buffer.from(find.input, 'base64'));
  writeFileSync(join(folder, `${name}.txt`), `${find.signature}\nseed ${find.seed}\n${find.stack}\n`);
  console.log(`  ${find.kind}: ${find.target}: ${find.signature}`);
}

async function advance(name: string, ms: number): Promise<void> {
  const held = heldOf(name);
  const started = performance.now();
  const ended = await slice({ target: name, seed: values.seed, batch: held.batch, ms, kept: held.kept });
  held.ms += performance.now() - started;
  state.ms += performance.now() - started;
  if ('done' in ended) {
    const { executions, told, batch, kept, finds } = ended.done;
    Object.assign(held, { executions: held.executions + executions, told: held.told + told, batch, kept });
    for (const find of finds) note({ target: name, kind: 'crash', ...find });
    return;
  }
  held.executions += ended.executions;
  held.batch += 1_000_000;
  const again = await slice({ target: name, seed: values.seed, batch: ended.seed, ms: 0, kept: [], only: ended.input });
  if ('stuck' in again)
    note({
      target: name,
      kind: again.stuck,
      signature: `${again.stuck} ${ended.input.slice(0, 40)}`,
      input: ended.input,
      seed: ended.seed,
      stack: '',
    });
  else state.unconfirmed++;
}

const total = () => wanted.reduce((sum, name) => sum + heldOf(name).executions, 0);
const until = performance.now() + Number(values.minutes) * 60_000;
const sliceMs = Number(values.slice) * 1000;
while (performance.now() < until && total() < Number(values.executions)) {
  for (const name of wanted) {
    if (performance.now() >= until || total() >= Number(values.executions)) break;
    await advance(name, Math.min(sliceMs, until - performance.now()));
    writeFileSync(values.state, JSON.stringify(state));
  }
}

for (const name of wanted) {
  const { executions, told, ms } = heldOf(name);
  console.log(
    `${name.padEnd(20)} ${String(executions).padStart(9)} executions, ${Math.round((1000 * executions) / Math.max(1, ms))} a second, ${told} told`,
  );
}
const kinds = (kind: string) => state.finds.filter((find) => find.kind === kind).length;
console.log(
  `${total()} executions in ${Math.round(state.ms / 60_000)} minutes: ${kinds('crash')} crashes, ${kinds('hang')} hangs over 2 s, ${kinds('memory')} over 500 MB` +
    `${state.unconfirmed > 0 ? `; ${state.unconfirmed} slow only because the machine was busy` : ''}`,
);
process.exit(state.finds.length > 0 ? 1 : 0);
