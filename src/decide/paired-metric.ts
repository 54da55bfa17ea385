/** One metric of two models on the same items: the difference of its grade, its interval, its test. Pure. */
import type { Difference, Flip } from '../kit/comparison.ts';
import {
  bootstrapRows,
  bootstrapSums,
  clusterSums,
  errorOf,
  grouped,
  mcnemarExact,
  minimumDetectableDrop,
  type Paired,
  pairedDifference,
  permutationTest,
  tCdf,
} from '../kit/index.ts';
import type { Metric, Row } from '../types.ts';

export interface RowPair {
  readonly a: Row;
  readonly b: Row;
}

export interface PairedMetric {
  readonly n: number;
  readonly clusters: number;
  readonly unpaired: number;
  readonly before: { readonly value: number | null; readonly grade: number | null };
  readonly after: { readonly value: number | null; readonly grade: number | null };
  /** Of the grade, second minus first; null when nothing is paired. */
  readonly difference: Difference | null;
  /** Of the metric in its own unit, with its interval where the grade is a straight line. */
  readonly valueDifference: Difference | null;
  readonly p: number | null;
  readonly test: string | null;
  readonly flips: { readonly worse: readonly Flip[]; readonly better: readonly Flip[] };
  readonly detectable: number | null;
}

const clusterOf = (row: Row): string => row.cluster ?? row.id;
const clip = (grade: number): number => Math.min(1, Math.max(0, Number.isFinite(grade) ? grade : 0));

/** Rows of both sides by item id; `unpaired` counts those without a counterpart. */
export function pairRows(a: readonly Row[], b: readonly Row[]): { pairs: RowPair[]; unpaired: number } {
  const second = new Map(b.map((row) => [row.id, row]));
  const pairs = a.flatMap((row) => {
    const other = second.get(row.id);
    return other ? [{ a: row, b: other }] : [];
  });
  return { pairs, unpaired: a.length + b.length - 2 * pairs.length };
}

export interface PairOptions {
  readonly seed: string;
  readonly level?: number;
  readonly group?: string;
}

export function pairedMetric(metric: Metric, a: readonly Row[], b: readonly Row[], options: PairOptions): PairedMetric {
  const inGroup = (row: Row): boolean => options.group === undefined || row.group === options.group;
  const { pairs, unpaired } = pairRows(a.filter(inGroup), b.filter(inGroup));
  const reads = 'value' in metric ? [metric.value] : metric.reads;
  const applies = pairs.filter(({ a, b }) =>
    [a, b].some((row) => row.skip !== undefined || reads.some((name) => row.values[name] !== undefined)),
  );
  const told = applies.filter(({ a, b }) => isTold(a, reads) && isTold(b, reads));
  const head = {
    n: told.length,
    clusters: new Set(told.map((pair) => clusterOf(pair.a))).size,
    unpaired: unpaired + applies.length - told.length,
  };
  if (told.length === 0) return { ...head, ...nothing };
  return { ...head, ...('value' in metric ? ofValue(metric, told, options) : ofCompute(metric, told, options)) };
}

const nothing = {
  before: { value: null, grade: null },
  after: { value: null, grade: null },
  difference: null,
  valueDifference: null,
  p: null,
  test: null,
  flips: { worse: [], better: [] },
  detectable: null,
} as const;

const isTold = (row: Row, reads: readonly string[]): boolean => {
  if (row.skip !== undefined) return false;
  const values = reads.map((name) => row.values[name]);
  return values.every((v) => v !== null && !Number.isNaN(v)) && values.some((v) => v !== undefined);
};

type ValueMetric = Extract<Metric, { value: string }>;
type Body = Omit<PairedMetric, 'n' | 'clusters' | 'unpaired'>;

function ofValue(metric: ValueMetric, told: readonly RowPair[], options: PairOptions): Body {
  const of = (row: Row): number => row.values[metric.value] as number;
  const power = detectorPower(metric);
  const pairs: Paired[] = told.map(({ a, b }) => ({ difference: (of(b) - of(a)) / power, weight: a.weight ?? 1, cluster: clusterOf(a) }));
  const bounded = told.every(({ a, b }) => [of(a), of(b)].every((v) => v >= 0 && v <= 1));
  const found = pairedDifference(pairs, { seed: options.seed, bounded, ...(options.level === undefined ? {} : { level: options.level }) });
  const [before, after] = [meanOf(told, ({ a }) => of(a)), meanOf(told, ({ b }) => of(b))];
  const [gradeBefore, gradeAfter] = [clip(metric.grade(before)), clip(metric.grade(after))];
  const slope = slopeOf(metric);
  const flips = flipsOf(told, (row) => clip(metric.grade(of(row))));
  const direct = found && { value: found.value, low: found.low, high: found.high, method: found.method };
  const difference = slope === null || !direct ? bentDifference(metric, told, options) : scaled(direct, slope);
  const discordant = pairs.filter((pair) => pair.difference !== 0).length / pairs.length;
  const clusters = new Set(pairs.map((pair) => pair.cluster)).size;
  return {
    before: { value: before, grade: gradeBefore },
    after: { value: after, grade: gradeAfter },
    difference,
    valueDifference: direct,
    ...testOf(pairs, clusters, options.seed),
    flips,
    detectable: minimumDetectableDrop({ n: pairs.length, clusters }, Math.max(0.05, discordant)),
  };
}

/** Sensitivity + specificity − 1: by so much a detector's errors shrink every difference of rates. 1 without a usable card. */
function detectorPower(metric: Metric): number {
  const error = metric.measured ? errorOf(metric.measured.by) : null;
  const power = error ? error.se + error.sp - 1 : 1;
  return power > 0.1 ? power : 1;
}

function testOf(pairs: readonly Paired[], clusters: number, seed: string): { p: number; test: string } {
  const binary = pairs.every(({ difference, weight }) => [0, 1].includes(Math.round(Math.abs(difference) * 1e9) / 1e9) && weight === 1);
  if (binary && clusters === pairs.length) {
    const rose = pairs.filter(({ difference }) => difference > 0).length;
    return { p: mcnemarExact(rose, pairs.filter(({ difference }) => difference < 0).length), test: 'McNemar, exact' };
  }
  return { p: permutationTest(pairs, { seed }), test: `permutation of ${clusters} clusters` };
}

/** The slope of a grade that is a straight line over 0..1; null where it bends. */
function slopeOf(metric: Metric): number | null {
  const [low, middle, high] = [metric.grade(0), metric.grade(0.5), metric.grade(1)];
  return Math.abs(low + high - 2 * middle) < 1e-9 && Math.abs(high - low) > 1e-9 ? high - low : null;
}

function scaled(difference: Difference, slope: number): Difference {
  const { value, low, high, method } = difference;
  const ends = [low, high].map((end) => (end === null ? null : end * slope));
  const [first, second] = slope >= 0 ? ends : ends.reverse();
  return { value: value * slope, low: first ?? null, high: second ?? null, method };
}

/** Difference of a bent grade of two means: bootstrap of both means over clusters. */
function bentDifference(metric: ValueMetric, told: readonly RowPair[], options: PairOptions): Difference {
  const column = (of: (pair: RowPair) => number) =>
    clusterSums(told.map((pair) => ({ value: of(pair), weight: pair.a.weight ?? 1, cluster: clusterOf(pair.a) })));
  const [first, second] = [column(({ a }) => a.values[metric.value] as number), column(({ b }) => b.values[metric.value] as number)];
  const statistic = ([a = 0, b = 0, w = 1]: readonly number[]) => clip(metric.grade(b / w)) - clip(metric.grade(a / w));
  const { value, low, high } = bootstrapSums([first.y, second.y, first.w], statistic, options);
  const m = first.y.length;
  return m < 2
    ? { value, low: null, high: null, method: 'one cluster' }
    : { value, low, high, method: `bootstrap over ${m} clusters (BCa)` };
}

function ofCompute(metric: Extract<Metric, { compute: unknown }>, told: readonly RowPair[], options: PairOptions): Body {
  const clusters = grouped(told, (pair) => clusterOf(pair.a));
  const side = (pairs: readonly RowPair[], which: 'a' | 'b') => metric.compute(pairs.map((pair) => pair[which]));
  const [before, after] = [side(told, 'a'), side(told, 'b')];
  const difference = (pairs: readonly RowPair[]): number | null => {
    const [a, b] = [side(pairs, 'a'), side(pairs, 'b')];
    return a === null || b === null ? null : clip(metric.grade(b)) - clip(metric.grade(a));
  };
  const renamed = (row: Row, k: number): Row => ({ ...row, id: `${row.id}~${k}`, cluster: `${clusterOf(row)}~${k}` });
  const copy = ({ a, b }: RowPair, k: number): RowPair => ({ a: renamed(a, k), b: renamed(b, k) });
  const drawn = bootstrapRows(clusters, difference, {
    ...options,
    copy,
    replicates: Math.max(400, Math.min(1000, Math.round(500_000 / told.length))),
  });
  const gradeOf = (value: number | null) => (value === null ? null : clip(metric.grade(value)));
  const value = difference(told);
  return {
    ...nothing,
    before: { value: before, grade: gradeOf(before) },
    after: { value: after, grade: gradeOf(after) },
    difference:
      value === null
        ? null
        : { value, low: drawn?.low ?? null, high: drawn?.high ?? null, method: `bootstrap over ${clusters.length} clusters (BCa)` },
    valueDifference: before === null || after === null ? null : { value: after - before, low: null, high: null, method: 'not told' },
    ...(drawn && { p: pOf(drawn.value, drawn.se, clusters.length), test: `t over ${clusters.length} clusters` }),
  };
}

function pOf(value: number, se: number, clusters: number): number {
  if (se < 1e-12) return Math.abs(value) < 1e-12 ? 1 : 1 / 2 ** clusters;
  return Math.min(1, 2 * tCdf(-Math.abs(value) / se, Math.max(1, clusters - 1)));
}

function flipsOf(told: readonly RowPair[], gradeOf: (row: Row) => number): PairedMetric['flips'] {
  const all = told.map(({ a, b }) => ({ item: a.id, before: gradeOf(a), after: gradeOf(b) }));
  const by = (x: Flip, y: Flip) => Math.abs(y.after - y.before) - Math.abs(x.after - x.before) || (x.item < y.item ? -1 : 1);
  return {
    worse: all.filter(({ before, after }) => before >= 0.5 && after < 0.5).sort(by),
    better: all.filter(({ before, after }) => before < 0.5 && after >= 0.5).sort(by),
  };
}

function meanOf(pairs: readonly RowPair[], of: (pair: RowPair) => number): number {
  let [sum, weights] = [0, 0];
  for (const pair of pairs) {
    const weight = pair.a.weight ?? 1;
    sum += weight * of(pair);
    weights += weight;
  }
  return sum / weights;
}
