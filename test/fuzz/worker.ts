/** One target under fire, in a thread of its own: told how long, it says what it did. The input under way lies in shared memory, so that a hang can be told. */
import { parentPort, workerData } from 'node:worker_threads';
import { randomOf } from '../../src/kit/random.ts';
import { mutated } from './mutate.ts';
import { expected, findsOf, signatureOf } from './target.ts';
import { targets } from './targets.ts';

export interface Job {
  readonly target: string;
  readonly seed: string;
  /** Batches of this run done before: the next one goes on with other random numbers. */
  readonly batch: number;
  readonly ms: number;
  /** Inputs that opened new ways before, as base64. */
  readonly kept: readonly string[];
  /** A single input to try again, alone. */
  readonly only?: string;
  /** [executions, length of the input under way, its seed]. */
  readonly counters: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
}

export interface Done {
  readonly batch: number;
  readonly executions: number;
  readonly told: number;
  readonly kept: readonly string[];
  readonly finds: readonly { readonly signature: string; readonly input: string; readonly seed: number; readonly stack: string }[];
}

const batchSize = 500;
const mostKept = 150;
const job = workerData as Job;
const target = targets.find(({ name }) => name === job.target);
if (!target) throw new Error(`no target ${job.target}`);
const counters = new Int32Array(job.counters);
const shared = new Uint8Array(job.input);
const words = (target.words ?? []).map((word) => Buffer.from(word));
const kept: Buffer[] = job.kept.map((text) => Buffer.from(text, 'base64'));
const { seeds: right, open } = await target.setUp();
const seeds = [...right, ...findsOf(target.name)];
const finds = new Map<string, { signature: string; input: string; seed: number; stack: string }>();
/** What kinds of outcome were seen: an input with a new one is worth changing further. */
const ways = new Set<string>();
let [executions, told, batch] = [0, 0, job.batch];

async function execute(input: Buffer, seed: number): Promise<string> {
  shared.set(input.subarray(0, shared.length));
  counters[1] = Math.min(input.length, shared.length);
  counters[2] = seed;
  Atomics.add(counters, 0, 1);
  executions++;
  try {
    await open(input, seed);
    return 'fine';
  } catch (error) {
    if (expected(error)) {
      told++;
      return (error as Error).message.replace(/[^a-z ]+/gi, '').slice(0, 60);
    }
    const signature = signatureOf(error);
    const known = finds.get(signature);
    if (!known || Buffer.from(known.input, 'base64').length > input.length)
      finds.set(signature, {
        signature,
        input: input.toString('base64'),
        seed,
        stack: error instanceof Error ? (error.stack ?? '').slice(0, 1500) : '',
      });
    return signature;
  }
}

if (job.only !== undefined) await execute(Buffer.from(job.only, 'base64'), job.batch);
else {
  const until = performance.now() + job.ms;
  const pool = (at: number): Buffer => seeds[at] ?? kept[at - seeds.length] ?? Buffer.alloc(0);
  const own = (at: number): number => (at < right.length ? at : at % right.length);
  while (performance.now() < until) {
    const random = randomOf(`${job.seed}/${target.name}/${batch}`);
    for (let i = 0; i < batchSize; i++) {
      const at = Math.floor(random() * (seeds.length + kept.length));
      const other = pool(Math.floor(random() * (seeds.length + kept.length)));
      const input = mutated(pool(at), { form: target.form, random, words, other });
      const way = await execute(input, own(at));
      if (ways.has(way)) continue;
      ways.add(way);
      if (kept.length < mostKept && input.length < 8192) kept.push(input);
    }
    batch++;
  }
}
const done: Done = { batch, executions, told, kept: kept.map((input) => input.toString('base64')), finds: [...finds.values()] };
parentPort?.postMessage(done);
