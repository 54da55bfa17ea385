/** Rows and metrics to estimates: values with design-aware intervals, grades, bounds, and the control's verdict. Pure in rows and seed. */
import { bootstrapRows } from '../kit/stats/bootstrap.ts';
import { grouped } from '../kit/stats/clusters.ts';
import { type Mean, meanOf } from '../kit/stats/mean.ts';
import { errorOf, roganGladen, roganGladenInterval } from '../kit/stats/measured.ts';
import type { Estimate, Floor, FloorResult, Interval, Metric, Row, Suite } from '../types.ts';
import { RowColumns } from './row-columns.ts';

type Measurable = Pick<Suite, 'id' | 'metrics' | 'floor'>;
type ValueMetric = Extract<Metric, { value: string }>;
type ComputeMetric = Extract<Metric, { compute: unknown }>;

export interface EstimateOptions {
  readonly seed: number;
}

/** Whether something of a suite is computed from whole rows, not from one value's column. */
export const computesFromRows = (suite: Measurable & Pick<Suite, 'details'>): boolean =>
  suite.details !== undefined || suite.metrics.some((metric) => 'compute' in metric) || 'compute' in suite.floor;

/** Every metric overall (headline first), then by group in order of appearance, and the floor. Shapes as in types.ts. */
export function estimatesOf(
  suite: Measurable,
  given: readonly Row[] | RowColumns,
  options: EstimateOptions,
): { estimates: Estimate[]; floor: FloorResult } {
  const rows = given instanceof RowColumns ? given : RowColumns.of(given);
  const seed = `${suite.id}/${options.seed}`;
  const told = suite.metrics.filter((metric) => !metric.judged || readsOf(metric).some((name) => rows.has(name)));
  const overall = told.map((metric) => estimateOf(metric, rows, { seed: `${seed}/${metric.id}` }));
  const byGroup = told.flatMap((metric) =>
    rows.groups.flatMap((group) => {
      const estimate = estimateOf(metric, rows, { seed: `${seed}/${metric.id}/${group}`, group });
      return estimate.n + estimate.skipped === 0 ? [] : [estimate];
    }),
  );
  return { estimates: [...overall, ...byGroup], floor: floorOf(suite.floor, rows, `${seed}/floor`) };
}

const readsOf = (metric: Metric): readonly string[] => ('value' in metric ? [metric.value] : metric.reads);

interface At {
  readonly seed: string;
  readonly group?: string;
}

/** One metric over all rows, or one group's. */
/** One metric over all rows, or over one group's. */
export function estimateOf(metric: Metric, rows: RowColumns, at: At): Estimate {
  const found = 'value' in metric ? ofValue(metric, rows, at) : ofCompute(metric, rows.rows(at.group), at.seed);
  const grade = found.value === null ? null : gradeOf(metric, found.value);
  // The value's own grade is among the ends: a grade that peaks inside the interval is not cut off.
  const grades = found.interval && [gradeOf(metric, found.interval.low), gradeOf(metric, found.interval.high), grade ?? 0];
  return {
    metric: metric.id,
    title: metric.title,
    unit: metric.unit,
    better: metric.better,
    ...(at.group === undefined ? {} : { group: at.group }),
    value: found.value,
    interval: found.interval,
    grade,
    gradeLow: grades && Math.min(...grades),
    gradeHigh: grades && Math.max(...grades),
    n: found.n,
    clusters: found.clusters,
    skipped: found.skipped,
    ...(found.bounds ? { bounds: found.bounds } : {}),
  };
}

interface Found {
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly n: number;
  readonly clusters: number;
  readonly skipped: number;
  readonly bounds?: readonly [good: number, bad: number];
}

function gradeOf(metric: Metric, value: number): number {
  const grade = metric.grade(value);
  return Math.min(1, Math.max(0, Number.isFinite(grade) ? grade : 0));
}

const clusterOf = (row: Row): string => row.cluster ?? row.id;

/** The rows that bear all values, and how many of the others could not be told, as `RowColumns.observed` for one value. */
function told(rows: readonly Row[], names: readonly string[]): { used: Row[]; skipped: number } {
  const used: Row[] = [];
  let skipped = 0;
  for (const row of rows) {
    const values = names.map((name) => row.values[name]);
    if (row.skip !== undefined || values.some((v) => v === null || Number.isNaN(v))) skipped++;
    else if (values.some((v) => v !== undefined)) used.push(row);
  }
  return { used, skipped };
}

function ofValue(metric: ValueMetric, rows: RowColumns, { seed, group }: At): Found {
  const { skipped, ...observed } = rows.observed(metric.value, group);
  const drawn = meanOf(observed, { seed, bounded: isBounded(metric, observed.values) });
  const mean = drawn && { ...drawn, interval: withSpread(drawn.value, drawn.interval, drawn.clusters, metric.unit) };
  if (!mean) return { value: null, interval: null, n: 0, clusters: 0, skipped };
  const seen = corrected(metric, mean);
  const [best, worst] = metric.range ?? (metric.better === 'higher' ? [1, 0] : [0, 1]);
  const filled = (value: number): number => seen.map((mean.value * mean.n + value * skipped) / (mean.n + skipped));
  return {
    value: seen.map(mean.value),
    interval: seen.interval,
    n: mean.n,
    clusters: mean.clusters,
    skipped,
    ...(skipped > 0 ? { bounds: [filled(best), filled(worst)] as const } : {}),
  };
}

/** Whether values cannot leave 0..1: all are 0 or 1, or the metric says so by its unit or range. */
function isBounded(metric: { readonly unit?: string; readonly range?: readonly [number, number] }, values: Float64Array): boolean {
  if (values.every((value) => value === 0 || value === 1)) return true;
  const says =
    metric.unit === 'share' || (metric.range !== undefined && Math.min(...metric.range) === 0 && Math.max(...metric.range) === 1);
  return says && values.every((value) => value >= 0 && value <= 1);
}

interface Seen {
  readonly map: (value: number) => number;
  readonly interval: Interval | null;
}

/** The mean as it is, or freed from its detector's error (Rogan–Gladen) where the metric names the detector. */
function corrected(metric: ValueMetric, mean: Mean): Seen {
  const asIs = { map: (value: number) => value, interval: mean.interval };
  const error = metric.measured ? errorOf(metric.measured.by) : null;
  if (!metric.measured || !error || !mean.interval || error.se + error.sp <= 1) return asIs;
  const turn = (rate: number): number => (metric.measured?.positive ? rate : 1 - rate);
  const bounds = roganGladenInterval(turn(mean.value), mean.effective, error);
  const value = turn(roganGladen(turn(mean.value), error));
  const ends = [turn(bounds.low), turn(bounds.high)];
  return {
    map: (rate) => turn(roganGladen(turn(rate), error)),
    interval: {
      low: Math.min(value, ...ends),
      high: Math.max(value, ...ends),
      method: `${mean.interval.method} + Rogan–Gladen (${metric.measured.by.id}; as counted ${mean.value.toFixed(3)})`,
    },
  };
}

function ofCompute(
  metric: Pick<ComputeMetric, 'compute' | 'reads'> & { readonly unit?: string },
  rows: readonly Row[],
  seed: string,
): Found {
  const { used, skipped } = told(rows, metric.reads);
  const clusters = grouped(used, clusterOf);
  const head = { n: used.length, clusters: clusters.length, skipped };
  const value = used.length === 0 ? null : metric.compute(used);
  if (value === null || !Number.isFinite(value)) return { value: null, interval: null, ...head };
  const drawn = bootstrapRows(clusters, metric.compute, { seed, replicates: replicatesFor(used.length), copy: renamed });
  const method = `bootstrap over ${clusters.length} clusters (BCa)`;
  const interval = drawn && { low: drawn.low, high: drawn.high, method };
  return { value, interval: withSpread(value, interval, clusters.length, metric.unit ?? 'control'), ...head };
}

/**
 * A bootstrap of values that never differ has no width, which is not certainty: of m clusters alike, up to 1 − .025^(1/m) may differ (the exact
 * bound for 0 of m), by at most the whole range. Only where values are known to be within −1..1.
 */
function withSpread(value: number, interval: Interval | null, clusters: number, unit: string): Interval | null {
  if (!interval || interval.high - interval.low > 1e-12 || Math.abs(value) > 1 || unbounded.has(unit)) return interval;
  const half = 1 - 0.025 ** (1 / clusters);
  const least = value >= 0 && nonNegative.has(unit) ? 0 : -1;
  return { low: Math.max(least, value - half), high: Math.min(1, value + half), method: `no spread over ${clusters} clusters (exact)` };
}
const unbounded: ReadonlySet<string> = new Set(['nats', 'bits', 'chi-square']);
const nonNegative: ReadonlySet<string> = new Set(['share', 'AUC', 'control', 'accuracy', 'rate']);

/** Replicates of a function of rows: fewer where each is dear. */
const replicatesFor = (rows: number): number => Math.max(400, Math.min(1000, Math.round(1_000_000 / rows)));

/** A repeated cluster is another cluster: what pairs rows by id or cluster must not merge the copies. */
const renamed = (row: Row, k: number): Row => ({ ...row, id: `${row.id}~${k}`, cluster: `${clusterOf(row)}~${k}` });

/** The control's verdict: met when the lower bound of the control beats chance. */
function floorOf(floor: Floor, rows: RowColumns, seed: string): FloorResult {
  if ('none' in floor) return { title: floor.none, state: 'not applicable', value: null, low: null, high: null, chance: null, n: 0 };
  const found =
    'value' in floor
      ? ofValue({ id: 'floor', title: floor.title, unit: 'control', better: 'higher', grade: (v) => v, value: floor.value }, rows, { seed })
      : ofCompute(floor, rows.rows(), seed);
  const { low, high } = found.interval ?? { low: null, high: null };
  const state = low !== null && low > floor.chance ? 'met' : 'not met';
  return { title: floor.title, state, value: found.value, low, high, chance: floor.chance, n: found.n };
}
