/** What a rule is decided on: values with intervals from a finished run, and losses against a baseline. Pure. */

import { profileOf } from '../engine/profile.ts';
import { resultIdOf } from '../kit/result.ts';
import type { VerdictState } from '../kit/verdict.ts';
import type { Metric, Outcome, Result, Suite } from '../types.ts';
import type { RunData } from './compare.ts';
import { pairedMetric } from './paired-metric.ts';
import type { Rule } from './policy.ts';

/** A value with its interval; `problem`: why it means nothing. */
export interface Measured {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly unit: string;
  readonly problem: string | null;
}

/** A share or control: its value, interval (null: counted whole) and how many it rests on. */
export interface Counted {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** Where a gate's figures come from: a finished run, or a run still going (sequential.ts). */
export interface Measure {
  readonly value: (rule: Rule) => Measured;
  /** Loss of grade against the baseline, positive where the run is worse. */
  readonly loss: (rule: Rule) => Measured;
  readonly floor: (result: Result) => Omit<Counted, 'value'> & { readonly value: number | null; readonly state: VerdictState };
  readonly share: (result: Result, outcome: Outcome) => Counted;
}

export interface MeasureSources {
  readonly baseline?: RunData;
  readonly suiteOf: (suiteId: string) => Pick<Suite, 'version' | 'metrics'> | null;
  readonly seed?: number;
}
type Context = MeasureSources & { readonly run: RunData };

export const none = (problem: string): Measured => ({ value: null, low: null, high: null, n: 0, unit: 'grade', problem });

/** The results a rule is about. */
export const resultsOf = (rule: Rule, results: readonly Result[]): Result[] =>
  results.filter((result) => (rule.suite === undefined ? result.suite.dimension === rule.dimension : resultIdOf(result) === rule.suite));

/** A finished run's figures. */
export function measureOf(run: RunData, sources: MeasureSources): Measure {
  const context: Context = { ...sources, run };
  return {
    value: (rule) => measuredOf(rule, context),
    loss: (rule) => lossOf(rule, context),
    floor: ({ floor: { state, value, low, high, n } }) => ({ value, low, high, n, state: state === 'not met' ? 'fail' : 'pass' }),
    share: ({ outcomes, answers }, outcome) => ({
      value: answers === 0 ? 0 : outcomes[outcome] / answers,
      low: null,
      high: null,
      n: answers,
    }),
  };
}

function measuredOf(rule: Rule, { run }: Context): Measured {
  if (rule.dimension !== undefined) {
    const profile = profileOf(run.results).find(({ dimension }) => dimension === rule.dimension);
    const n = resultsOf(rule, run.results).reduce((sum, result) => sum + (result.estimates[0]?.n ?? 0), 0);
    const problem = profile?.grade == null ? `able in 0 of ${profile?.of ?? 0} sub-dimensions` : null;
    return { value: profile?.grade ?? null, low: profile?.low ?? null, high: profile?.high ?? null, n, unit: 'grade', problem };
  }
  const [result] = resultsOf(rule, run.results);
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

/** Why a result's score means nothing; null where it does. */
export const problemOf = (result: Result): string | null => {
  if (result.invalid) return `INVALID: ${result.invalid}`;
  if (result.floor.state === 'not met') return `not able: the control is not passed (${result.floor.title})`;
  return null;
};

/** Loss of grade against the baseline (positive: worse now), paired by item. */
function lossOf(rule: Rule, context: Context): Measured {
  const { run, baseline } = context;
  if (!baseline) return none('no baseline was given');
  const parts = resultsOf(rule, run.results).map((result) => lossOfResult(result, rule, { ...context, baseline }));
  const told = parts.filter((part) => part.problem === null && part.value !== null && part.low !== null && part.high !== null);
  if (rule.dimension === undefined || told.length === 0) return parts[0] ?? none('nothing was measured');
  return meanOfLosses(told);
}

/** Mean of several losses, their intervals joined side by side (MOVER). All have values and ends. */
function meanOfLosses(told: readonly Measured[]): Measured {
  const k = told.length;
  const value = told.reduce((sum, part) => sum + (part.value ?? 0), 0) / k;
  const root = (of: (part: Measured) => number) => Math.sqrt(told.reduce((sum, part) => sum + of(part) ** 2, 0)) / k;
  const n = told.reduce((sum, part) => sum + part.n, 0);
  const low = value - root((part) => (part.value ?? 0) - (part.low ?? 0));
  const high = value + root((part) => (part.high ?? 0) - (part.value ?? 0));
  return { value, low, high, n, unit: 'grade', problem: null };
}

function lossOfResult(result: Result, rule: Rule, context: Context & { readonly baseline: RunData }): Measured {
  const id = resultIdOf(result);
  const base = context.baseline.results.find((other) => resultIdOf(other) === id);
  const suite = context.suiteOf(result.suite.id);
  if (!base) return none(`the baseline has no ${id}`);
  if (!suite || suite.version !== result.suite.version) return none(`the suite ${id} ${result.suite.version} is not at hand`);
  const problem = problemOf(result) ?? (problemOf(base) ? `baseline ${problemOf(base)}` : null);
  if (problem !== null) return none(problem);
  const metric: Metric = suite.metrics.find((m) => m.id === rule.metric) ?? suite.metrics[0];
  const seed = `${id}/${metric.id}/${context.seed ?? 1}`;
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
