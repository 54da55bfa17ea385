/** Several finished runs to one comparison: the first against each of the others. Pure. */

import { profileOf } from '../engine/profile.ts';
import type { ComparedRun, Comparison, Conclusion, Costs, Difference, Drift, PairComparison, SuiteDifference } from '../kit/comparison.ts';
import { holm, nonInferiority, pairedDifference } from '../kit/index.ts';
import { modelNameOf, resultIdOf } from '../kit/result.ts';
import { dimensions, type Facts, type Json, type Manifest, type Metric, type Result, type Row, type Suite } from '../types.ts';
import { type PairedMetric, pairedMetric, pairRows } from './paired-metric.ts';

export type * from '../kit/comparison.ts';

/** A finished run as decisions see it. `rows` may read on demand; results and rows go by the same id. */
export interface RunData {
  readonly manifest: Manifest;
  readonly results: readonly Result[];
  readonly rows: (resultId: string) => readonly Row[];
}

export interface CompareOptions {
  /** Loss of grade that does not matter (0..1). */
  readonly margin: number;
  readonly seed: number;
  /** A suite's metrics and floor, by suite id; null where its code is not at hand. */
  readonly suiteOf: (suiteId: string) => Pick<Suite, 'version' | 'metrics' | 'floor'> | null;
  /** Drift on a fixed text of each other run from the first, where it was measured. */
  readonly drifts?: readonly (Drift | null)[];
}

const level = 0.95;

/** Compares the first run with each of the others. At least two runs. */
export function comparisonOf(runs: readonly RunData[], options: CompareOptions): Comparison {
  const [first, ...others] = runs;
  if (!first || others.length === 0) throw new RangeError('a comparison needs two runs');
  return {
    format: 'plumbline-comparison/1',
    margin: options.margin,
    level,
    seed: options.seed,
    runs: runs.map((run, i) => sideOf(run, letterOf(i))),
    pairs: others.map((other, i) => pairOf(first, other, { ...options, letter: letterOf(i + 1), drift: options.drifts?.[i] ?? null })),
  };
}

const letterOf = (i: number): string => String.fromCharCode(65 + i);

function sideOf(run: RunData, letter: string): ComparedRun {
  const { model, created, facts } = run.manifest;
  const { hash, protocol } = model;
  return { letter, name: modelNameOf(model), hash, protocol, created, profile: profileOf(run.results), cost: costsOf(facts) };
}

/** Costs from a run's facts, under the names runners give them; null where a runner is silent. */
export function costsOf(facts: Facts): Costs {
  const number = (...found: (Json | undefined)[]): number | null => found.find((v): v is number => typeof v === 'number') ?? null;
  const { model = {}, cost = {}, device = {} } = facts;
  // The local runner tells loading apart by graph; the first is what a user waits for.
  const loads = Object.values((cost.load ?? {}) as Record<string, { readonly ms?: number }>).map(({ ms }) => ms);
  return {
    fileBytes: number(model.fileBytes, model.bytes, cost.fileBytes),
    peakBytes: number(cost.peakMemoryBytes, cost.peakBytes, device.peakBytes),
    loadMs: number(cost.loadMs, ...loads),
    firstTokenMs: number(cost.firstTokenMs),
    tokensInPerSecond: number(cost.tokensInPerSecond, cost.prefillTokensPerSecond),
    tokensOutPerSecond: number(cost.tokensOutPerSecond, cost.decodeTokensPerSecond),
  };
}

type PairContext = CompareOptions & { readonly letter: string; readonly drift: Drift | null };

function pairOf(a: RunData, b: RunData, context: PairContext): PairComparison {
  const { matched, left } = matchedResults(a, b, context);
  const raw = matched.map((match) => suiteDifference(a, b, match, context));
  const adjusted = holm(raw.filter(({ p }) => p !== null).map(({ p }) => p as number));
  let at = 0;
  const suites = raw.map((suite) => concluded(suite, suite.p === null ? null : (adjusted[at++] ?? null), context.margin));
  const counts = { worse: 0, better: 0, 'not worse': 0, undecided: 0, 'not able': 0 };
  for (const suite of suites) if (!suite.diagnostic) counts[suite.conclusion]++;
  const knowledge = suites.find((suite) => suite.id === 'reliability/facts')?.difference ?? null;
  return {
    before: 'A',
    after: context.letter,
    differs: differencesOf(a.manifest, b.manifest),
    warnings: warningsOf(a, b, matched),
    left,
    suites,
    dimensions: dimensions.map((dimension) => ({
      dimension,
      ...meanDifference(suites.filter((suite) => suite.dimension === dimension && !suite.diagnostic)),
    })),
    quality: { knowledge, controls: controlsDifference(a, b, matched, context) },
    drift: context.drift,
    counts,
    summary: summaryOf(suites, counts, context),
  };
}

interface Match {
  readonly id: string;
  readonly a: Result;
  readonly b: Result;
  readonly suite: Pick<Suite, 'metrics' | 'floor'>;
}

function matchedResults(a: RunData, b: RunData, context: PairContext): { matched: Match[]; left: { id: string; why: string }[] } {
  const second = new Map(b.results.map((result) => [resultIdOf(result), result]));
  const matched: Match[] = [];
  const left: { id: string; why: string }[] = [];
  for (const result of a.results) {
    const id = resultIdOf(result);
    const other = second.get(id);
    second.delete(id);
    const suite = context.suiteOf(result.suite.id);
    if (!other) left.push({ id, why: `not in ${context.letter}` });
    else if (other.suite.version !== result.suite.version)
      left.push({ id, why: `suite version ${result.suite.version} in A, ${other.suite.version} in ${context.letter}` });
    else if (!suite) left.push({ id, why: 'the suite’s code is not at hand' });
    else if (suite.version !== result.suite.version)
      left.push({ id, why: `suite version ${result.suite.version} in both runs, ${suite.version} at hand: score both again` });
    else matched.push({ id, a: result, b: other, suite });
  }
  for (const id of second.keys()) left.push({ id, why: 'not in A' });
  return { matched, left };
}

const isAble = (result: Result): boolean => result.floor.state !== 'not met' && result.invalid === null;

function suiteDifference(a: RunData, b: RunData, match: Match, context: PairContext): SuiteDifference {
  const metric: Metric = match.suite.metrics[0];
  const found: PairedMetric = pairedMetric(metric, a.rows(match.id), b.rows(match.id), { seed: `${match.id}/${context.seed}` });
  const { suite } = match.a;
  const { n, clusters, unpaired, difference, p, test, flips, detectable } = found;
  return {
    id: match.id,
    title: suite.title,
    dimension: suite.dimension,
    lang: suite.lang,
    metric: metric.id,
    metricTitle: metric.title,
    unit: metric.unit,
    better: metric.better,
    says: match.a.says,
    sensitive: suite.sensitive,
    ...(suite.diagnostic && { diagnostic: true as const }),
    n,
    clusters,
    unpaired,
    before: { ...found.before, able: isAble(match.a) },
    after: { ...found.after, able: isAble(match.b) },
    difference,
    valueDifference: found.valueDifference?.value ?? null,
    p: isAble(match.a) && isAble(match.b) ? p : null,
    adjusted: null,
    test,
    conclusion: 'undecided',
    flips,
    detectable,
  };
}

function concluded(suite: SuiteDifference, adjusted: number | null, margin: number): SuiteDifference {
  const { difference, before, after } = suite;
  if (!before.able || !after.able) return { ...suite, adjusted, conclusion: 'not able' };
  if (!difference || difference.low === null || difference.high === null) return { ...suite, adjusted };
  if (adjusted !== null && adjusted <= 1 - level) return { ...suite, adjusted, conclusion: difference.value < 0 ? 'worse' : 'better' };
  const shown = nonInferiority({ low: difference.low, high: difference.high }, margin, 'higher') === 'not worse';
  return { ...suite, adjusted, conclusion: shown ? 'not worse' : 'undecided' };
}

/** Mean difference of several suites: their intervals joined side by side (MOVER; Zou & Donner 2008). */
function meanDifference(suites: readonly SuiteDifference[]): { difference: Difference | null; suites: number } {
  const able = suites.filter((s) => s.before.able && s.after.able && s.difference?.low != null);
  if (able.length === 0) return { difference: null, suites: 0 };
  const parts = able.map((s) => s.difference as Difference);
  const value = parts.reduce((sum, d) => sum + d.value, 0) / parts.length;
  const below = Math.sqrt(parts.reduce((sum, d) => sum + (d.value - (d.low ?? d.value)) ** 2, 0)) / parts.length;
  const above = Math.sqrt(parts.reduce((sum, d) => sum + ((d.high ?? d.value) - d.value) ** 2, 0)) / parts.length;
  return { difference: { value, low: value - below, high: value + above, method: `mean of ${parts.length}` }, suites: parts.length };
}

/** What the models can do at all: the mean difference of the suites' controls. */
function controlsDifference(a: RunData, b: RunData, matched: readonly Match[], context: PairContext): Difference | null {
  const observed = matched.flatMap(({ id, suite }) => {
    const { floor } = suite;
    if (!('value' in floor)) return [];
    const { pairs } = pairRows(a.rows(id), b.rows(id));
    const differences = pairs.flatMap(({ a, b }) => {
      const [x, y] = [a.values[floor.value], b.values[floor.value]];
      return typeof x === 'number' && typeof y === 'number' ? [{ value: y - x, cluster: `${id}/${a.cluster ?? a.id}` }] : [];
    });
    return differences.map(({ value, cluster }) => ({ difference: value, cluster, weight: 1 / differences.length }));
  });
  const bounded = observed.every(({ difference }) => Math.abs(difference) <= 1);
  const found = pairedDifference(observed, { seed: `controls/${context.seed}`, bounded });
  if (!found) return null;
  const { value, low, high, method } = found;
  return { value, low: Number.isFinite(low) ? low : null, high: Number.isFinite(high) ? high : null, method };
}

/** Fields of identity and options that differ: `field: a → b`. */
export function differencesOf(a: Manifest, b: Manifest): string[] {
  const flat = ({ model, judge, toxicity, options }: Manifest) => ({
    ...flattened(model.identity as Json, ''),
    ...flattened({ judge: judge?.name ?? null, toxicity: toxicity?.name ?? null }, ''),
    ...flattened(
      { protocol: model.protocol, preset: options.preset, seed: options.seed, system: options.system, attacks: attacksOf(options) },
      'options.',
    ),
  });
  const [first, second] = [flat(a), flat(b)];
  return [...new Set([...Object.keys(first), ...Object.keys(second)])]
    .filter((key) => first[key] !== second[key])
    .map((key) => `${key}: ${shown(first[key])} → ${shown(second[key])}`);
}

/** The kinds of attack that were picked, in one order; null: all. */
export const attacksOf = ({ attacks }: Manifest['options']): string | null =>
  attacks === undefined || attacks.length === 0 ? null : [...new Set(attacks)].sort().join(',');

/** Leaves of a JSON value by dotted path, as JSON texts. */
export function flattened(value: Json, prefix: string): Record<string, string> {
  if (value === null || typeof value !== 'object') return { [prefix.replace(/\.$/, '')]: JSON.stringify(value) };
  return Object.fromEntries(Object.entries(value).flatMap(([key, held]) => Object.entries(flattened(held as Json, `${prefix}${key}.`))));
}

const shown = (text: string | undefined): string => (text === undefined ? 'absent' : text.length > 44 ? `${text.slice(0, 43)}…` : text);

function warningsOf(a: RunData, b: RunData, matched: readonly Match[]): string[] {
  const warnings: string[] = [];
  const protocols = [a, b].map((run) => run.manifest.model.protocol);
  if (protocols[0] !== protocols[1])
    warnings.push(`${protocols[0]} and ${protocols[1]} models follow different protocols: differences mix the model with how it is asked`);
  if (a.manifest.model.hash === b.manifest.model.hash) warnings.push('both runs are of the same model');
  for (const [run, letter] of [
    [a, 'first'],
    [b, 'second'],
  ] as const)
    if (!run.manifest.complete) warnings.push(`the ${letter} run is not complete`);
  const other = matched.filter((match) => match.a.suite.items !== match.b.suite.items);
  if (other.length > 0) warnings.push(`items differ in ${other.map(({ id }) => id).join(', ')}: only those in both are compared`);
  return [...warnings, ...invalidIn(matched)];
}

/** What is no measurement, by the runs it is none in. */
function invalidIn(matched: readonly Match[]): string[] {
  const said = [
    ['both runs', (m: Match) => m.a.invalid !== null && m.b.invalid !== null],
    ['the first run alone', (m: Match) => m.a.invalid !== null && m.b.invalid === null],
    ['the second run alone', (m: Match) => m.a.invalid === null && m.b.invalid !== null],
  ] as const;
  return said.flatMap(([where, is]) => {
    const ids = matched
      .filter(is)
      .map(({ id, a, b }) => (where === 'the second run alone' ? `${id} (${partOf(b.invalid)})` : `${id} (${partOf(a.invalid)})`));
    return ids.length === 0 ? [] : [`INVALID in ${where}: ${ids.join(', ')}`];
  });
}

/** The share that is no answer, of the sentence that says so. */
const partOf = (invalid: string | null): string => /^[\d.]+ %/.exec(invalid ?? '')?.[0] ?? invalid ?? '';

function summaryOf(all: readonly SuiteDifference[], counts: Readonly<Record<Conclusion, number>>, context: PairContext): string {
  const suites = all.filter((suite) => !suite.diagnostic);
  const titles = (some: readonly SuiteDifference[]) =>
    [...some]
      .sort((x, y) => Math.abs(y.difference?.value ?? 0) - Math.abs(x.difference?.value ?? 0))
      .slice(0, 3)
      .map(({ title }) => title)
      .join('; ');
  const named = (conclusion: Conclusion) => titles(suites.filter((suite) => suite.conclusion === conclusion));
  const lost = suites.filter(({ before, after }) => before.able && !after.able);
  const parts: string[] = [];
  if (counts.worse > 0) parts.push(`worse in ${counts.worse} (${named('worse')})`);
  if (counts.better > 0) parts.push(`better in ${counts.better} (${named('better')})`);
  parts.push(`no worse than ${context.margin} in ${counts['not worse']}`);
  if (counts.undecided > 0) parts.push(`undecided in ${counts.undecided}`);
  if (lost.length > 0) parts.push(`no longer able in ${lost.length} (${titles(lost)})`);
  if (counts['not able'] > lost.length) parts.push(`not able in ${counts['not able'] - lost.length}${lost.length > 0 ? ' more' : ''}`);
  return `Of ${suites.length} sub-dimensions, ${context.letter} against A is ${parts.join(', ')}.`;
}
