/** Asking less than all: what a budget draws, how a run goes on until its gate is decided, and what a plan would ask. */
import { join, resolve } from 'node:path';
import type { Io } from './command.ts';
import { budgetEstimate, drawItems, type Survey, surveyOf } from './decide/budget.ts';
import { costsOf, type RunData } from './decide/compare.ts';
import { expectationOf } from './decide/expect.ts';
import { type Fleet, fleetOf, noFleet } from './decide/fleet-values.ts';
import { type Policy, wantsBaseline } from './decide/policy.ts';
import { openRunData } from './decide/run-data.ts';
import { decided, type Progress, sequentialOrder } from './decide/sequential.ts';
import { type Plan, requestsOf } from './engine/plan.ts';
import { readManifest, readRows, writeWhole } from './engine/run-folder.ts';
import { exitCodeOf } from './kit/verdict.ts';
import { type Request, type Row, type Runner, UserError } from './types.ts';

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

/** What a run would ask and could show, as lines. */
export function dryRun(plans: readonly Plan[], speed: Speed | null): string[] {
  let [requests, input, output] = [0, 0, 0];
  const lines = plans.map((plan) => {
    for (const item of plan.items)
      for (const { prompt, want } of requestsOf(plan, item, 0, { replies: [], judge: false })) {
        requests++;
        const asked = typeof prompt === 'string' ? prompt.length : prompt.reduce((n, { content }) => n + content.length + 12, 0);
        input += (asked + (want.kind === 'choice' ? want.options.join('').length : 0)) / 4;
        if (want.kind === 'text') output += want.maxTokens;
      }
    const { items, clusters, halfWidth, detectable } = expectationOf(plan.items);
    const shown = clusters < items ? `${items} items in ${clusters} clusters` : `${items} items`;
    const rounds = plan.suite.rounds.length > 1 ? `, ${plan.suite.rounds.length} rounds` : '';
    return `${plan.id.padEnd(30)} ${shown}${rounds}: a rate within ± ${(100 * halfWidth).toFixed(0)} points, losses from ${(100 * detectable).toFixed(0)} points seen`;
  });
  return [
    ...lines,
    `first round: ${requests} requests, about ${Math.round(input)} tokens in, at most ${output} out; later rounds depend on the answers`,
    `time: ${timeText(input, output, speed)}`,
  ];
}

/** Tokens a second, many requests at once. */
export interface Speed {
  readonly tokensIn: number;
  readonly tokensOut: number | null;
  /** Where it is known from. */
  readonly from: string;
}

function timeText(input: number, output: number, speed: Speed | null): string {
  if (!speed) return 'not known before a first run: nothing is asked of a model that is not on this machine';
  const least = input / speed.tokensIn;
  const most = least + output / (speed.tokensOut ?? speed.tokensIn / 4);
  const span = (seconds: number) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);
  const about =
    output === 0 || span(least) === span(most) ? `about ${span(most)}` : `${span(least)} to ${span(most)}, by how long the answers are`;
  return `${about} (${speed.from})`;
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

/** The speed of an earlier run of the folder, or measured on a few questions where the model is on this machine; null where neither can be had. */
export async function speedOf(folder: string, runner: Runner, signal: AbortSignal): Promise<Speed | null> {
  const facts = readManifest(folder)?.facts;
  const { tokensInPerSecond, tokensOutPerSecond } = costsOf(facts ?? {});
  if (tokensInPerSecond !== null)
    return { tokensIn: tokensInPerSecond, tokensOut: tokensOutPerSecond, from: 'the speed of the run in the folder' };
  return runner.identity.runner === 'onnx' ? probed(runner, signal) : null;
}

/** A few requests at once, once to warm up and once to measure: no answer is kept. */
async function probed(runner: Runner, signal: AbortSignal): Promise<Speed | null> {
  const { driftPassages } = await import('./decide/drift-text.ts');
  const reading: Request[] = driftPassages.slice(0, 6).map((prompt) => ({ to: 'target', prompt, want: { kind: 'trace' } }));
  const writing: Request[] = driftPassages.slice(0, 6).map((prompt) => ({
    to: 'target',
    prompt,
    want: { kind: 'text', maxTokens: 12, temperature: 0, seed: 1 },
  }));
  const rate = async (requests: readonly Request[]): Promise<{ read: number; written: number } | null> => {
    const started = performance.now();
    let [read, written] = [0, 0];
    for await (const [, answer] of runner.answer(requests, signal)) {
      if (!answer.ok) return null;
      read += answer.ids?.length ?? 0;
      written += answer.tokens;
    }
    const seconds = (performance.now() - started) / 1000;
    return { read: read / seconds, written: written / seconds };
  };
  if (!runner.wants.includes('trace')) return null;
  await rate(reading.slice(0, 1));
  const reads = await rate(reading);
  const writes = await rate(writing);
  return reads && reads.read > 0
    ? { tokensIn: reads.read, tokensOut: writes?.written ?? null, from: 'measured on a few questions now' }
    : null;
}
