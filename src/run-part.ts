/** Asking less than all: what a budget draws, how a run goes on until its gate is decided, and what a plan would ask. */
import { join, resolve } from 'node:path';
import type { Io } from './command.ts';
import { budgetEstimate, drawItems, type Survey, surveyOf } from './decide/budget.ts';
import { costsOf, type RunData } from './decide/compare.ts';
import { expectationOf } from './decide/expect.ts';
import { freshCharacters, kinds, type Pace, type Planned, plannedRequests, secondsOf } from './decide/expected-time.ts';
import { type Fleet, fleetOf, noFleet } from './decide/fleet-values.ts';
import { type Policy, wantsBaseline } from './decide/policy.ts';
import { openRunData } from './decide/run-data.ts';
import { decided, type Progress, sequentialOrder } from './decide/sequential.ts';
import type { Plan } from './engine/plan.ts';
import { readManifest, readRows, writeWhole } from './engine/run-folder.ts';
import { bytesText } from './kit/numbers.ts';
import { exitCodeOf } from './kit/verdict.ts';
import { measuredPace } from './pace.ts';
import { type Facts, type Row, type Runner, UserError } from './types.ts';

/** `10%` or `0.1` as a share above 0 and up to 1. */
function shareOf(text: string): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(share > 0 && share <= 1)) throw new UserError(`--budget ${text}: expected a share such as 10% or 0.1`);
  return share;
}

interface Budget {
  readonly share: number;
  readonly seed: number;
  /** Folders of earlier runs of other models. */
  readonly fleet: readonly string[];
}

/** `<result id>#<item id>` of what a budget asks, at least 10 items a suite. */
function budgetIds(plans: readonly Plan[], surveys: readonly Survey[], { share, seed }: Budget): string[] {
  return plans.flatMap((plan, i) => {
    const count = Math.max(Math.min(10, plan.items.length), share * plan.items.length);
    return drawItems(surveys[i] as Survey, count, `${plan.id}/${seed}`).map(({ id }) => `${plan.id}#${id}`);
  });
}

const headlineValue = ({ suite }: Plan): string | null => ('value' in suite.metrics[0] ? suite.metrics[0].value : null);

function columnsOf(plan: Plan, fleet: readonly string[]): Fleet {
  const value = headlineValue(plan);
  const runs = fleet.map((folder) => readRows(folder, plan.id)).filter((rows) => rows.length > 0);
  return value === null ? noFleet : fleetOf(runs, value);
}

/** What the asked items say about all of the preset's, suite by suite, where the headline is a mean of values in 0..1; written to budget.json. */
function writeBudget(folder: string, plans: readonly Plan[], surveys: readonly Survey[], budget: Budget): string[] {
  const estimates = plans.flatMap((plan, i) => {
    const value = headlineValue(plan);
    const metric = plan.suite.metrics[0];
    if (value === null || metric.measured) return [];
    const rows = readRows(folder, plan.id);
    const asked = rows.flatMap((row: Row) => {
      const found = row.skip === undefined ? row.values[value] : null;
      return typeof found === 'number' ? [{ id: row.id, value: found }] : [];
    });
    // A value that does not apply to every item is no mean over all items.
    if (asked.length < rows.length || asked.some((row) => row.value < 0 || row.value > 1)) return [];
    const found = budgetEstimate(surveys[i] as Survey, asked, `${plan.id}/${budget.seed}`);
    return found ? [{ id: plan.id, metric: metric.id, ...found, of: plan.items.length }] : [];
  });
  writeWhole(join(folder, 'budget.json'), `${JSON.stringify({ format: 'plumbline-budget/1', ...budget, estimates }, null, 1)}\n`);
  return estimates.map(
    ({ id, metric, value, low, high, n, of, effective }) =>
      `${id} ${metric} ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)}) of all ${of}, from ${n} asked, worth ${Math.round(effective)}`,
  );
}

interface Until {
  readonly plans: readonly Plan[];
  readonly policy: Policy;
  readonly folder: string;
  readonly seed: number;
  readonly baseline: RunData | null;
  readonly signal: AbortSignal;
  /** Asks these items and scores what there is; what was asked before comes from the recording. */
  readonly ask: (ids: readonly string[]) => Promise<void>;
  readonly say: (message: string) => void;
}

const firstItems = 40;

/** Asks more and more of each suite that an undecided rule is about, until none is open. Returns the last decision. */
async function untilDecided({ plans, policy, folder, seed, baseline, signal, ask, say }: Until): Promise<Progress> {
  const orders = new Map(plans.map((plan) => [plan.id, sequentialOrder([...plan.items], `${plan.id}/${seed}`)]));
  const asked = new Map(plans.map((plan) => [plan.id, firstItems]));
  for (;;) {
    await ask(plans.flatMap((plan) => whole(orders.get(plan.id) ?? [], asked.get(plan.id) ?? 0).map(({ id }) => `${plan.id}#${id}`)));
    const run = openRunData(folder, { incomplete: true });
    const suiteOf = (id: string) => plans.find((plan) => plan.suite.id === id)?.suite ?? null;
    const progress = decided({ run, suiteOf, planned: (id) => orders.get(id) ?? [], ...(baseline && { baseline }) }, policy);
    if (progress.open.length === 0 || signal.aborted) return progress;
    say(`open: ${progress.open.join(', ')}`);
    for (const id of progress.open) asked.set(id, Math.ceil((asked.get(id) ?? 0) * 1.3) + 10);
  }
}

/** The first `count` items of an order, and the rest of the cluster that the last one is in. */
function whole<I extends { readonly id: string; readonly cluster?: string }>(order: readonly I[], count: number): I[] {
  let to = Math.min(count, order.length);
  while (to > 0 && to < order.length && order[to]?.cluster !== undefined && order[to]?.cluster === order[to - 1]?.cluster) to++;
  return order.slice(0, to);
}

interface Opened {
  readonly folder: string;
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/** What a run would ask and could show, how long it would take and what memory, as lines. */
export async function dryRun(plans: readonly Plan[], opened: Opened): Promise<string[]> {
  const planned = plannedRequests(plans);
  const known = await knownOf(planned, opened);
  const { requests, every } = planned;
  const count = kinds.reduce((sum, kind) => sum + requests[kind].length, 0) * every;
  const input = Math.round((kinds.reduce((sum, kind) => sum + freshCharacters(requests[kind]), 0) * every) / 4);
  const output = requests.text.reduce((sum, { want }) => sum + (want.kind === 'text' ? want.maxTokens : 0), 0) * every;
  const lines = plans.map((plan) => {
    const { items, clusters, halfWidth, detectable } = expectationOf(plan.items);
    const shown = clusters < items ? `${items} items in ${clusters} clusters` : `${items} items`;
    const rounds = plan.suite.rounds.length > 1 ? `, ${plan.suite.rounds.length} rounds` : '';
    return `${plan.id.padEnd(30)} ${shown}${rounds}: a rate within ± ${(100 * halfWidth).toFixed(0)} points, losses from ${(100 * detectable).toFixed(0)} points seen`;
  });
  return [
    ...lines,
    `requests: about ${count}, ${input} tokens in (what is shared counts once), at most ${output} out; later rounds depend on the answers`,
    `time: ${timeText(planned, { input, output }, known)}`,
    ...memoryLines(await opened.runner.facts?.()),
  ];
}

/** What a model of this machine needs, as its runner forecast it. */
function memoryLines(facts: Facts | undefined): string[] {
  const { own, mapped, total } = (facts?.cost?.forecast ?? {}) as { readonly [part: string]: number };
  if (own === undefined || mapped === undefined || total === undefined) return [];
  const [all, held, pages] = [total, own, mapped].map(bytesText);
  return [`memory: at most about ${all}: ${held} of its own, ${pages} of file pages, which the system can take back`];
}

/** Tokens a second, many requests at once. */
interface Speed {
  readonly tokensIn: number;
  readonly tokensOut: number | null;
}

/** What is known of the model's speed: a pace measured now, the speed of an earlier run, or nothing. */
type Known = { readonly pace: Pace } | { readonly speed: Speed } | null;

const span = (seconds: number): string => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);

function timeText(planned: Planned, { input, output }: { input: number; output: number }, known: Known): string {
  if (known && 'pace' in known) {
    const seconds = secondsOf(planned, known.pace);
    return seconds === null
      ? 'not known: the model answered too few questions in the seconds given to measuring'
      : `about ${span(seconds)} (measured on some of these questions now)`;
  }
  if (!known) return 'not known before a first run: nothing is asked of a model that is not on this machine';
  const least = input / known.speed.tokensIn;
  const most = least + output / (known.speed.tokensOut ?? known.speed.tokensIn / 4);
  const about =
    output === 0 || span(least) === span(most) ? `about ${span(most)}` : `${span(least)} to ${span(most)}, by how long the answers are`;
  return `${about} (the speed of the run in the folder)`;
}

const fleetFolders = (named: readonly string[] | undefined, cwd: string): string[] =>
  (named ?? []).map((name) => {
    const folder = resolve(cwd, name);
    openRunData(folder, { incomplete: true });
    return folder;
  });

/** How much of the plans is asked. */
export interface Part {
  readonly dry: boolean;
  readonly budget: { readonly share: number; readonly fleet: readonly string[] } | null;
  readonly until: { readonly policy: Policy; readonly baseline: RunData | null } | null;
}

/** Reads the options that ask for less than all. */
export async function partOf(options: Readonly<Record<string, unknown>>, io: Pick<Io, 'cwd'>): Promise<Part> {
  const parts = ['budget', 'untilDecided', 'only', 'limit', 'shard'].filter((name) => options[name] !== undefined);
  if (parts.length > 1 && (parts.includes('budget') || parts.includes('untilDecided')))
    throw new UserError(`--${parts.map(kebab).join(' and --')} both choose items`, 'give one of them');
  const budget =
    options.budget === undefined
      ? null
      : { share: shareOf(String(options.budget)), fleet: fleetFolders(options.fleet as readonly string[] | undefined, io.cwd) };
  if (options.untilDecided !== true) return { dry: options.dryRun === true, budget, until: null };
  const { readPolicy } = await import('./commands/gate.ts');
  const policy = readPolicy(typeof options.policy === 'string' ? options.policy : 'plumbline.yaml', io.cwd);
  const baseline = typeof options.baseline === 'string' ? openRunData(resolve(io.cwd, options.baseline), { incomplete: false }) : null;
  if (wantsBaseline(policy) && !baseline)
    throw new UserError('the policy compares with a baseline, and none was given', '--baseline <run>');
  return { dry: options.dryRun === true, budget, until: { policy, baseline } };
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export interface Asking<E> {
  readonly plans: readonly Plan[];
  readonly folder: string;
  readonly seed: number;
  /** Asks these ids, or all. */
  readonly ask: (only?: readonly string[]) => Promise<E>;
  readonly io: Pick<Io, 'signal'>;
  readonly say: (message: string) => void;
}

/** Asks the part; `notes` are for the terminal, `code` is the gate's where one decided. */
export async function askPart<E>(part: Part, asking: Asking<E>): Promise<{ evaluated: E; notes: string[]; code: number }> {
  const { plans, folder, seed, io, say } = asking;
  if (part.budget) {
    const budget = { ...part.budget, seed };
    const surveys = plans.map((plan) => surveyOf([...plan.items], columnsOf(plan, budget.fleet), `${plan.id}/${seed}`));
    const evaluated = await asking.ask(budgetIds(plans, surveys, budget));
    return { evaluated, notes: writeBudget(folder, plans, surveys, budget), code: 0 };
  }
  if (!part.until) return { evaluated: await asking.ask(undefined), notes: [], code: 0 };
  let evaluated: E | null = null;
  const ask = async (ids: readonly string[]) => {
    evaluated = await asking.ask(ids);
  };
  const { verdict } = await untilDecided({ ...part.until, plans, folder, seed, signal: io.signal, ask, say });
  if (evaluated === null) throw new Error('nothing was asked');
  const n = verdict.rules.reduce((most, rule) => Math.max(most, rule.n), 0);
  const { verdictTerminal } = await import('./kit/verdict-text.ts');
  return { evaluated, notes: [verdictTerminal(verdict), `decided after ${n} items at most a rule`], code: exitCodeOf(verdict) };
}

/** A pace measured on some questions where the model is on this machine; else the speed of an earlier run of the folder. */
async function knownOf(planned: Planned, { folder, runner, signal }: Opened): Promise<Known> {
  if (runner.identity.runner === 'onnx') return { pace: await measuredPace(runner, planned.requests, signal) };
  const { tokensInPerSecond, tokensOutPerSecond } = costsOf(readManifest(folder)?.facts ?? {});
  return tokensInPerSecond === null ? null : { speed: { tokensIn: tokensInPerSecond, tokensOut: tokensOutPerSecond } };
}
