/** A run held against a policy: one verdict. Pure. */
import { profileOf } from '../engine/profile.ts';
import { itemsToDecide } from '../kit/index.ts';
import { type RuleVerdict, stateOf, type Verdict, type VerdictState } from '../kit/verdict.ts';
import type { Metric, Outcome, Result, Suite } from '../types.ts';
import { type RunData, resultIdOf } from './compare.ts';
import { pairedMetric } from './paired-metric.ts';
import { checkAgainst, type Policy, type Rule } from './policy.ts';

export interface GateOptions {
  readonly baseline?: RunData;
  /** A suite's metrics, for paired rules; null where its code is not at hand. */
  readonly suiteOf: (suiteId: string) => Pick<Suite, 'version' | 'metrics'> | null;
  readonly seed?: number;
}

/** Decides every condition of the policy. Throws UserError when the policy names what the run does not have. */
export function gate(run: RunData, policy: Policy, options: GateOptions): Verdict {
  checkAgainst(policy, run.results);
  const context: Context = { run, policy, options };
  const rules = policy.rules.flatMap((rule, i) => conditionsOf(rule, context).map((open) => closed(open, policy, i)));
  const { name, hash } = run.manifest.model;
  const base = options.baseline?.manifest.model;
  return {
    format: 'plumbline-verdict/1',
    state: stateOf(rules),
    model: { name, hash },
    policy: policy.path,
    baseline: base ? { name: base.name, hash: base.hash } : null,
    rules: unique(rules),
  };
}

interface Context {
  readonly run: RunData;
  readonly policy: Policy;
  readonly options: GateOptions;
}

/** A condition with its measurement, before the policy's word on undecided ones. */
type Open = Omit<RuleVerdict, 'line' | 'id'>;

function closed(open: Open, policy: Policy, index: number): RuleVerdict {
  const line = policy.lines[index] ?? null;
  const id = `${open.about} ${open.asks}`;
  if (open.state !== 'undecided' || policy.undecided === 'undecided') return { ...open, id, line };
  return {
    ...open,
    id,
    line,
    state: policy.undecided,
    because: `${open.because} (undecided; the policy counts it as ${policy.undecided})`,
  };
}

function unique(rules: readonly RuleVerdict[]): RuleVerdict[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const times = (seen.get(rule.id) ?? 0) + 1;
    seen.set(rule.id, times);
    return times === 1 ? rule : { ...rule, id: `${rule.id} (${times})` };
  });
}

function conditionsOf(rule: Rule, context: Context): Open[] {
  const about = [rule.suite ?? rule.dimension, rule.metric, rule.group].filter((part) => part !== undefined).join(' · ');
  const out: Open[] = [];
  const measured = measure(rule, context);
  if (rule.min !== undefined) out.push(limited(about, measured, { side: 'min', limit: rule.min, policy: context.policy }));
  if (rule.max !== undefined) out.push(limited(about, measured, { side: 'max', limit: rule.max, policy: context.policy }));
  if (rule['max-drop'] !== undefined) out.push(dropped(about, rule, context, { limit: rule['max-drop'], strict: false }));
  if (rule['non-inferior'] !== undefined) out.push(dropped(about, rule, context, { limit: rule['non-inferior'], strict: true }));
  for (const result of resultsOf(rule, context.run)) {
    if (rule.floor !== undefined) out.push(floored(result));
    for (const [outcome, limit] of Object.entries(rule.outcomes ?? {}))
      out.push(outcomeWithin(result, outcome as Outcome, limit as number));
  }
  return out;
}

const resultsOf = (rule: Rule, run: RunData): Result[] =>
  run.results.filter((result) =>
    rule.suite === undefined ? result.suite.dimension === rule.dimension : resultIdOf(result) === rule.suite,
  );

/** A value with its interval; `problem`: why it means nothing. */
interface Measured {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly unit: string;
  readonly problem: string | null;
}

function measure(rule: Rule, { run }: Context): Measured {
  if (rule.dimension !== undefined) {
    const profile = profileOf(run.results).find(({ dimension }) => dimension === rule.dimension);
    const n = resultsOf(rule, run).reduce((sum, result) => sum + (result.estimates[0]?.n ?? 0), 0);
    const problem = profile?.grade == null ? `able in 0 of ${profile?.of ?? 0} sub-dimensions` : null;
    return { value: profile?.grade ?? null, low: profile?.low ?? null, high: profile?.high ?? null, n, unit: 'grade', problem };
  }
  const [result] = resultsOf(rule, run);
  const estimate = result?.estimates.find(
    ({ metric, group }) => metric === (rule.metric ?? result.estimates[0]?.metric) && group === rule.group,
  );
  if (!result || !estimate) return { value: null, low: null, high: null, n: 0, unit: '', problem: 'nothing was measured' };
  const { n, value, interval, grade, gradeLow, gradeHigh, unit } = estimate;
  const problem = problemOf(result) ?? (value === null ? 'nothing could be told' : null);
  return rule.metric === undefined
    ? { value: grade, low: gradeLow, high: gradeHigh, n, unit: 'grade', problem }
    : { value, low: interval?.low ?? null, high: interval?.high ?? null, n, unit, problem };
}

const problemOf = (result: Result): string | null => {
  if (result.invalid) return `INVALID: ${result.invalid}`;
  if (result.floor.state === 'not met') return `not able: the control is not passed (${result.floor.title})`;
  return null;
};

const shown = (value: number): string => String(Math.round(value * 1e4) / 1e4);
const interval = ({ low, high }: Pick<Measured, 'low' | 'high'>): string =>
  low === null || high === null ? '' : ` (${shown(low)}–${shown(high)})`;

interface Limit {
  readonly side: 'min' | 'max';
  readonly limit: number;
  readonly policy: Pick<Policy, 'decide'>;
}

function limited(about: string, measured: Measured, { side, limit, policy }: Limit): Open {
  const asks = `${side === 'min' ? 'at least' : 'at most'} ${shown(limit)}`;
  const { value, n, unit } = measured;
  const head = { about, asks, value, low: measured.low, high: measured.high, limit, n };
  if (measured.problem !== null || value === null)
    return { ...head, state: 'undecided', because: measured.problem ?? 'no value', needs: null };
  const point = policy.decide === 'point';
  const [low, high] = point ? [value, value] : [measured.low, measured.high];
  if (low === null || high === null)
    return { ...head, state: 'undecided', because: `${shown(value)} ${unit} without an interval`, needs: null };
  const state = sideOf(side === 'min' ? [low - limit, high - limit] : [limit - high, limit - low]);
  const is = `${unit} ${shown(value)}${point ? '' : interval(measured)}`;
  const half = side === 'min' ? value - low : high - value;
  const other = side === 'min' ? high - value : value - low;
  const inside = side === 'min' ? value >= limit : value <= limit;
  const needs = state === 'undecided' ? itemsToDecide(n, inside ? half : other, value - limit) : null;
  const where = { pass: 'keeps the limit', fail: 'breaks the limit', undecided: 'the limit lies inside the interval' }[state];
  return {
    ...head,
    state,
    because: `${is}: ${where}`,
    needs,
  };
}

/** From the interval of "how far on the good side": all ≥ 0 passes, all < 0 fails. */
const sideOf = ([low, high]: readonly [number, number]): VerdictState => (low >= 0 ? 'pass' : high < 0 ? 'fail' : 'undecided');

function dropped(
  about: string,
  rule: Rule,
  context: Context,
  { limit, strict }: { readonly limit: number; readonly strict: boolean },
): Open {
  const asks = strict ? `no worse than the baseline by ${shown(limit)}` : `drop of at most ${shown(limit)}`;
  const found = lossOf(rule, context);
  const head = { about, asks, value: found.value, low: found.low, high: found.high, limit, n: found.n };
  if (found.problem !== null || found.value === null || found.low === null || found.high === null)
    return { ...head, state: 'undecided', because: found.problem ?? 'no interval', needs: null };
  const point = context.policy.decide === 'point' && !strict;
  // A loss: at most the limit is good. Non-inferiority excludes the margin itself.
  const [low, high] = point ? [found.value, found.value] : [found.low, found.high];
  const state: VerdictState = (strict ? high < limit : high <= limit) ? 'pass' : low > limit ? 'fail' : 'undecided';
  const half = found.value <= limit ? found.high - found.value : found.value - found.low;
  const needs = state === 'undecided' ? itemsToDecide(found.n, half, found.value - limit) : null;
  return { ...head, state, because: `grade lost ${shown(found.value)}${point ? '' : interval(found)} on the same ${found.n} items`, needs };
}

/** Loss of grade against the baseline (positive: worse now), paired by item. */
function lossOf(rule: Rule, context: Context): Measured {
  const none = (problem: string): Measured => ({ value: null, low: null, high: null, n: 0, unit: 'grade', problem });
  const { run, options } = context;
  const { baseline } = options;
  if (!baseline) return none('no baseline was given');
  const parts = resultsOf(rule, run).map((result) => lossOfResult(result, rule, { ...context, baseline }));
  const told = parts.filter((part) => part.problem === null && part.value !== null && part.low !== null && part.high !== null);
  if (rule.dimension === undefined || told.length === 0) return parts[0] ?? none('nothing was measured');
  const k = told.length;
  const value = told.reduce((sum, part) => sum + (part.value ?? 0), 0) / k;
  const root = (of: (part: Measured) => number) => Math.sqrt(told.reduce((sum, part) => sum + of(part) ** 2, 0)) / k;
  const n = told.reduce((sum, part) => sum + part.n, 0);
  const low = value - root((part) => (part.value ?? 0) - (part.low ?? 0));
  const high = value + root((part) => (part.high ?? 0) - (part.value ?? 0));
  return { value, low, high, n, unit: 'grade', problem: null };
}

function lossOfResult(result: Result, rule: Rule, context: Context & { readonly baseline: RunData }): Measured {
  const none = (problem: string): Measured => ({ value: null, low: null, high: null, n: 0, unit: 'grade', problem });
  const id = resultIdOf(result);
  const base = context.baseline.results.find((other) => resultIdOf(other) === id);
  const suite = context.options.suiteOf(result.suite.id);
  if (!base) return none(`the baseline has no ${id}`);
  if (!suite || suite.version !== result.suite.version) return none(`the suite ${id} ${result.suite.version} is not at hand`);
  const problem = problemOf(result) ?? (problemOf(base) ? `baseline ${problemOf(base)}` : null);
  if (problem !== null) return none(problem);
  const metric: Metric = suite.metrics.find((m) => m.id === rule.metric) ?? suite.metrics[0];
  const seed = `${id}/${metric.id}/${context.options.seed ?? 1}`;
  const found = pairedMetric(metric, context.baseline.rows(id), context.run.rows(id), {
    seed,
    ...(rule.group === undefined ? {} : { group: rule.group }),
  });
  if (!found.difference) return none('no item could be told on both sides');
  const { value, low, high } = found.difference;
  // −0 would print as a loss of "-0".
  return {
    value: 0 - value,
    low: high === null ? null : 0 - high,
    high: low === null ? null : 0 - low,
    n: found.n,
    unit: 'grade',
    problem: null,
  };
}

function floored(result: Result): Open {
  const { state, value, low, high, chance, n, title } = result.floor;
  const because =
    state === 'not applicable'
      ? 'this suite needs no control'
      : `${title}: ${value === null ? 'nothing could be told' : `${shown(value)}${interval({ low, high })} against chance ${shown(chance ?? 0)}`}`;
  return {
    about: resultIdOf(result),
    asks: 'control passed',
    state: state === 'not met' ? 'fail' : 'pass',
    value,
    low,
    high,
    limit: chance,
    n,
    because,
    needs: null,
  };
}

/** Outcomes are counted, not sampled: what happened in this run is what is asked about. */
function outcomeWithin(result: Result, outcome: Outcome, limit: number): Open {
  const value = result.answers === 0 ? 0 : result.outcomes[outcome] / result.answers;
  const state = value <= limit ? 'pass' : 'fail';
  const because = `${result.outcomes[outcome]} of ${result.answers} answers`;
  return {
    about: resultIdOf(result),
    asks: `${outcome} at most ${shown(limit)}`,
    state,
    value,
    low: null,
    high: null,
    limit,
    n: result.answers,
    because,
    needs: null,
  };
}
