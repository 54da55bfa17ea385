import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { answersFile, readManifest, writeWhole } from '../engine/run-folder.ts';
import type { Settings } from '../settings.ts';
import type { Fleets, Part } from './queue.ts';
import { weightsOf } from './weights.ts';

export interface Dispatching {
  readonly fleets: Fleets;
  readonly models: readonly string[];
  readonly settings: Settings;
  readonly parts: number;
  readonly folder: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly show: (text: string) => void;
}

export interface Dispatched {
  readonly model: string;
  readonly folders: readonly string[];
  /** Parts that failed for good, with the reason. */
  readonly dead: readonly { readonly shard: string; readonly why: string }[];
  readonly missing: number;
}

/** The folder of a model's run inside the fleet's. */
export const folderOf = (folder: string, model: string): string => join(folder, basename(model).replace(/[^\w.@+-]+/g, '-'));

/**
 * Puts models × parts into the queue, waits, and lays each part down in `<folder>/<model>/.parts/<i>-of-<n>` as it comes. The same command again
 * goes on: parts already laid down are not asked for again.
 */
export async function dispatch({ fleets, models, settings, parts, folder, cwd, signal, show }: Dispatching): Promise<Dispatched[]> {
  const id = createHash('sha256')
    .update(JSON.stringify([models, settings, parts, folder]))
    .digest('hex')
    .slice(0, 12);
  const all = models.map((model, m) => ({
    model,
    queue: `plumbline-${id}-${m}`,
    wanted: Array.from({ length: parts }, (_, i) => `${i + 1}/${parts}`),
  }));
  const placeOf = (model: string, shard: string) => join(folderOf(folder, model), '.parts', shard.replace('/', '-of-'));
  await fleets.announce(id, { queues: Object.fromEntries(all.map(({ model, queue }) => [model, queue])) });
  for (const { model, queue, wanted } of all) {
    await fleets.worker(queue);
    const weights = await weightsOf(model, cwd);
    for (const shard of wanted.filter((one) => readManifest(placeOf(model, one)) === null))
      await offer(fleets, queue, { argument: model, weights, settings, shard });
  }
  const dead = new Map<string, string>();
  for (;;) {
    let open = 0;
    for (const { model, queue, wanted } of all) {
      await collectDone(fleets, queue, (shard) => placeOf(model, shard));
      for (const [shard, why] of await failedIn(fleets, queue)) dead.set(`${model} ${shard}`, why);
      open += wanted.filter((shard) => readManifest(placeOf(model, shard)) === null && !dead.has(`${model} ${shard}`)).length;
    }
    show(
      `${parts * models.length - open - dead.size} of ${parts * models.length} parts done${dead.size > 0 ? `, ${dead.size} failed` : ''}`,
    );
    if (open === 0 || signal.aborted) break;
    await sleep(300, undefined, { signal }).catch(() => {});
  }
  if (!signal.aborted)
    await fleets.withdraw(
      id,
      all.map(({ queue }) => queue),
    );
  return all.map(({ model, wanted }) => ({
    model,
    folders: wanted.map((shard) => placeOf(model, shard)).filter((place) => readManifest(place) !== null),
    dead: wanted.flatMap((shard) => (dead.has(`${model} ${shard}`) ? [{ shard, why: dead.get(`${model} ${shard}`) ?? '' }] : [])),
    missing: wanted.filter((shard) => readManifest(placeOf(model, shard)) === null && !dead.has(`${model} ${shard}`)).length,
  }));
}

async function offer(fleets: Fleets, queue: string, part: Part): Promise<void> {
  const jobId = part.shard.replace('/', '-of-');
  await fleets
    .queue(queue)
    .add('part', part, { jobId, attempts: 4, backoff: { type: 'exponential', delay: 500 }, removeOnComplete: false, removeOnFail: false });
}

/** Lays finished parts down; a part leaves the queue only when it lies on disk. */
async function collectDone(fleets: Fleets, name: string, placeOf: (shard: string) => string): Promise<void> {
  const queue = fleets.queue(name);
  for (const job of await queue.getCompleted()) {
    const place = placeOf(job.data.shard);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, answersFile), gunzipSync(Buffer.from(job.returnvalue.answers, 'base64')));
    writeWhole(join(place, 'run.json'), job.returnvalue.manifest);
    await job.remove();
  }
}

async function failedIn(fleets: Fleets, name: string): Promise<[shard: string, why: string][]> {
  const jobs = await fleets.queue(name).getFailed();
  return jobs.map((job) => [job.data.shard, job.failedReason ?? 'unknown']);
}
