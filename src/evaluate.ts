import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { collect, type Progress } from './engine/collect.ts';
import { lock } from './engine/lock.ts';
import { type Plan, sharded } from './engine/plan.ts';
import { profileOf } from './engine/profile.ts';
import { Recording } from './engine/recording.ts';
import { answersFile, keepOnly, readManifest, writeManifest, writeResult } from './engine/run-folder.ts';
import { type ScoreContext, scored } from './engine/score.ts';
import { identityHash } from './kit/key.ts';
import { type DetectorCard, type Facts, type Manifest, type Result, type Runner, UserError } from './types.ts';
import { version } from './version.ts';

export interface Evaluation {
  readonly folder: string;
  readonly model: { readonly argument: string; readonly runner: Runner };
  readonly judge: { readonly argument: string; readonly runner: Runner } | null;
  /** A classifier in place of the built-in toxicity detector, with its card. */
  readonly toxicity?: { readonly argument: string; readonly runner: Runner; readonly card: DetectorCard } | null;
  readonly plans: readonly Plan[];
  readonly options: Manifest['options'];
  readonly command: readonly string[];
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly say: (message: string) => void;
  readonly progress?: (progress: Progress) => void;
  readonly retryErrors?: boolean;
  readonly window?: number;
}

export interface Evaluated {
  readonly manifest: Manifest;
  readonly results: readonly Result[];
  /** What was asked and scored: this shard's part. */
  readonly plans: readonly Plan[];
}

/**
 * Asks what the recording of `folder` lacks, scores everything and writes run.json, results/ and rows/. Interrupted, it writes what there is,
 * marked incomplete. Throws UserError when the folder holds another model's run.
 */
export async function evaluate(evaluation: Evaluation): Promise<Evaluated> {
  const { folder, plans, signal } = evaluation;
  using _ = lock(folder);
  const before = readManifest(folder);
  const draft = manifestOf(evaluation, before);
  if (before) refuseOther(folder, before, draft);
  writeManifest(folder, draft);
  using recording = Recording.open(join(folder, answersFile), 'write');
  const [held, answersHeld] = [recording.end, recording.size];
  const asked = plans.map((plan) => sharded(plan, evaluation.options.shard));
  const roles = {
    target: { runner: evaluation.model.runner, hash: draft.model.hash },
    judge: evaluation.judge && draft.judge ? { runner: evaluation.judge.runner, hash: draft.judge.hash } : null,
    toxicity: evaluation.toxicity && draft.toxicity ? { runner: evaluation.toxicity.runner, hash: draft.toxicity.hash } : null,
  };
  const { progress, window, retryErrors } = evaluation;
  await collect(asked, roles, recording, {
    signal,
    ...(progress && { progress }),
    ...(window && { window }),
    ...(retryErrors && { retryErrors }),
  });
  // What a session that asked nothing tells of speed and memory is no measurement.
  const told = recording.end === held && before?.facts.cost !== undefined;
  const facts = told
    ? before.facts
    : ofSession((await evaluation.model.runner.facts?.()) ?? {}, { answers: recording.size - answersHeld, of: recording.size });
  const context = contextOf(draft, (key) => recording.get(key));
  const { results, failed } = scoreAll(folder, asked, context, evaluation.say);
  const complete = results.every((result) => result.complete) && Object.keys(failed).length === 0 && !signal.aborted;
  const finished = evaluation.now().toISOString();
  const manifest: Manifest = {
    ...draft,
    finished,
    facts,
    complete,
    ...(Object.keys(failed).length > 0 && { failed }),
    profile: profileOf(results),
  };
  writeManifest(folder, manifest);
  return { manifest, results, plans: asked };
}

/** Costs are of the session that measured them: where the run holds answers of others too, how many it gave stands beside them. */
export function ofSession(facts: Facts, session: { readonly answers: number; readonly of: number }): Facts {
  if (facts.cost === undefined || session.answers === session.of) return facts;
  return { ...facts, cost: { ...facts.cost, session } };
}

/** What scoring needs, from a manifest and a recording. */
export function contextOf(manifest: Manifest, look: ScoreContext['look']): ScoreContext {
  const { model, judge, toxicity, options } = manifest;
  const { name, hash, protocol } = model;
  return {
    model: { name, hash, protocol },
    judgeHash: judge?.hash ?? null,
    toxicity: toxicity ? { hash: toxicity.hash, card: toxicity.card } : null,
    preset: options.preset,
    seed: options.seed,
    look,
  };
}

/** Scores plans into the folder. A suite whose own code fails is named and left out: the others are kept. */
export function scoreAll(
  folder: string,
  plans: readonly Plan[],
  context: ScoreContext,
  say: (message: string) => void,
): { results: Result[]; failed: Record<string, string> } {
  const results: Result[] = [];
  const failed: Record<string, string> = {};
  const kept: string[] = [];
  for (const plan of plans) {
    try {
      results.push(writeResult(folder, plan.id, (take) => scored(plan, context, take)));
      kept.push(plan.id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== undefined || error instanceof UserError) throw error;
      failed[plan.id] = (error as Error).message;
      say(`suite ${plan.id} failed while scoring: ${(error as Error).stack ?? String(error)}`);
    }
  }
  keepOnly(folder, kept);
  return { results, failed };
}

function refuseOther(folder: string, before: Manifest, now: Manifest): void {
  if (before.model.hash !== now.model.hash) {
    const field = Object.keys({ ...before.model.identity, ...now.model.identity }).find(
      (key) => JSON.stringify(before.model.identity[key]) !== JSON.stringify(now.model.identity[key]),
    );
    const [was, is] = [before.model.identity[field ?? ''], now.model.identity[field ?? '']].map(
      (value) => JSON.stringify(value)?.slice(0, 80) ?? 'absent',
    );
    throw new UserError(`${folder} holds a run of another model: '${field}' was ${was}, is ${is}`, 'write to another folder with -o');
  }
  if (before.options.seed !== now.options.seed)
    throw new UserError(
      `${folder} holds a run with seed ${before.options.seed}, not ${now.options.seed}`,
      'write to another folder with -o',
    );
}

function manifestOf({ model, judge, toxicity, plans, options, command, now }: Evaluation, before: Manifest | null): Manifest {
  const identified = (role: { readonly argument: string; readonly runner: Runner }) => {
    const { name, identity } = role.runner;
    return { argument: role.argument, name, identity, hash: identityHash(identity) };
  };
  const cores = cpus();
  return {
    format: 'plumbline-run/1',
    plumbline: version(),
    created: before?.created ?? now().toISOString(),
    finished: null,
    command,
    model: { ...identified(model), protocol: model.runner.protocol },
    judge: judge ? identified(judge) : null,
    ...(toxicity && { toxicity: { ...identified(toxicity), card: toxicity.card } }),
    options,
    suites: Object.fromEntries(plans.map((plan) => [plan.id, { version: plan.suite.version, items: plan.hash, count: plan.items.length }])),
    environment: {
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      cpu: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memory: totalmem(),
    },
    facts: {},
    complete: false,
    profile: [],
  };
}
