/**
 * Responders that fail a known share of items: the interval of every suite's headline must cover the rate that was put in. An item is answered by the
 * scripted runner's best or worst answers as a whole, drawn by a seed fixed beforehand, alone or with its whole cluster.
 */
import scripted from '../../runners/scripted.ts';
import { estimateOf } from '../../src/engine/estimate.ts';
import { type Plan, plansOf, requestsOf } from '../../src/engine/plan.ts';
import { RowColumns } from '../../src/engine/row-columns.ts';
import { errorOf, randomOf } from '../../src/kit/index.ts';
import { loadSuites, suiteNames } from '../../src/load.ts';
import type { Item, Metric, Preset, Response, Row, Runner } from '../../src/types.ts';
import { runnerOptions } from '../support/scripted.ts';
import { markdownTable, percent } from './random.ts';

/** Shares of items answered as badly as can be. */
export const rates = [0.1, 0.3, 0.6] as const;

/** One suite in one language: every item's row if it is answered best, and if worst. */
interface Subject {
  readonly plan: Plan;
  readonly best: readonly Row[];
  readonly worst: readonly Row[];
}

async function rowFor(plan: Plan, item: Item, runner: Runner): Promise<Row> {
  const replies: Response[][] = [];
  for (let round = 0; round < plan.suite.rounds.length; round++) {
    const answers: Response[] = [];
    for await (const [i, response] of runner.answer(requestsOf(plan, item, round, { replies, judge: true }), new AbortController().signal))
      answers[i] = response;
    replies.push(answers);
  }
  const seen = plan.suite.observe(item, replies);
  const { id, group, cluster, stratum } = item;
  const place = {
    id,
    ...(group !== undefined && { group }),
    ...(cluster !== undefined && { cluster }),
    ...(stratum !== undefined && { stratum }),
  };
  return 'skip' in seen ? { ...place, values: {}, outcomes: seen.outcomes, skip: seen.skip } : { ...place, ...seen };
}

/** Every built-in suite in every language, its items answered both ways once. */
export async function subjects(preset: Preset = 'standard'): Promise<Subject[]> {
  const suites = (await loadSuites(suiteNames(), process.cwd())).filter((suite) => !suite.named);
  const runners = await Promise.all(['perfect', 'worst'].map((persona) => scripted.open(persona, runnerOptions)));
  const out: Subject[] = [];
  for (const suite of suites)
    for (const plan of await plansOf(suite, { preset, languages: ['all'], limit: null, only: [], shard: null })) {
      const [best, worst] = await Promise.all(
        runners.map((runner) => Promise.all(Array.from(plan.items, (item) => rowFor(plan, item, runner)))),
      );
      out.push({ plan, best: best ?? [], worst: worst ?? [] });
    }
  return out;
}

/** What is observed through a detector that errs as its card says; only verdicts of 0 or 1 go through one. */
function seenBy(metric: Metric, row: Row, random: () => number): Row {
  const error = metric.measured ? errorOf(metric.measured.by) : null;
  if (!error || !('value' in metric)) return row;
  const value = row.values[metric.value];
  if (value !== 0 && value !== 1) return row;
  const positive = (value === 1) === metric.measured?.positive;
  const fired = random() < (positive ? error.se : 1 - error.sp);
  return { ...row, values: { ...row.values, [metric.value]: Number(fired === metric.measured?.positive) } };
}

export interface Draw {
  readonly rate: number;
  readonly seed: number;
  /** A cluster's items fail together. */
  readonly together: boolean;
}

/** The rows of a responder that fails at `rate`. */
function rowsOf({ plan, best, worst }: Subject, { rate, seed, together }: Draw, metric: Metric): Row[] {
  const random = randomOf(`half-able/${plan.id}/${rate}/${seed}/${together}`);
  const drawn = new Map<string, boolean>();
  return best.map((row, i) => {
    const unit = together ? (row.cluster ?? row.id) : row.id;
    const fails = drawn.get(unit) ?? random() < rate;
    drawn.set(unit, fails);
    return seenBy(metric, (fails ? worst[i] : row) as Row, random);
  });
}

/** Copies of all items from which the rate that a function of rows tends to is computed. */
const copies = 60;

/**
 * The value that the headline tends to as responders of this rate are asked more and more. A mean: by its expectation. A function of rows: over many
 * copies of all items, so that what is left of chance is small beside one run's.
 */
function truthOf(subject: Subject, rate: number): number | null {
  const [metric] = subject.plan.suite.metrics;
  const { best, worst } = subject;
  if ('value' in metric) {
    const { value } = metric;
    const told = (row: Row | undefined) =>
      row && row.skip === undefined && typeof row.values[value] === 'number' ? (row.values[value] as number) : null;
    let [sum, weight] = [0, 0];
    best.forEach((row, i) => {
      for (const [seen, share] of [
        [told(row), 1 - rate],
        [told(worst[i]), rate],
      ] as const)
        if (seen !== null) {
          sum += seen * share;
          weight += share;
        }
    });
    return weight === 0 ? null : sum / weight;
  }
  const rows = Array.from({ length: copies }, (_, k) =>
    rowsOf(subject, { rate, seed: -1 - k, together: false }, metric).map((row) => ({
      ...row,
      id: `${row.id}~${k}`,
      cluster: `${row.cluster ?? row.id}~${k}`,
    })),
  ).flat();
  const told = rows.filter((row) => row.skip === undefined);
  return told.length === 0 ? null : metric.compute(told);
}

export interface Covered {
  readonly id: string;
  readonly rate: number;
  readonly covered: number;
  readonly runs: number;
  readonly method: string;
  readonly truth: number;
  /** Mean of the estimates less the truth. */
  readonly bias: number;
}

/** How often the headline's interval covers the truth in runs of seeds `from` … `from + runs − 1`; null where a responder of two kinds of answers has no such value. */
export function coverageOf(
  subject: Subject,
  { rate, together, runs, from = 1 }: Omit<Draw, 'seed'> & { readonly runs: number; readonly from?: number },
): Covered | null {
  const [metric] = subject.plan.suite.metrics;
  const truth = truthOf(subject, rate);
  if (truth === null || !Number.isFinite(truth)) return null;
  let [covered, sum] = [0, 0];
  const methods = new Map<string, number>();
  for (let seed = from; seed < from + runs; seed++) {
    const { value, interval } = estimateOf(metric, RowColumns.of(rowsOf(subject, { rate, seed, together }, metric)), {
      seed: `${subject.plan.id}/${seed}`,
    });
    if (interval && interval.low <= truth + 1e-9 && truth - 1e-9 <= interval.high) covered++;
    sum += (value ?? Number.NaN) - truth;
    const method = interval?.method.replace(/[\d.]+/g, '…').replace(/ \+ .*/, ' + detector') ?? 'none';
    methods.set(method, (methods.get(method) ?? 0) + 1);
  }
  const method = [...methods].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'none';
  return { id: subject.plan.id, rate, covered, runs, method, truth, bias: sum / runs };
}

/** Clusters that fail together are a fair trial only where there are some: below this many the interval says "hardly anything known", and a run is no test of it. */
const enough = 8;
export const hasClusters = ({ plan }: Subject): boolean => {
  const clusters = new Set(Array.from(plan.items, (item) => item.cluster ?? item.id));
  return clusters.size < plan.items.length && clusters.size >= enough;
};

/** The table of docs/statistics.md. */
export async function halfAble(runs: number): Promise<string> {
  const all = await subjects();
  const lines: string[][] = [];
  const below: string[] = [];
  for (const [name, together] of [
    ['items fail alone', false],
    ['clusters fail together', true],
  ] as const)
    for (const rate of rates) {
      const cells = all
        .filter((subject) => !together || hasClusters(subject))
        .flatMap((subject) => coverageOf(subject, { rate, together, runs }) ?? []);
      const covered = cells.reduce((sum, cell) => sum + cell.covered, 0);
      const total = cells.reduce((sum, cell) => sum + cell.runs, 0);
      lines.push([name, String(rate), String(cells.length), String(total), percent(covered / total)]);
      for (const cell of cells)
        if (cell.covered / cell.runs < 0.9)
          below.push(
            `${cell.id} at ${rate}${together ? ', clusters' : ''} ${percent(cell.covered / cell.runs)} (${cell.method}; truth ${cell.truth.toFixed(3)}, bias ${cell.bias.toFixed(3)})`,
          );
    }
  const table = markdownTable(['responder', 'share of worst answers', 'suites', 'runs', 'covered'], lines);
  return `${table}\n\nBelow 90 %: ${below.join('; ') || 'none'}.`;
}
