import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Io } from '../command.ts';
import { dataIn } from '../data.ts';
import { answersFile } from '../engine/run-folder.ts';
import { evaluate } from '../evaluate.ts';
import { loadSuites } from '../load.ts';
import { openHelpers, openModel, optionsOf, plansFor } from '../run-model.ts';
import { cacheDirOf } from '../settings.ts';
import type { Runner } from '../types.ts';
import type { Fleets, Part, PartDone, PartJob } from './queue.ts';
import type { Weights } from './weights.ts';

interface Held {
  readonly key: string;
  readonly runner: Runner;
}

const modelKey = ({ argument, weights, settings }: Part) =>
  JSON.stringify([
    weights?.sha256 ?? argument,
    settings.device,
    settings.weights,
    settings.quantize,
    settings.adapter,
    settings.system,
    settings.seed,
  ]);

/** Runs one part in a folder of its own and gives back its answers. */
async function runPart(part: Part, runner: Runner, io: Io): Promise<PartDone> {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-part-'));
  try {
    const settings = { ...part.settings, shard: part.shard };
    const say = (message: string) => io.err(`${message}\n`);
    const suites = await loadSuites(settings.suite ?? [], io.cwd);
    const plans = await plansFor(runner, { settings, suites, say, data: dataIn(cacheDirOf(io.env)) });
    const model = { argument: part.argument, runner };
    await using helpers = await openHelpers(settings, io, () => {});
    const { manifest } = await evaluate({
      folder,
      model,
      judge: helpers.judge,
      toxicity: helpers.toxicity ?? null,
      plans,
      options: optionsOf(settings, settings.suite ?? []),
      command: ['plumbline', 'worker'],
      signal: io.signal,
      now: () => new Date(),
      say,
    });
    if (!manifest.complete) throw new Error('the part was not finished');
    return {
      manifest: JSON.stringify(manifest),
      answers: gzipSync(readFileSync(join(folder, answersFile))).toString('base64'),
      worker: `${hostname()} ${process.pid}`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Working {
  readonly fleets: Fleets;
  readonly io: Io;
  readonly lockMs: number;
  /** End when there is nothing to do. */
  readonly untilIdle: boolean;
  /** The path here of a model file, by its content. */
  readonly find: (argument: string, weights: Weights) => Promise<string>;
}

/** Takes parts until it is stopped: parts of the model that is open first, so that weights are loaded seldom. */
export async function work({ fleets, io, lockMs, untilIdle, find }: Working): Promise<number> {
  const token = randomUUID();
  let held = null as Held | null;
  let lastQueue = '';
  let done = 0;
  try {
    while (!io.signal.aborted) {
      const found = await nextPart(fleets, lastQueue, token);
      if (!found) {
        if (untilIdle) break;
        await sleep(500, undefined, { signal: io.signal }).catch(() => {});
        continue;
      }
      lastQueue = found.queue;
      const key = modelKey(found.job.data);
      const extend = setInterval(() => void found.job.extendLock(token, lockMs).catch(() => {}), lockMs / 3);
      try {
        if (held?.key !== key) {
          await held?.runner[Symbol.asyncDispose]();
          held = null;
          const { argument, weights, settings } = found.job.data;
          const here = weights ? await find(argument, weights) : argument;
          held = { key, runner: (await openModel(here, settings, io, () => {})).runner };
          io.err(`${argument} opened\n`);
        }
        const result = await runPart(found.job.data, held.runner, io);
        await found.job.moveToCompleted(result, token, false);
        done++;
        io.err(`${found.job.data.argument} part ${found.job.data.shard} done\n`);
      } catch (error) {
        io.err(`${found.job.data.argument} part ${found.job.data.shard} failed: ${(error as Error).message}\n`);
        await found.job.moveToFailed(error as Error, token, false).catch(() => {});
      } finally {
        clearInterval(extend);
      }
    }
  } finally {
    await held?.runner[Symbol.asyncDispose]();
  }
  return done;
}

async function nextPart(
  fleets: Fleets,
  lastQueue: string,
  token: string,
): Promise<{ readonly queue: string; readonly job: PartJob } | null> {
  const names = (await fleets.list()).flatMap(({ queues }) => Object.values(queues));
  const order = [...names.filter((name) => name === lastQueue), ...names.filter((name) => name !== lastQueue)];
  for (const name of order) {
    const worker = await fleets.worker(name);
    const job = await worker.getNextJob(token, { block: false });
    if (job) return { queue: name, job };
  }
  return null;
}
