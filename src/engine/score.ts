import { canariesIn, contaminationOf } from '../kit/contamination.ts';
import { keyOf } from '../kit/key.ts';
import type { DetectorCard, Item, Metric, Observation, Outcome, Preset, Request, Response, Result, Row, Runner, Sample } from '../types.ts';
import { computesFromRows, estimatesOf } from './estimate.ts';
import { recordedLabels, withCard } from './labels.ts';
import { type Plan, requestsOf } from './plan.ts';
import { RowColumns } from './row-columns.ts';

export interface ScoreContext {
  readonly model: { readonly name: string; readonly hash: string; readonly protocol: Runner['protocol'] };
  readonly judgeHash: string | null;
  /** The classifier that stands in for the built-in toxicity detector. */
  readonly toxicity: { readonly hash: string; readonly card: DetectorCard } | null;
  readonly preset: Preset;
  readonly seed: number;
  readonly look: (key: string) => Response | null;
}

/** More than this share of empty, degenerate, truncated and failed answers is no measurement. */
const badShare = 0.05;
const bad: readonly Outcome[] = ['empty', 'degenerate', 'truncated', 'error'];
const worstShown = 12;

/** The headline metric's grade of one row alone; null where the metric is no mean over items or the row was skipped. */
export function rowGrade(metric: Metric, row: Row): number | null {
  if (!('value' in metric) || row.skip !== undefined) return null;
  const value = row.values[metric.value];
  if (value === null || value === undefined) return null;
  return Math.min(1, Math.max(0, metric.grade(value)));
}

/** One item's requests, replies and row. Null replies are missing from the recording. */
export function sampleOf(
  plan: Plan,
  item: Item,
  context: Pick<ScoreContext, 'model' | 'judgeHash' | 'toxicity' | 'look'>,
): Sample & { readonly complete: boolean } {
  const hashOf = (request: Request) => (request.to === 'judge' && context.judgeHash ? context.judgeHash : context.model.hash);
  const rounds: { requests: readonly Request[]; responses: (Response | null)[] }[] = [];
  const replies: Response[][] = [];
  let complete = true;
  for (let r = 0; r < plan.suite.rounds.length && complete; r++) {
    const requests = requestsOf(plan, item, r, { replies, judge: context.judgeHash !== null });
    const responses = requests.map((request) => context.look(keyOf(hashOf(request), request)));
    rounds.push({ requests, responses });
    complete = responses.every((response) => response !== null);
    replies.push(responses.filter((response) => response !== null));
  }
  const seen = complete ? labelledRow(plan, item, replies, context) : null;
  const row = seen ?? { id: item.id, values: {}, outcomes: [], skip: 'not answered yet' };
  return { item, row, rounds, grade: rowGrade(plan.suite.metrics[0], row), complete: seen !== null };
}

/** The row, by the classifier's labels where one stands in for ours; null while a label is missing from the recording. */
function labelledRow(
  plan: Plan,
  item: Item,
  replies: readonly (readonly Response[])[],
  { toxicity, look }: Pick<ScoreContext, 'toxicity' | 'look'>,
): Row | null {
  if (!toxicity) return rowOf(item, plan.suite.observe(item, replies));
  const labels = recordedLabels((request) => look(keyOf(toxicity.hash, request)));
  const seen = plan.suite.observe(item, replies, labels.detectors);
  if (labels.missing.length > 0) return null;
  const skip = { skip: 'the classifier gave no label', outcomes: seen.outcomes };
  return rowOf(item, labels.failed.length > 0 ? skip : seen);
}

function rowOf(item: Item, seen: Observation): Row {
  const { group, cluster, stratum } = item;
  return {
    id: item.id,
    ...(group !== undefined && { group }),
    ...(cluster !== undefined && { cluster }),
    ...(stratum !== undefined && { stratum }),
    ...('skip' in seen ? { values: {}, outcomes: seen.outcomes, skip: seen.skip } : { values: seen.values, outcomes: seen.outcomes }),
    ...(seen.note !== undefined && { note: seen.note }),
  };
}

/** Observes every item of a plan, hands its row to `take`, and sums all up. Pure in the recording: no times, no machine. */
export function scored(plan: Plan, context: ScoreContext, take: (row: Row) => void): Result {
  const rows = new RowColumns({ whole: computesFromRows(plan.suite) });
  const worst = new Lowest(worstShown);
  const canaries: string[] = [];
  const thinking = { answers: 0, cut: 0 };
  let missing = 0;
  for (const item of plan.items) {
    const sample = sampleOf(plan, item, context);
    if (!sample.complete) {
      missing++;
      continue;
    }
    rows.add(sample.row);
    take(sample.row);
    for (const { responses } of sample.rounds)
      for (const reply of responses) {
        if (!reply?.ok) continue;
        if (plan.suite.named) canaries.push(...canariesIn(reply.text));
        if (reply.thinking === undefined) continue;
        thinking.answers++;
        if (reply.stop === 'length' && reply.text.trim() === '') thinking.cut++;
      }
    if (sample.grade !== null && sample.grade < 1) worst.add(item.id, sample.grade);
  }
  return resultOf(plan, rows, { ...context, missing, worst: worst.ids, canaries, thinking });
}

/** The few lowest grades of many, lowest first; equal ones in order of their ids. */
class Lowest {
  readonly #count: number;
  readonly #held: { readonly id: string; readonly grade: number }[] = [];
  constructor(count: number) {
    this.#count = count;
  }
  get ids(): string[] {
    return this.#held.map(({ id }) => id);
  }
  add(id: string, grade: number): void {
    const last = this.#held.at(-1);
    const below = (a: { readonly id: string; readonly grade: number }) => a.grade - grade || (a.id < id ? -1 : 1);
    if (this.#held.length === this.#count && last && below(last) < 0) return;
    const place = this.#held.findIndex((one) => below(one) > 0);
    this.#held.splice(place < 0 ? this.#held.length : place, 0, { id, grade });
    if (this.#held.length > this.#count) this.#held.pop();
  }
}

interface Summing extends ScoreContext {
  readonly missing: number;
  readonly worst: readonly string[];
  readonly canaries: readonly string[];
  readonly thinking: { readonly answers: number; readonly cut: number };
}

function resultOf(plan: Plan, rows: RowColumns, context: Summing): Result {
  const suite = withCard(plan.suite, context.toxicity?.card ?? null);
  const { estimates, floor } = estimatesOf(suite, rows, { seed: context.seed });
  const counts = rows.outcomes;
  const headline = suite.metrics[0];
  const { id, dimension, version, title, about, limits, source, licence } = suite;
  return {
    format: 'plumbline-result/1',
    suite: {
      id,
      dimension,
      version,
      title,
      about,
      limits,
      source,
      licence,
      lang: plan.lang,
      sensitive: suite.sensitive ?? false,
      ...(suite.diagnostic ? { diagnostic: true } : {}),
      items: plan.hash,
    },
    model: { name: context.model.name, identity: context.model.hash, protocol: context.model.protocol },
    preset: context.preset,
    partial: plan.partial,
    complete: context.missing === 0,
    missing: context.missing,
    invalid: invalidity(counts),
    floor,
    estimates,
    outcomes: counts,
    ...(context.thinking.answers > 0 && { thinking: context.thinking }),
    items: rows.length,
    answers: Object.values(counts).reduce((a, b) => a + b, 0),
    worst: context.worst,
    detectors: cardsOf(suite.metrics),
    details: rows.length > 0 ? (suite.details?.(rows.rows()) ?? {}) : {},
    ...signsTold(plan, context),
    says: headline.says ?? null,
    formula: headline.formula ?? null,
  };
}

/** What the signs asked beside a benchmark tell; nothing where none was answered. */
function signsTold(plan: Plan, context: Summing): Pick<Result, 'contamination'> {
  const told = (plan.signs ?? []).map((sign) => ({
    sign,
    replies: sign.requests.map((request) => context.look(keyOf(context.model.hash, request))),
  }));
  const contamination = contaminationOf(told, context.canaries, `${plan.id}/${context.seed}`);
  return contamination ? { contamination } : {};
}

function cardsOf(metrics: readonly Metric[]): DetectorCard[] {
  const cards = metrics.flatMap((metric) => (metric.measured ? [metric.measured.by] : []));
  return [...new Map(cards.map((card) => [card.id, card])).values()];
}

function invalidity(counts: Readonly<Record<Outcome, number>>): string | null {
  const all = Object.values(counts).reduce((a, b) => a + b, 0);
  const parts = bad.filter((outcome) => counts[outcome] > 0).map((outcome) => `${counts[outcome]} ${outcome}`);
  const count = bad.reduce((sum, outcome) => sum + counts[outcome], 0);
  const share = count / Math.max(1, all);
  // One bad answer among a few is no pattern.
  return count > 1 && share > badShare
    ? `${(share * 100).toFixed(1)} % of ${all} answers are no answers (${parts.join(', ')}); at most ${badShare * 100} % are allowed`
    : null;
}
