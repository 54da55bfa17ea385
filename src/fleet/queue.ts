import type { Job, Queue, RedisOptions, Worker } from 'bullmq';
import type { Settings } from '../settings.ts';
import { UserError } from '../types.ts';
import type { Weights } from './weights.ts';

/** One part of one model's run, as it lies in the queue. */
export interface Part {
  readonly argument: string;
  /** The file that the argument named on the dispatcher's machine. */
  readonly weights: Weights | null;
  readonly settings: Settings;
  readonly shard: string;
}

/** What a worker gives back: the part's manifest and its answers (JSONL, gzip, base64). */
export interface PartDone {
  readonly manifest: string;
  readonly answers: string;
  readonly worker: string;
}

export type PartJob = Job<Part, PartDone>;

/** A fleet's record: its models' queues, by model argument. */
export interface Fleet {
  readonly queues: Readonly<Record<string, string>>;
}

const fleets = 'plumbline:fleets';

/** bullmq, which is not installed with plumbline. */
async function library(): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq');
  } catch {
    throw new UserError('the fleet needs the package bullmq, which is not here', 'npm install bullmq');
  }
}

function connectionOf(url: string): RedisOptions {
  if (!URL.canParse(url) || !/^rediss?:/.test(url)) throw new UserError(`--redis ${url}: expected redis://host:port`);
  const { hostname, port, username, password, protocol, pathname } = new URL(url);
  const db = Number(pathname.slice(1));
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
    ...(db > 0 && { db }),
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(200 * times, 3000),
  };
}

export interface FleetOptions {
  readonly url: string;
  /** How long a worker may be silent before its part goes to another one, in ms. */
  readonly lockMs: number;
  readonly say: (message: string) => void;
}

/** Everything the dispatcher and the workers do with Redis. */
export async function openFleets({ url, lockMs, say }: FleetOptions) {
  const { Queue: QueueClass, Worker: WorkerClass } = await library();
  const connection = connectionOf(url);
  const queues = new Map<string, Queue<Part, PartDone>>();
  const workers = new Map<string, Worker<Part, PartDone>>();
  let told = false;
  const onError = (error: Error) => {
    if (!told) say(`redis: ${error.message || (error as NodeJS.ErrnoException).code || 'no connection'}; trying on`);
    told = true;
  };
  const queue = (name: string): Queue<Part, PartDone> => {
    const known = queues.get(name);
    if (known) return known;
    const made = new QueueClass<Part, PartDone>(name, { connection });
    made.on('error', onError);
    queues.set(name, made);
    return made;
  };
  /** A worker that is asked for jobs by hand, and that gives back the jobs of workers that fell silent. */
  const worker = async (name: string): Promise<Worker<Part, PartDone>> => {
    const known = workers.get(name);
    if (known) return known;
    const made = new WorkerClass<Part, PartDone>(name, null, {
      connection,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: 100,
    });
    made.on('error', onError);
    workers.set(name, made);
    await made.waitUntilReady();
    await made.startStalledCheckTimer();
    return made;
  };
  const client = async () => queue('plumbline-control').client;
  return {
    queue,
    worker,
    async announce(id: string, fleet: Fleet): Promise<void> {
      await (await client()).hset(fleets, { [id]: JSON.stringify(fleet) });
    },
    async withdraw(id: string, names: readonly string[]): Promise<void> {
      await (await client()).hdel(fleets, id);
      for (const name of names) await queue(name).obliterate({ force: true });
    },
    async list(): Promise<Fleet[]> {
      const held = await (await client()).hgetall(fleets);
      return Object.keys(held)
        .sort()
        .map((id) => JSON.parse(held[id] ?? '{"queues":{}}') as Fleet);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([...workers.values(), ...queues.values()].map((held) => held.close().catch(() => {})));
    },
  };
}

export type Fleets = Awaited<ReturnType<typeof openFleets>>;
