import { resolve } from 'node:path';
import { classifierFor } from './classifier.ts';
import type { Io } from './command.ts';
import { suggestion } from './commands.ts';
import { attackNames, type Plan, plansOf } from './engine/plan.ts';
import type { Evaluation } from './evaluate.ts';
import { loadRunner } from './load.ts';
import { obeyOffline, runnerOptionsOf } from './runner-options.ts';
import type { Settings } from './settings.ts';
import { type Data, type Manifest, type Runner, type Suite, UserError } from './types.ts';

/** Files are named by their full path, so that the run can be scored from anywhere. */
export function namedSuites(settings: Settings, io: Io): string[] {
  return (settings.suite ?? []).map((name) => (/\.(csv|tsv|jsonl|ndjson|[cm]?[jt]s)$/i.test(name) ? resolve(io.cwd, name) : name));
}

/** Opens a model argument with the settings. */
export async function openModel(
  argument: string,
  settings: Settings,
  io: Io,
  show: (text: string) => void,
): Promise<{ readonly runner: Runner } & AsyncDisposable> {
  await obeyOffline(settings, io);
  const { module, target, settings: implied } = await loadRunner(argument, io.cwd);
  const options = runnerOptionsOf(settings, io, show);
  const runner = await module.open(target, { ...options, settings: { ...options.settings, ...implied } });
  return { runner, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
}

/** What is put on the model under test is not put on its judge. */
function judgeSettings(settings: Settings): Settings {
  const { system: _s, weights: _w, quantize: _q, adapter: _a, protocol: _p, ...rest } = settings;
  return rest;
}

/** The models beside the one under test: a judge, and a classifier of toxicity. */
export async function openHelpers(
  settings: Settings,
  io: Io,
  show: (text: string) => void,
): Promise<Pick<Evaluation, 'judge' | 'toxicity'> & AsyncDisposable> {
  const judge = settings.judge ? await openModel(settings.judge, judgeSettings(settings), io, show) : null;
  if (judge && !judge.runner.wants.includes('choice')) {
    await judge[Symbol.asyncDispose]();
    throw new UserError(`${judge.runner.name} gives no log-probabilities of answers, so it cannot judge`, 'a local model file can');
  }
  const toxicity = await classifierFor(settings, io, show).catch(async (error: unknown) => {
    await judge?.[Symbol.asyncDispose]();
    throw error;
  });
  return {
    judge: judge && { argument: settings.judge ?? '', runner: judge.runner },
    toxicity,
    async [Symbol.asyncDispose]() {
      await judge?.[Symbol.asyncDispose]();
      await toxicity?.[Symbol.asyncDispose]();
    },
  };
}

/** What the manifest says was asked for. */
export function optionsOf(settings: Settings, suites: readonly string[]): Manifest['options'] {
  const { preset, lang, seed, limit, only, attacks, system, shard } = settings;
  return {
    preset,
    suites,
    languages: lang,
    seed,
    limit: limit ?? null,
    only: only ?? [],
    ...(attacks && { attacks }),
    system: system ?? null,
    shard: shard ?? null,
  };
}

export interface Planning {
  readonly settings: Settings;
  readonly suites: readonly Suite[];
  readonly say: (message: string) => void;
  readonly data: Data;
}

/** What will be asked: suites that the runner cannot answer are left out aloud, or refused when they were named. */
export async function plansFor(runner: Runner, { settings, suites, say, data }: Planning): Promise<Plan[]> {
  if (settings.attacks) await refuseUnknown(settings.attacks, suites, data);
  const plans: Plan[] = [];
  for (const suite of suites) {
    const lacks = suite.wants.filter((want) => !runner.wants.includes(want));
    if (lacks.length > 0) {
      const message = `${suite.id} asks for ${lacks.join(' and ')}, which ${runner.name} cannot answer`;
      if (settings.suite?.includes(suite.id))
        throw new UserError(message, runner.lacking ?? `this runner answers ${runner.wants.join(', ')}; a local model file answers all`);
      say(`left out: ${message}`);
      continue;
    }
    if (suite.judge && settings.judge === undefined) {
      if (settings.suite?.includes(suite.id))
        throw new UserError(`${suite.id} needs a judge`, 'name a second model with --judge; plumbline judge-card <model> measures one');
      say(`left out: ${suite.id} needs a judge (--judge)`);
      continue;
    }
    plans.push(
      ...(await plansOf(suite, {
        preset: settings.preset,
        languages: settings.lang,
        limit: settings.limit ?? null,
        only: settings.only ?? [],
        ...(settings.attacks && { attacks: settings.attacks }),
        shard: settings.shard ?? null,
        data,
      })),
    );
  }
  const traces = runner.wants.includes('trace');
  const asked = plans.filter((plan) => plan.items.length > 0).map((plan) => (traces ? plan : { ...plan, signs: [] }));
  if (asked.length > 0) return asked;
  if (settings.only) throw new UserError(`no suite has an item '${settings.only.join("', '")}'`, 'plumbline show <run> lists the items');
  throw new UserError(`no suite has items in ${settings.lang.join(', ')}`, 'plumbline list suites shows the languages');
}

async function refuseUnknown(attacks: readonly string[], suites: readonly Suite[], data: Data): Promise<void> {
  const known = await attackNames(suites, data);
  const unknown = attacks.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = suggestion(unknown, known);
  throw new UserError(
    `--attacks: there is no attack '${unknown}' in the suites of this run${near ? `; did you mean '${near}'?` : ''}`,
    known.length === 0 ? 'safety/jailbreaks makes attacks' : `there are ${known.filter((name) => !name.includes('/')).join(', ')}`,
  );
}
