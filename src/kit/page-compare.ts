/** What the comparison page shows: differences with intervals around zero, flips side by side, quality and cost beside trust. Pure. */
import { dimensions, type Run, type Sample } from '../types.ts';
import type { ComparedRun, Comparison, Conclusion, Costs, Difference, PairComparison, SuiteDifference } from './comparison.ts';
import { cut, slugOf } from './page.ts';
import { type Piece, textDiff } from './text-diff.ts';
import { bytesText, count, dayOf, fill, inUnit, short, type Words } from './words.ts';

/** A difference on a line from −limit to +limit, in percent of its width. */
export interface Shift {
  readonly dot: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly margin: number;
  readonly kind: string;
  readonly hatched: boolean;
  readonly says: string;
}
export interface ShiftRow {
  readonly id: string;
  readonly name: string;
  readonly anchor: string;
  readonly plot: Shift;
  readonly grades: string;
  readonly text: string;
  readonly verdict: string;
  readonly mark: string;
  readonly flips: string;
  readonly about: readonly string[];
  readonly shown: readonly FlipView[];
  readonly sensitive: boolean;
}
export interface FlipView {
  readonly item: string;
  readonly grades: string;
  readonly asked: string;
  readonly first: readonly Piece[];
  readonly second: readonly Piece[];
}

export const signed = (value: number): string => (value > 0 ? `+${short(value)}` : short(value));
const limits = [0.1, 0.25, 0.5, 1];

/** The smallest of ±.1, ±.25, ±.5, ±1 that holds all intervals. */
export function limitOf(pair: PairComparison): number {
  const ends = pair.suites.flatMap(({ difference: d }) => (d ? [Math.abs(d.low ?? d.value), Math.abs(d.high ?? d.value)] : []));
  const most = Math.max(0, ...ends);
  return limits.find((limit) => most <= limit) ?? 1;
}

const marks: Readonly<Record<Conclusion, string>> = { worse: '▼', better: '▲', 'not worse': '=', undecided: '?', 'not able': '–' };

function shiftOf(
  difference: Difference | null,
  kind: string,
  scale: { readonly limit: number; readonly margin: number },
  says: string,
): Shift {
  const at = (v: number | null | undefined) =>
    v === null || v === undefined ? null : Math.round(Math.max(0, Math.min(100, 50 + (50 * v) / scale.limit)) * 100) / 100;
  return {
    dot: at(difference?.value),
    from: at(difference?.low),
    to: at(difference?.high),
    margin: at(-scale.margin) ?? 50,
    kind: kind.replace(' ', '-'),
    hatched: difference === null || kind === 'not able',
    says,
  };
}

const differenceText = (d: Difference | null): string =>
  d === null ? '' : d.low === null || d.high === null ? signed(d.value) : `${signed(d.value)} (${signed(d.low)} … ${signed(d.high)})`;

export function verdictWord(conclusion: Conclusion, margin: number, w: Words): string {
  const said = {
    worse: w.worse,
    better: w.better,
    'not worse': fill(w.notWorse, { margin: short(margin) }),
    undecided: w.undecided,
    'not able': w.notAble,
  };
  return said[conclusion];
}

const ableWord = ({ before, after }: SuiteDifference, w: Words): string =>
  before.able ? w.noLongerAble : after.able ? w.ableOnlyAfter : w.notAble;

function suiteRow(suite: SuiteDifference, scale: { readonly limit: number; readonly margin: number }, w: Words): ShiftRow {
  const verdict = suite.conclusion === 'not able' ? ableWord(suite, w) : verdictWord(suite.conclusion, scale.margin, w);
  const text = suite.conclusion === 'not able' ? '' : differenceText(suite.difference);
  const { worse, better } = suite.flips;
  const p = suite.adjusted === null ? '' : `${w.adjusted} ${suite.adjusted < 0.001 ? '< .001' : short(suite.adjusted, 3)}`;
  const values =
    suite.before.value === null || suite.after.value === null
      ? ''
      : `${suite.metricTitle}: ${inUnit(suite.before.value, suite.unit)} → ${inUnit(suite.after.value, suite.unit)}`;
  return {
    id: suite.id,
    name: suite.lang === 'en' ? suite.title : `${suite.title} (${suite.lang})`,
    anchor: slugOf(suite.id),
    plot: shiftOf(suite.difference, suite.conclusion, scale, `${suite.title}: ${text} ${verdict}`),
    grades: `${suite.before.able ? short(suite.before.grade) : '–'} → ${suite.after.able ? short(suite.after.grade) : '–'}`,
    text,
    verdict,
    mark: marks[suite.conclusion],
    flips: worse.length + better.length === 0 ? '' : fill(w.flipsSay, { worse: worse.length, better: better.length }),
    about: [
      values,
      `${fill(w.pairsSay, { n: count(suite.n), clusters: count(suite.clusters) })}${suite.unpaired > 0 ? `, ${fill(w.unpairedSay, { n: count(suite.unpaired) })}` : ''}`,
      [suite.test ?? '', p].filter((t) => t !== '').join(', '),
      suite.detectable === null ? '' : fill(w.detectableSay, { d: short(suite.detectable) }),
      suite.difference?.method ?? '',
    ].filter((t) => t !== ''),
    shown: [],
    sensitive: suite.sensitive,
  };
}

/** The last thing asked and the last thing answered, as text; options with log-probabilities where it was a choice. */
function exchangeOf(sample: Sample): { readonly asked: string; readonly answered: string } {
  const pairs = sample.rounds.flatMap((r) => r.requests.map((request, i) => ({ request, response: r.responses[i] ?? null })));
  const last = pairs.filter((p) => p.request.to === 'target').at(-1);
  if (!last) return { asked: '', answered: '' };
  const { prompt, want } = last.request;
  const asked = typeof prompt === 'string' ? prompt : (prompt.at(-1)?.content ?? '');
  if (!last.response?.ok) return { asked, answered: last.response?.error ?? '' };
  if (want.kind !== 'choice') return { asked, answered: last.response.text };
  const scores = last.response.logprobs ?? [];
  const best = want.options.reduce((at, _, i) => ((scores[i] ?? -Infinity) > (scores[at] ?? -Infinity) ? i : at), 0);
  return { asked, answered: want.options.map((o, i) => `${i === best ? '→ ' : '  '}${o.trim()}`).join('\n') };
}

/** The first flips of a suite, both answers side by side. Reads both recordings until the items are found. */
export async function flipsOf(suite: SuiteDifference, first: Run, second: Run): Promise<FlipView[]> {
  const wanted = [...suite.flips.worse.slice(0, 3), ...suite.flips.better.slice(0, 1)];
  if (wanted.length === 0) return [];
  const read = async (run: Run) => {
    const found = new Map<string, Sample>();
    for await (const sample of run.samples(suite.id, new Set(wanted.map(({ item }) => item)))) {
      found.set(sample.item.id, sample);
      if (found.size === wanted.length) break;
    }
    return found;
  };
  const [a, b] = [await read(first), await read(second)];
  return wanted.flatMap((flip) => {
    const [x, y] = [a.get(flip.item), b.get(flip.item)];
    if (!x || !y) return [];
    const [before, after] = [exchangeOf(x), exchangeOf(y)];
    const pieces = textDiff(cut(before.answered, 1500).text, cut(after.answered, 1500).text);
    return [
      {
        item: flip.item,
        grades: `${short(flip.before)} → ${short(flip.after)}`,
        asked: cut(before.asked, 600).text,
        first: pieces.filter((p) => p.kind !== 'new'),
        second: pieces.filter((p) => p.kind !== 'gone'),
      },
    ];
  });
}

export interface PairView {
  readonly anchor: string;
  readonly heading: string;
  readonly summary: string;
  readonly warnings: readonly string[];
  readonly moreWarnings: readonly string[];
  readonly moreText: string;
  readonly differs: readonly string[];
  readonly left: readonly string[];
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  readonly groups: readonly { readonly word: string; readonly row: ShiftRow; readonly suites: readonly ShiftRow[] }[];
  readonly beside: readonly { readonly name: string; readonly plot: Shift | null; readonly text: string }[];
}

/** One pair without its flips' texts. */
export function pairView(pair: PairComparison, comparison: Comparison, w: Words): PairView {
  const limit = limitOf(pair);
  const scale = { limit, margin: comparison.margin };
  const groups = dimensions.flatMap((dimension) => {
    const suites = pair.suites.filter((s) => s.dimension === dimension);
    if (suites.length === 0) return [];
    const d = pair.dimensions.find((x) => x.dimension === dimension)?.difference ?? null;
    const text = differenceText(d);
    const kind = d === null ? 'not able' : d.high !== null && d.high < 0 ? 'worse' : d.low !== null && d.low > 0 ? 'better' : 'mean';
    const row: ShiftRow = {
      id: dimension,
      name: w[dimension],
      anchor: dimension,
      plot: shiftOf(d, kind, scale, `${w[dimension]}: ${text}`),
      grades: '',
      text: d === null ? w.notAble : text,
      verdict: '',
      mark: '',
      flips: '',
      about: [],
      shown: [],
      sensitive: false,
    };
    const rank = (s: SuiteDifference) => s.difference?.value ?? 2;
    return [{ word: w[dimension], row, suites: [...suites].sort((a, b) => rank(a) - rank(b)).map((s) => suiteRow(s, scale, w)) }];
  });
  const beside = (name: string, d: Difference | null) =>
    d === null ? [] : [{ name, plot: shiftOf(d, 'mean', scale, `${name}: ${differenceText(d)}`), text: differenceText(d) }];
  return {
    anchor: `pair-${pair.after}`,
    heading: fill(w.pairHeading, { after: pair.after, before: pair.before }),
    summary: pair.summary,
    warnings: pair.warnings.slice(0, 4),
    moreWarnings: pair.warnings.slice(4),
    moreText: fill(w.moreOf, { n: Math.max(0, pair.warnings.length - 4) }),
    differs: pair.differs,
    left: pair.left.map(({ id, why }) => `${id}: ${why}`),
    ticks: [-limit, -limit / 2, 0, limit / 2, limit].map((v, i) => ({ at: i * 25, text: v === 0 ? '0' : signed(v).replace(/0$/, '') })),
    groups,
    beside: [...beside(w.knowledge, pair.quality.knowledge), ...beside(w.controls, pair.quality.controls), ...driftLines(pair, w)],
  };
}

function driftLines(pair: PairComparison, w: Words) {
  const { drift } = pair;
  if (!drift) return [];
  const lines = [
    { name: w.driftKl, text: `${short(drift.kl, 3)} (${short(drift.klLow, 3)}–${short(drift.klHigh, 3)}) nats` },
    {
      name: w.driftTop,
      text: `${(drift.agreement * 100).toFixed(1)} % (${(drift.agreementLow * 100).toFixed(1)}–${(drift.agreementHigh * 100).toFixed(1)}), ${count(drift.positions)}`,
    },
  ];
  return lines.map((line) => ({ ...line, plot: null }));
}

const rate = (v: number | null) => (v === null ? '–' : `${Number(v.toPrecision(3))} tokens/s`);
const bytes = (v: number | null) => (v === null ? '–' : bytesText(v));
const ms = (v: number | null) => (v === null ? '–' : `${Number(v.toPrecision(3))} ms`);

/** Runs as columns: what each is, what it costs and how much of the first. */
export function costTable(
  runs: readonly ComparedRun[],
  w: Words,
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const [first] = runs;
  const ratio = (pick: (c: Costs) => number | null, run: ComparedRun) => {
    const [a, b] = [first ? pick(first.cost) : null, pick(run.cost)];
    return run === first || a === null || b === null || a === 0 ? '' : ` (× ${Number((b / a).toPrecision(2))})`;
  };
  const line = (name: string, pick: (c: Costs) => number | null, text: (v: number | null) => string) =>
    runs.some((r) => pick(r.cost) !== null) ? [[name, ...runs.map((r) => text(pick(r.cost)) + ratio(pick, r))]] : [];
  return {
    head: [w.modelName, ...runs.map((r) => `${r.letter}  ${r.name}`)],
    rows: [
      [w.kind, ...runs.map((r) => w[`protocol_${r.protocol}` as 'protocol_base'])],
      [w.identity, ...runs.map((r) => `${r.hash.slice(0, 12)} · ${dayOf(r.created)}`)],
      ...dimensions.map((d) => [w[d], ...runs.map((r) => gradeText(r, d, w))]),
      ...line(w.size, (c) => c.fileBytes, bytes),
      ...line(w.tokensOut, (c) => c.tokensOutPerSecond, rate),
      ...line(w.tokensIn, (c) => c.tokensInPerSecond, rate),
      ...line(w.firstToken, (c) => c.firstTokenMs, ms),
      ...line(w.peakMemory, (c) => c.peakBytes, bytes),
    ],
  };
}

function gradeText(run: ComparedRun, dimension: string, w: Words): string {
  const p = run.profile.find((x) => x.dimension === dimension);
  if (!p || p.grade === null) return '–';
  const range = p.low === null ? '' : ` (${short(p.low)}–${short(p.high)})`;
  return `${short(p.grade)}${range} · ${fill(w.ableOf, { able: p.able, of: p.of })}`;
}
