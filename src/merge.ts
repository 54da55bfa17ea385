import { join } from 'node:path';
import { lock } from './engine/lock.ts';
import { profileOf } from './engine/profile.ts';
import { Recording } from './engine/recording.ts';
import { answersFile, manifestOf, readManifest, writeManifest } from './engine/run-folder.ts';
import { contextOf, ofSession, scoreAll } from './evaluate.ts';
import { finish } from './finish.ts';
import { canonical } from './kit/key.ts';
import { plansAgain } from './open-run.ts';
import type { Trusted } from './trusted.ts';
import { type Data, type Manifest, UserError } from './types.ts';

/** What must be equal in all parts of one run. */
const fieldsOf = (manifest: Manifest): Readonly<Record<string, unknown>> => ({
  plumbline: manifest.plumbline,
  'model.identity': manifest.model.identity,
  'judge.identity': manifest.judge?.identity ?? null,
  'toxicity.identity': manifest.toxicity?.identity ?? null,
  ...Object.fromEntries(Object.entries({ ...manifest.options, shard: null }).map(([key, value]) => [`options.${key}`, value])),
  ...Object.fromEntries(Object.entries(manifest.suites).map(([id, suite]) => [`suites.${id}`, suite])),
});

function refuseMixed(parts: readonly { readonly folder: string; readonly manifest: Manifest }[]): void {
  const [first, ...others] = parts;
  if (!first) return;
  const wanted = fieldsOf(first.manifest);
  for (const { folder, manifest } of others) {
    const given = fieldsOf(manifest);
    const field = Object.keys({ ...wanted, ...given }).find((key) => canonical(wanted[key]) !== canonical(given[key]));
    if (field === undefined) continue;
    const say = (value: unknown) => canonical(value).slice(0, 100);
    throw new UserError(
      `${folder} is a part of another run: ${field} is ${say(given[field])}, in ${first.folder} it is ${say(wanted[field])}`,
      'merge only the shards of one command',
    );
  }
}

/** The command that would have run all parts at once: a part's own, without its share and its folder. */
function wholeCommand(command: readonly string[]): string[] {
  const own = /^(--shard|-o|--output)(=|$)/;
  return command.filter((word, i) => !own.test(word) && !/^(--shard|-o|--output)$/.test(command[i - 1] ?? ''));
}

export interface Merging {
  readonly trusted: Trusted;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly data: Data;
  readonly say: (message: string) => void;
}

/** Puts the parts of one run together: their answers in one recording, scored as a whole. Throws UserError naming the field in which parts differ. */
export async function mergeRuns(
  folders: readonly string[],
  target: string,
  { cwd, env, data, say, trusted }: Merging,
): Promise<{ readonly manifest: Manifest; readonly page: string; readonly missing: number }> {
  const parts = folders.map((folder) => ({ folder, manifest: manifestOf(folder) }));
  refuseMixed(parts);
  const [first] = parts;
  if (!first) throw new UserError('nothing to merge');
  const there = readManifest(target);
  if (there && there.model.hash !== first.manifest.model.hash)
    throw new UserError(`${target} holds a run of another model`, 'choose another folder with -o');
  using _ = lock(target);
  using recording = Recording.open(join(target, answersFile), 'write');
  const answers = parts.map(({ folder }) => {
    using part = Recording.open(join(folder, answersFile), 'read');
    for (const [key, response] of part.entries()) recording.append(key, response);
    return part.size;
  });
  recording.flush();
  const { facts, command, options } = first.manifest;
  const session = (facts.cost?.session as { readonly answers: number } | undefined)?.answers ?? answers[0] ?? 0;
  const draft: Manifest = {
    ...first.manifest,
    options: { ...options, shard: null },
    command: wholeCommand(command),
    facts: ofSession(facts, { answers: session, of: recording.size }),
    complete: false,
  };
  const { plans, changed } = await plansAgain(draft, cwd, { data, trusted });
  if (changed.length > 0)
    throw new UserError(
      `changed since the run: ${changed.join(', ')}`,
      'merge with the version of plumbline and the suites that ran the shards',
    );
  const { results, failed } = scoreAll(
    target,
    plans,
    contextOf(draft, (key) => recording.get(key)),
    say,
  );
  const missing = results.reduce((sum, result) => sum + result.missing, 0);
  const finished =
    parts
      .map(({ manifest }) => manifest.finished ?? '')
      .sort()
      .at(-1) || null;
  const complete = missing === 0 && Object.keys(failed).length === 0;
  const manifest: Manifest = {
    ...draft,
    finished,
    complete,
    ...(Object.keys(failed).length > 0 && { failed }),
    profile: profileOf(results),
  };
  writeManifest(target, manifest);
  const { page } = await finish(target, { cwd, env, data, plans });
  return { manifest, page, missing };
}
