import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { estimatesOf } from '../engine/estimate.ts';
import { profileOf } from '../engine/profile.ts';
import { answersFile, readManifest, readResult, readRows, writeManifest, writeResult } from '../engine/run-folder.ts';
import { difference, type Problem } from '../engine/verify.ts';
import { canonical, identityHash, sha256 } from '../kit/key.ts';
import {
  type Dimension,
  type Json,
  type Manifest,
  type Metric,
  type Outcome,
  outcomes,
  type Result,
  type Row,
  type Suite,
  UserError,
} from '../types.ts';
import { version } from '../version.ts';

/** One task of another tool's run: its items with the values that tool gave them. */
export interface ImportedTask {
  readonly name: string;
  readonly version: string;
  /** Names of the rows' values, the headline first, and which way is good. Values lie between 0 and 1 unless `share` is false. */
  readonly metrics: readonly { readonly id: string; readonly better: 'higher' | 'lower'; readonly share: boolean }[];
  readonly rows: readonly Row[];
  /** Items of which the log says nothing. */
  readonly missing: number;
}

export interface Imported {
  /** The tool that made the log: 'lm-eval', 'inspect', 'garak', 'helm', 'trustllm', 'decodingtrust'. */
  readonly tool: string;
  readonly model: string;
  /** What else identifies the model and the run, as the log has it. */
  readonly settings: Readonly<Record<string, Json>>;
  /** Tasks without a numeric score are left out, aloud. */
  readonly tasks: readonly ImportedTask[];
  /** What the log says went wrong. */
  readonly trouble?: string;
}

const byName: readonly (readonly [RegExp, Dimension])[] = [
  [/bbq|crows|stereo|winobias|winogender|bias|fairness|bold|regard|disparag|preference|simple_cooccurrence/i, 'fairness'],
  [/priva|pii|leak|enron|confaide|memoriz|memoris/i, 'privacy'],
  [/tox|harm|jailbreak|dan\.|xstest|advbench|strongreject|misuse|refus|malware|inject|safety|wmdp|slur|ethic|moral|awareness/i, 'safety'],
  [/adv(?!fact)|anli|robust|perturb|paws|glue|ood[_-]/i, 'robustness'],
];

/** The dimension a task's name speaks of; reliability where it tells nothing. */
export const dimensionOf = (task: string): Dimension => byName.find(([pattern]) => pattern.test(task))?.[1] ?? 'reliability';

/** A task's id in the run: `<dimension>/<tool>-<task>`, in characters fit for a file name. */
export const resultIdOf = (tool: string, task: string): string =>
  `${dimensionOf(task)}/${tool}-${task.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '')}`.slice(0, 120);

function metricOf({ id, better, share }: ImportedTask['metrics'][number]): Metric {
  const grade = (v: number): number => {
    const held = Math.min(1, Math.max(0, v));
    return better === 'higher' ? held : 1 - held;
  };
  return { id, title: id, unit: share ? 'share' : 'as logged', better, value: id, grade, ...(share ? {} : { range: [0, 1] as const }) };
}

/** The metrics of an imported result as a suite's, for comparisons: they are in its estimates. null for a result of Plumbline's own suites. */
export function importedSuite(result: Result | undefined, manifest: Manifest): Pick<Suite, 'version' | 'metrics' | 'floor'> | null {
  if (!result || !isImported(manifest)) return null;
  const own = result.estimates.filter((estimate) => estimate.group === undefined);
  const [first, ...others] = own.map(({ metric, better, unit }) => metricOf({ id: metric, better, share: unit === 'share' }));
  return first ? { version: result.suite.version, metrics: [first, ...others], floor: { none: result.floor.title } } : null;
}

const countOf = (rows: readonly Row[]): Record<Outcome, number> => {
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const row of rows) for (const outcome of row.outcomes) counts[outcome]++;
  return counts;
};

function resultOf(imported: Imported, task: ImportedTask, hash: string): Result {
  const id = resultIdOf(imported.tool, task.name);
  const [first, ...others] = task.metrics.map(metricOf);
  if (!first) throw new UserError(`${task.name}: the log holds no numeric score`, 'a task needs at least one scored sample');
  const floor = { none: 'imported: the other tool asked no control' };
  const { estimates, floor: seen } = estimatesOf({ id, metrics: [first, ...others], floor }, task.rows, { seed: 0 });
  const headline = task.metrics[0];
  const worst = task.rows
    .flatMap((row) =>
      headline && typeof row.values[headline.id] === 'number' ? [{ id: row.id, grade: first.grade(Number(row.values[headline.id])) }] : [],
    )
    .filter(({ grade }) => grade < 1)
    .sort((a, b) => a.grade - b.grade || (a.id < b.id ? -1 : 1));
  const counts = countOf(task.rows);
  return {
    format: 'plumbline-result/1',
    suite: {
      id,
      dimension: dimensionOf(task.name),
      version: task.version,
      title: `${task.name} (${imported.tool})`,
      about: `Imported from ${imported.tool}: its items and its own scores; intervals, grades and comparisons are Plumbline’s.`,
      limits: 'No control was asked, so nothing tells whether the model can do the task at all. What a score means is the other tool’s.',
      source: imported.tool,
      licence: 'that of the log',
      lang: 'en',
      sensitive: true,
      items: sha256(canonical(task.rows.map(({ id }) => id))),
    },
    model: { name: imported.model, identity: hash, protocol: 'instruct' },
    preset: 'full',
    partial: false,
    complete: task.missing === 0,
    missing: task.missing,
    invalid: null,
    floor: seen,
    estimates,
    outcomes: counts,
    items: task.rows.length,
    answers: Object.values(counts).reduce((a, b) => a + b, 0),
    worst: worst.slice(0, 50).map(({ id }) => id),
    detectors: [],
    details: {},
    says: null,
    formula: null,
  };
}

export interface Writing {
  readonly command: readonly string[];
  readonly now: Date;
}

/** Writes an imported run's folder: run.json, results/, rows/ and an empty recording. Throws UserError when the folder holds another run. */
export function writeImported(folder: string, imported: Imported, { command, now }: Writing): Manifest {
  if (imported.tasks.length === 0) throw new UserError('the log holds no task', 'name the file or folder the other tool wrote');
  const identity = { runner: 'import', tool: imported.tool, model: imported.model, settings: imported.settings };
  const hash = identityHash(identity);
  if (existsSync(folder) && readManifest(folder)) throw new UserError(`${folder} holds a run already`, 'write to another folder with -o');
  mkdirSync(folder, { recursive: true });
  const suites: Record<string, { version: string; items: string; count: number }> = {};
  const results: Result[] = [];
  const scored = imported.tasks.filter((task) => task.metrics.length > 0);
  if (scored.length === 0)
    throw new UserError(
      `${imported.tasks.map(({ name }) => name).join(', ')}: the log holds no numeric score`,
      imported.trouble ?? 'a task needs at least one scored sample',
    );
  for (const task of scored) {
    const result = resultOf(imported, task, hash);
    if (suites[result.suite.id]) throw new UserError(`the log holds the task ${task.name} twice`, 'import one run at a time');
    writeResult(folder, result.suite.id, (take) => {
      for (const row of task.rows) take(row);
      return result;
    });
    suites[result.suite.id] = { version: task.version, items: result.suite.items, count: task.rows.length + task.missing };
    results.push(result);
  }
  writeFileSync(join(folder, answersFile), '');
  const cores = cpus();
  const manifest: Manifest = {
    format: 'plumbline-run/1',
    plumbline: version(),
    created: now.toISOString(),
    finished: now.toISOString(),
    command,
    model: { argument: `import:${imported.tool}`, name: imported.model, identity, hash, protocol: 'instruct' },
    judge: null,
    options: { preset: 'full', suites: [], languages: ['all'], seed: 0, limit: null, only: [], system: null, shard: null },
    suites,
    environment: {
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      cpu: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memory: totalmem(),
    },
    facts: {},
    complete: results.every((result) => result.complete),
    profile: profileOf(results),
  };
  writeManifest(folder, manifest);
  return manifest;
}

/** Where an imported run's results are not what its rows give. The other tool's scores of the items are taken as they are. */
export function importedProblems(folder: string, manifest: Manifest): { readonly problems: readonly Problem[]; readonly rows: number } {
  const problems: Problem[] = [];
  const results: Result[] = [];
  let count = 0;
  for (const id of Object.keys(manifest.suites)) {
    const path = `results/${id}.json`;
    const suite = existsSync(join(folder, path)) ? importedSuite(readResult(folder, id), manifest) : null;
    if (!suite) {
      problems.push({ where: path, what: 'is missing, or tells nothing' });
      continue;
    }
    const [result, rows] = [readResult(folder, id), readRows(folder, id)];
    const { estimates } = estimatesOf({ ...suite, id }, rows, { seed: 0 });
    count += rows.length;
    results.push(result);
    const now = { estimates, outcomes: countOf(rows), items: rows.length };
    const at = difference({ estimates: result.estimates, outcomes: result.outcomes, items: result.items }, JSON.parse(JSON.stringify(now)));
    if (at !== null) problems.push({ where: `${path}, ${at}`, what: 'is not what the imported rows give' });
  }
  const at = difference(manifest.profile, JSON.parse(JSON.stringify(profileOf(results))));
  if (at !== null) problems.push({ where: `run.json, profile.${at}`, what: 'is not what the results give' });
  return { problems, rows: count };
}

export const isImported = (manifest: Manifest): boolean => manifest.model.identity.runner === 'import';
