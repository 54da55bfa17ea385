import { join } from 'node:path';
import { type Plan, plansOf, sharded } from './engine/plan.ts';
import { Recording } from './engine/recording.ts';
import { answersFile, manifestOf, readResult, readRows, resultIds } from './engine/run-folder.ts';
import { sampleOf } from './engine/score.ts';
import { contextOf } from './evaluate.ts';
import { loadSuites } from './load.ts';
import type { Trusted } from './trusted.ts';
import type { Data, Manifest, Run, Sample } from './types.ts';

export interface Reading {
  readonly data?: Data;
  /** Whether a suite's code may be loaded because the run names it; without it none is. */
  readonly trusted?: Trusted;
  /** The plans it was scored with, where they are at hand. */
  readonly plans?: readonly Plan[];
}

/** The plans of a run, built again from its manifest. A suite whose version or items changed since is not among them, and `changed` names it. */
export async function plansAgain(
  manifest: Manifest,
  cwd: string,
  { data, trusted = () => false }: Reading = {},
): Promise<{ readonly plans: readonly Plan[]; readonly changed: readonly string[] }> {
  const { preset, languages, limit, only, attacks, shard, suites } = manifest.options;
  const loaded = await loadSuites(suites, cwd, trusted);
  const lists = await Promise.all(
    loaded.map((suite) => plansOf(suite, { preset, languages, limit, only, shard, ...(attacks && { attacks }), ...(data && { data }) })),
  );
  const all = lists.flat();
  const same = (plan: Plan) => manifest.suites[plan.id]?.items === plan.hash && manifest.suites[plan.id]?.version === plan.suite.version;
  const plans = all.filter(same).map((plan) => sharded(plan, shard));
  const changed = Object.keys(manifest.suites).filter((id) => !plans.some((plan) => plan.id === id));
  return { plans, changed };
}

/** Opens a finished run for reports. */
export function openRun(folder: string, cwd: string, reading: Reading = {}): Run {
  const manifest = manifestOf(folder);
  const results = resultIds(folder).map((id) => readResult(folder, id));
  // The plans of all suites are built once, however many suites a report reads.
  let plans: ReturnType<typeof plansAgain> | null = reading.plans ? Promise.resolve({ plans: reading.plans, changed: [] }) : null;
  const again = () => {
    plans ??= plansAgain(manifest, cwd, reading);
    return plans;
  };
  return { manifest, results, samples: (id, items) => samplesOf({ folder, manifest, again }, id, items) };
}

interface Place {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly again: () => ReturnType<typeof plansAgain>;
}

async function* samplesOf({ folder, manifest, again }: Place, id: string, items?: ReadonlySet<string>): AsyncGenerator<Sample> {
  const { plans } = await again();
  const plan = plans.find((candidate) => candidate.id === id);
  if (!plan) {
    // An imported run holds another tool's scores: its rows, and no answers.
    if (manifest.model.identity.runner === 'import')
      for (const row of readRows(folder, id)) yield { item: { id: row.id }, row, rounds: [], grade: null };
    return;
  }
  using recording = Recording.open(join(folder, answersFile), 'read');
  const context = contextOf(manifest, (key) => recording.get(key));
  for (const item of plan.items) if (!items || items.has(item.id)) yield sampleOf(plan, item, context);
}
