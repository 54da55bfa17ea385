/**
 * Deciding while a run goes on. Confidence sequences by betting hold at every look at once, so looking after every window and stopping when all is
 * decided keeps each rule's error at 5 % (Waudby-Smith & Ramdas 2024). Pure.
 */

import { bettingSequence, clopperPearson, type Draw, errorOf, grouped, roganGladen } from '../kit/index.ts';
import { randomOf, shuffled } from '../kit/random.ts';
import { resultIdOf } from '../kit/result.ts';
import type { Verdict, VerdictState } from '../kit/verdict.ts';
import type { Item, Metric, Outcome, Result, Row, Suite } from '../types.ts';
import type { RunData } from './compare.ts';
import { gate } from './gate.ts';
import { type Counted, type Measure, type Measured, measureOf, none, problemOf, resultsOf } from './measure.ts';
import { pairRows } from './paired-metric.ts';
import type { Policy, Rule } from './policy.ts';

/** Error allowed to each rule. */
const ruleAlpha = 0.05;

/** The order items must be asked in: whole clusters, drawn at random. */
export function sequentialOrder<I extends Item>(items: readonly I[], seed: number | string): I[] {
  return shuffled(
    grouped(items, (item) => item.cluster ?? item.id),
    randomOf(seed),
  ).flat();
}

export interface Going {
  /** The run so far: results and rows of what has been answered. */
  readonly run: RunData;
  readonly baseline?: RunData;
  readonly suiteOf: (suiteId: string) => Suite | null;
  /** All items that a result may come to ask, in `sequentialOrder`. */
  readonly planned: (resultId: string) => readonly Item[];
}

export interface Progress {
  readonly verdict: Verdict;
  /** Ids of results that must go on, because a rule on them is open. Empty: stop. */
  readonly open: readonly string[];
}

/**
 * Decides what can be decided from the rows so far. Only whole clusters count. Rules on functions of rows and on dimensions that hold one wait until
 * all their items are asked, and are then decided as in a finished run.
 */
export function decided(going: Going, policy: Policy): Progress {
  const measure = goingMeasure(going, policy);
  const verdict = gate(going.run, policy, { suiteOf: going.suiteOf, measure });
  const open = new Set<string>();
  policy.rules.forEach((rule, i) => {
    const alone = gate(
      going.run,
      { ...policy, undecided: 'undecided', rules: [rule], lines: [policy.lines[i] ?? null] },
      { suiteOf: going.suiteOf, measure },
    );
    if (alone.state !== 'undecided') return;
    for (const result of resultsOf(rule, going.run.results)) if (!allAsked(going, resultIdOf(result))) open.add(resultIdOf(result));
  });
  return { verdict, open: [...open] };
}

const allAsked = ({ run, planned }: Going, id: string): boolean => run.rows(id).length >= planned(id).length;

function goingMeasure(going: Going, policy: Policy): Measure {
  const { run, baseline, suiteOf } = going;
  const finished = measureOf(run, { suiteOf, ...(baseline && { baseline }) });
  const over = (rule: Rule) => resultsOf(rule, run.results).every((result) => allAsked(going, resultIdOf(result)));
  const point = policy.decide === 'point';
  return {
    value: (rule) => {
      const found = point ? null : rule.dimension === undefined ? sequenceValue(rule, going) : dimensionValue(rule, going);
      return found ?? (over(rule) ? finished.value(rule) : { ...finished.value(rule), problem: 'waits for all items' });
    },
    loss: (rule) => {
      const found = point ? null : sequenceLoss(rule, going);
      return found ?? (over(rule) ? finished.loss(rule) : none('waits for all items'));
    },
    floor: (result) =>
      sequenceFloor(result, going) ?? {
        ...finished.floor(result),
        ...(allAsked(going, resultIdOf(result)) ? {} : { state: 'undecided' as const }),
      },
    share: (result, outcome) =>
      allAsked(going, resultIdOf(result)) ? finished.share(result, outcome) : sequenceShare(result, outcome, going),
  };
}

interface Values {
  readonly draws: readonly Draw[];
  readonly largest: number;
  readonly n: number;
}

/** Values of the whole clusters asked so far, one draw a cluster, in the order asked. Null when a value leaves 0..1. */
function drawsOf(going: Going, id: string, of: (row: Row) => number | null): Values | null {
  const nameOf = (item: { readonly id: string; readonly cluster?: string }) => item.cluster ?? item.id;
  const planned = new Map<string, number>();
  for (const item of going.planned(id)) planned.set(nameOf(item), (planned.get(nameOf(item)) ?? 0) + 1);
  const asked = new Map(grouped(going.run.rows(id), nameOf).map((rows) => [nameOf(rows[0] as Row), rows]));
  const draws: Draw[] = [];
  let n = 0;
  // In the planned, random order, whatever order the rows are kept in: bets depend on it.
  for (const [cluster, size] of planned) {
    const rows = asked.get(cluster) ?? [];
    if (rows.length < size) continue;
    const values = rows.map(of).filter((v): v is number => v !== null);
    if (values.some((v) => v < 0 || v > 1)) return null;
    if (values.length === 0) continue;
    draws.push({ sum: values.reduce((sum, v) => sum + v, 0), size: values.length });
    n += values.length;
  }
  return { draws, largest: Math.max(1, ...planned.values()), n };
}

const told = (row: Row, name: string): number | null => {
  const value = row.skip === undefined ? row.values[name] : null;
  return typeof value === 'number' && !Number.isNaN(value) ? value : null;
};

interface At {
  readonly id: string;
  readonly group?: string | undefined;
  readonly alpha: number;
}
type Sequenced = Counted & { readonly low: number; readonly high: number };

/** A mean's sequence, freed from its detector's error where it names one; null where betting does not apply. */
function metricSequence(metric: Metric, going: Going, at: At): Sequenced | null {
  if (!('value' in metric)) return null;
  const { alpha } = at;
  const inGroup = (row: Row) => at.group === undefined || row.group === at.group;
  const values = drawsOf(going, at.id, (row) => (inGroup(row) ? told(row, metric.value) : null));
  if (!values || values.n === 0) return null;
  const error = metric.measured ? errorOf(metric.measured.by) : null;
  if (!error) return { ...bettingSequence(values.draws, { alpha, largest: values.largest }), n: values.n };
  // The 5 % are shared: 4 % for the rate as seen, 1 % for sensitivity and specificity (Bonferroni).
  const { value, low, high } = bettingSequence(values.draws, { alpha: 0.8 * alpha, largest: values.largest });
  const [se, sp] = [
    clopperPearson(error.se * error.nSe, error.nSe, 1 - 0.1 * alpha),
    clopperPearson(error.sp * error.nSp, error.nSp, 1 - 0.1 * alpha),
  ];
  const turn = (rate: number): number => (metric.measured?.positive ? rate : 1 - rate);
  const seen = [turn(low), turn(high)].sort((a, b) => a - b) as [number, number];
  const certain = se.low + sp.low > 1;
  const ends = certain
    ? [roganGladen(seen[0], { ...error, se: se.high, sp: sp.low }), roganGladen(seen[1], { ...error, se: se.low, sp: sp.high })]
    : [0, 1];
  const [a, b] = ends.map(turn).sort((x, y) => x - y) as [number, number];
  return { value: turn(roganGladen(turn(value), error)), low: a, high: b, n: values.n };
}

function metricOf(rule: Rule, suite: Suite | null): Metric | null {
  return suite ? (suite.metrics.find(({ id }) => id === rule.metric) ?? (rule.metric === undefined ? suite.metrics[0] : null)) : null;
}

/** Whether the control is passed by what was seen so far; `null`: it needs all items. */
function sequenceFloor(result: Result, going: Going): ReturnType<Measure['floor']> | null {
  const floor = going.suiteOf(result.suite.id)?.floor;
  if (!floor || 'none' in floor) return floor ? { value: null, low: null, high: null, n: 0, state: 'pass' } : null;
  if (!('value' in floor)) return null;
  const values = drawsOf(going, resultIdOf(result), (row) => told(row, floor.value));
  if (!values || values.n === 0) return null;
  const { value, low, high } = bettingSequence(values.draws, { alpha: ruleAlpha, largest: values.largest });
  const state: VerdictState =
    low > floor.chance ? 'pass' : high <= floor.chance || allAsked(going, resultIdOf(result)) ? 'fail' : 'undecided';
  return { value, low, high, n: values.n, state };
}

/** Why a result means nothing yet: invalid, or its control not (yet) passed. */
function problemSoFar(result: Result, going: Going): string | null {
  if (result.invalid) return problemOf(result);
  const state = sequenceFloor(result, going)?.state ?? (result.floor.state === 'not met' ? 'fail' : 'pass');
  return state === 'pass' ? null : `the control is not ${state === 'undecided' ? 'yet ' : ''}passed (${result.floor.title})`;
}

const graded = (metric: Metric, found: Sequenced): Measured => {
  const clip = (value: number) => Math.min(1, Math.max(0, metric.grade(value)));
  const ends = [clip(found.low), clip(found.high)].sort((a, b) => a - b) as [number, number];
  return { value: clip(found.value), low: ends[0], high: ends[1], n: found.n, unit: 'grade', problem: null };
};

function sequenceValue(rule: Rule, going: Going): Measured | null {
  const [result] = resultsOf(rule, going.run.results);
  const metric = result ? metricOf(rule, going.suiteOf(result.suite.id)) : null;
  if (!result || !metric) return null;
  const found = metricSequence(metric, going, { id: resultIdOf(result), group: rule.group, alpha: ruleAlpha });
  if (!found) return null;
  const problem = problemSoFar(result, going);
  const { value, low, high, n } = found;
  return rule.metric === undefined ? { ...graded(metric, found), problem } : { value, low, high, n, unit: metric.unit, problem };
}

/** Mean grade of a dimension: sequences of its k suites at a k-th of the error each, so that all hold at once. Null while one cannot be told. */
function dimensionValue(rule: Rule, going: Going): Measured | null {
  const results = resultsOf(rule, going.run.results);
  const parts = results.map((result) => {
    const metric = going.suiteOf(result.suite.id)?.metrics[0];
    if (!metric || problemSoFar(result, going) !== null) return null;
    const found = metricSequence(metric, going, { id: resultIdOf(result), alpha: ruleAlpha / results.length });
    return found && graded(metric, found);
  });
  return meanEnds(parts);
}

/** Means of values and of ends; null when a part is missing. */
function meanEnds(parts: readonly (Measured | null)[]): Measured | null {
  const whole = parts.filter((part) => part !== null);
  if (whole.length === 0 || whole.length < parts.length) return null;
  const mean = (of: (part: Measured) => number | null) => whole.reduce((sum, part) => sum + (of(part) ?? 0), 0) / whole.length;
  const n = whole.reduce((sum, part) => sum + part.n, 0);
  const problem = whole.find((part) => part.problem !== null)?.problem ?? null;
  return { value: mean((p) => p.value), low: mean((p) => p.low), high: mean((p) => p.high), n, unit: 'grade', problem };
}

/** Loss against the baseline by pairs, moved from −1..1 to 0..1; only where the grade is a straight line. */
function sequenceLoss(rule: Rule, going: Going): Measured | null {
  const { baseline } = going;
  if (!baseline) return none('no baseline was given');
  const results = resultsOf(rule, going.run.results);
  return meanEnds(results.map((result) => lossSoFar(result, rule, { ...going, baseline, alpha: ruleAlpha / results.length })));
}

function lossSoFar(result: Result, rule: Rule, going: Going & { readonly baseline: RunData; readonly alpha: number }): Measured | null {
  const metric = metricOf(rule, going.suiteOf(result.suite.id));
  if (!metric || !('value' in metric) || metric.measured || !isStraight(metric)) return null;
  const id = resultIdOf(result);
  const before = new Map(pairRows(going.baseline.rows(id), going.run.rows(id)).pairs.map(({ a, b }) => [b.id, a]));
  const grade = (row: Row | undefined) => {
    const value = row && (rule.group === undefined || row.group === rule.group) ? told(row, metric.value) : null;
    return value === null ? null : metric.grade(value);
  };
  const values = drawsOf(going, id, (row) => {
    const [was, is] = [grade(before.get(row.id)), grade(row)];
    return was === null || is === null ? null : (1 + was - is) / 2;
  });
  if (!values || values.n === 0) return null;
  const { value, low, high } = bettingSequence(values.draws, { alpha: going.alpha, largest: values.largest });
  const problem = problemSoFar(result, going);
  return { value: 2 * value - 1, low: 2 * low - 1, high: 2 * high - 1, n: values.n, unit: 'grade', problem };
}

const isStraight = (metric: Metric): boolean => Math.abs(metric.grade(0) + metric.grade(1) - 2 * metric.grade(0.5)) < 1e-9;

/** The share of an outcome among answers, while more may come. */
function sequenceShare(result: Result, outcome: Outcome, going: Going): Counted {
  const values = drawsOf(going, resultIdOf(result), (row) =>
    row.outcomes.length === 0 ? null : row.outcomes.filter((o) => o === outcome).length / row.outcomes.length,
  );
  if (!values || values.n === 0) return { value: 0, low: 0, high: 1, n: 0 };
  const { value, low, high } = bettingSequence(values.draws, { alpha: ruleAlpha, largest: values.largest });
  return { value, low, high, n: values.n };
}
