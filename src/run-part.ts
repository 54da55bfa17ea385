/** Asking less than all: what a budget draws, how a run goes on until its gate is decided, and what a plan would ask. */
import { join, resolve } from 'node:path';
import type { Io } from './command.ts';
import { budgetEstimate, drawItems, fleetOf } from './decide/budget.ts';
import { costsOf, type RunData } from './decide/compare.ts';
import { expectationOf } from './decide/expect.ts';
import { type Policy, wantsBaseline } from './decide/policy.ts';
import { openRunData } from './decide/run-data.ts';
import { decided, type Progress, sequentialOrder } from './decide/sequential.ts';
import { type Plan, requestsOf } from './engine/plan.ts';
import { readManifest, readRows, writeWhole } from './engine/run-folder.ts';
import { exitCodeOf } from './kit/verdict.ts';
import { type Row, UserError } from './types.ts';

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
function budgetIds(plans: readonly Plan[], { share, seed, fleet }: Budget): string[] {
  return plans.flatMap((plan) => {
    const count = Math.max(Math.min(10, plan.items.length), share * plan.items.length);
    return drawItems([...plan.items], { count, seed: `${plan.id}/${seed}`, fleet: columnsOf(plan, fleet) }).map(
      ({ item }) => `${plan.id}#${item.id}`,
    );
  });
}

const headlineValue = ({ suite }: Plan): string | null => ('value' in suite.metrics[0] ? suite.metrics[0].value : null);

function columnsOf(plan: Plan, fleet: readonly string[]): ReturnType<typeof fleetOf> {
  const value = headlineValue(plan);
  const runs = fleet.map((folder) => readRows(folder, plan.id)).filter((rows) => rows.length > 0);
  return value === null ? [] : fleetOf(runs, value);
}

/** What the asked items say about all of the preset's, suite by suite, where the headline is a mean of values in 0..1; written to budget.json. */
function writeBudget(folder: string, plans: readonly Plan[], budget: Budget): string[] {
  const estimates = plans.flatMap((plan) => {
    const value = headlineValue(plan);
    const metric = plan.suite.metrics[0];
    if (value === null || metric.measured) return [];
    const rows = readRows(folder, plan.id);
    const asked = rows.flatMap((row: Row) => {
      const found = row.skip === undefined ? row.values[value] : null;
      return typeof found === 'number' ? [{ id: row.id, value: found, weight: 1 }] : [];
    });
    // A value that does not apply to every item is no mean over all items.
    if (asked.length < rows.length || asked.some((row) => row.value < 0 || row.value > 1)) return [];
    const found = budgetEstimate([...plan.items], asked, { seed: `${plan.id}/${budget.seed}`, fleet: columnsOf(plan, budget.fleet) });
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
export function dryRun(plans: readonly Plan[], tokensPerSecond: number | null): string[] {
  let [requests, input, output] = [0, 0, 0];
  const lines = plans.map((plan) => {
    for (const item of plan.items)
      for (const { prompt, want } of requestsOf(plan, item, 0, { replies: [], judge: false })) {
        requests++;
        input += (typeof prompt === 'string' ? prompt.length : prompt.reduce((n, { content }) => n + content.length + 12, 0)) / 4;
        if (want.kind === 'text') output += want.maxTokens;
      }
    const { items, clusters, halfWidth, detectable } = expectationOf(plan.items);
    const shown = clusters < items ? `${items} items in ${clusters} clusters` : `${items} items`;
    const rounds = plan.suite.rounds.length > 1 ? `, ${plan.suite.rounds.length} rounds` : '';
    return `${plan.id.padEnd(30)} ${shown}${rounds}: a rate within ± ${(100 * halfWidth).toFixed(0)} points, losses from ${(100 * detectable).toFixed(0)} points seen`;
  });
  const tokens = Math.round(input);
  const time = tokensPerSecond === null ? 'not known before a first run' : `about ${Math.ceil((input + 4 * output) / tokensPerSecond)} s`;
  return [
    ...lines,
    `first round: ${requests} requests, about ${tokens} tokens in, at most ${output} out; later rounds depend on the answers`,
    `time: ${time}`,
  ];
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
    const evaluated = await asking.ask(budgetIds(plans, budget));
    return { evaluated, notes: writeBudget(folder, plans, budget), code: 0 };
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

/** Tokens a second of an earlier run in the folder; null where none is known. */
export function speedOf(folder: string): number | null {
  const facts = readManifest(folder)?.facts;
  return facts ? costsOf(facts).tokensInPerSecond : null;
}
