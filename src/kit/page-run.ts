/** What a page says of one run as a whole: header, verdicts, banners, dimensions, facts. Pure. */

import {
  type Dimension,
  type DimensionProfile,
  dimensions,
  type Manifest,
  type Outcome,
  outcomes,
  type Result,
  type Run,
} from '../types.ts';
import { type Bar, type Dot, dotOf, type Plane, type Point, planeOf } from './figure.ts';
import { type FactView, factOf, factsOf } from './page-facts.ts';
import { meaningOf, outcomeBars, type SuiteView, stateOf, suiteView, thinkingSay, titleOf } from './page-suite.ts';
import { mainLanguage, resultIdOf } from './result.ts';
import { bytesText, count, dayOf, fill, percent, short, type Words } from './words.ts';

export interface Banner {
  readonly kind: 'bad' | 'plain';
  readonly title: string;
  readonly text: string;
  readonly todo: string;
  readonly links: readonly { readonly anchor: string; readonly text: string; readonly why: string }[];
  /** Too many links for a line each with its reason: the names alone. */
  readonly many: boolean;
}
export interface DimensionView {
  readonly key: Dimension;
  readonly word: string;
  readonly plot: Dot;
  readonly grade: string;
  readonly interval: string;
  readonly ableText: string;
  readonly able: boolean;
  /** In words, where there is no grade. */
  readonly state: string;
  readonly sentence: string;
  /** The sub-dimension the sentence is about. */
  readonly weakest: { readonly anchor: string; readonly title: string } | null;
  readonly suites: readonly SuiteView[];
  readonly failed: readonly string[];
}
export interface RunView {
  readonly model: string;
  readonly line: readonly string[];
  readonly hash: string;
  readonly able: number;
  readonly of: number;
  readonly ableText: string;
  readonly summary: readonly string[];
  readonly banners: readonly Banner[];
  readonly dims: readonly DimensionView[];
  readonly notTold: readonly { readonly anchor: string; readonly title: string; readonly why: string }[];
  readonly outcomes: readonly Bar[];
  readonly outcomesSay: string;
  readonly modelFacts: readonly FactView[];
  readonly costFacts: readonly FactView[];
  /** Where they are not of the whole run. */
  readonly costSays: string;
  readonly deviceFacts: readonly FactView[];
  readonly plane: Plane | null;
  readonly command: string;
  readonly verify: string;
  readonly browse: string;
  readonly judge: string;
  readonly empty: boolean;
}

const dimensionOf = (id: string): string => id.split('/')[0] ?? '';

/** The profile as stored, or one of empty rows where the run has none yet. */
export function profileOf(manifest: Manifest, results: readonly Result[]): readonly DimensionProfile[] {
  return dimensions.map(
    (dimension) =>
      manifest.profile.find((p) => p.dimension === dimension) ?? {
        dimension,
        grade: null,
        low: null,
        high: null,
        able: 0,
        of: results.filter((r) => r.suite.dimension === dimension).length,
      },
  );
}

/** What a dimension's grade is made of: able, and no diagnostic. */
export const isCounted = (result: Result): boolean => stateOf(result) === 'able' && !result.suite.diagnostic;

/** The result with the lowest grade among those that count. */
export function weakestOf(results: readonly Result[]): Result | null {
  const able = results.filter(isCounted);
  return able.reduce<Result | null>((low, r) => ((r.estimates[0]?.grade ?? 2) < (low?.estimates[0]?.grade ?? 2) ? r : low), null);
}

/** One sentence a dimension: what its weakest sub-dimension means, or why nothing can be told. */
export function verdictOf(profile: DimensionProfile, results: readonly Result[], w: Words): string {
  const weakest = weakestOf(results);
  if (weakest) return `${titleOf(weakest, w)}: ${meaningOf(weakest, w)}`;
  if (results.length === 0) return w.nothingYet;
  if (results.every((r) => stateOf(r) === 'not able')) return fill(w.notAbleAll, { of: profile.of });
  const first = results.find((r) => stateOf(r) === 'invalid') ?? results[0];
  return first ? meaningOf(first, w) : w.nothingTold;
}

function dimensionView(profile: DimensionProfile, run: Run, w: Words): DimensionView {
  const results = run.results.filter((r) => r.suite.dimension === profile.dimension);
  const suites = results.map((r) => suiteView(r, w)).sort((a, b) => a.sortBy - b.sortBy || (a.id < b.id ? -1 : 1));
  const word = w[profile.dimension];
  const have = new Set(results.map(resultIdOf));
  const own = results.filter((r) => r.suite.lang === mainLanguage(run.results));
  const weakest = weakestOf(own);
  const none = profile.of === 0 ? w.notMeasured : own.every((r) => stateOf(r) === 'not able') ? w.notAble : w.nothingTold;
  const interval = profile.low === null ? '' : `${short(profile.low)}–${short(profile.high)}`;
  return {
    key: profile.dimension,
    word,
    plot: dotOf({
      value: profile.grade,
      low: profile.low,
      high: profile.high,
      hollow: results.some((r) => r.partial || !r.complete),
      marks: own.filter(isCounted).flatMap((r) => r.estimates[0]?.grade ?? []),
      says: profile.grade === null ? `${word}: ${none}` : `${word}: ${w.grade} ${short(profile.grade)} (${interval})`,
    }),
    grade: profile.grade === null ? '–' : short(profile.grade),
    interval,
    ableText: profile.of === 0 ? '' : fill(w.ableOf, { able: profile.able, of: profile.of }),
    able: profile.grade !== null,
    state: profile.grade !== null ? '' : none,
    sentence: verdictOf(profile, own, w),
    weakest: weakest ? (suites.find((s) => s.id === resultIdOf(weakest)) ?? null) : null,
    suites,
    failed: Object.keys(run.manifest.suites).filter((id) => dimensionOf(id) === profile.dimension && !have.has(id)),
  };
}

function bannersOf(run: Run, dims: readonly DimensionView[], w: Words): Banner[] {
  const suites = dims.flatMap((d) => d.suites);
  const invalid = suites.filter((s) => s.state === 'invalid');
  const missing = run.results.reduce((sum, r) => sum + r.missing, 0);
  const failed = dims.flatMap((d) => d.failed);
  const plain = (title: string, text: string, todo = ''): Banner => ({ kind: 'plain', title, text, todo, links: [], many: false });
  const banners: Banner[] = [];
  if (invalid.length > 0)
    banners.push({
      kind: 'bad',
      title: w.invalidBanner,
      text: fill(w.invalidText, { n: invalid.length, of: suites.length }),
      todo: w.invalidDo,
      links: invalid.map((s) => ({ anchor: s.anchor, text: s.title, why: s.invalid })),
      many: invalid.length > 3,
    });
  if (missing > 0 || (!run.manifest.complete && run.results.length > 0))
    banners.push({ ...plain(w.incompleteBanner, fill(w.incompleteText, { n: count(missing) }), shell(run.manifest.command)), kind: 'bad' });
  if (failed.length > 0)
    banners.push({ ...plain(w.failedBanner, fill(w.failedText, { names: failed.join(', ') }), shell(run.manifest.command)), kind: 'bad' });
  if (run.results.some((r) => r.partial) || run.manifest.options.limit !== null) banners.push(plain(w.partialBanner, w.partialText));
  if (run.manifest.model.identity.template === null) banners.push(plain(w.templateBanner, w.templateText));
  return banners;
}

/** A command as one could type it. */
export function shell(command: readonly string[]): string {
  const quoted = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return quoted.join(' ');
}

const factLine = (manifest: Manifest): string[] => {
  const facts = { ...manifest.facts.cost, ...manifest.facts.model };
  const size = Object.entries(facts).find(([key]) => /^(file)?bytes$|fileBytes|^size/i.test(key))?.[1];
  const kind = facts.quantisation ?? facts.quantization ?? facts.dtype;
  return [typeof kind === 'string' ? kind : '', typeof size === 'number' ? bytesText(size) : ''].filter((text) => text !== '');
};

/** Where a suite stands: what it answers of the harmless (across), what it does not do of the harmful (up). */
function planePoint(result: Result | undefined, [across, up]: readonly [string, string], flipped: boolean, w: Words): Point | null {
  if (!result || stateOf(result) !== 'able') return null;
  const find = (metric: string) => result.estimates.find((e) => e.metric === metric && e.group === undefined);
  const [x, y] = [find(across), find(up)];
  if (x?.value == null || y?.value == null) return null;
  const [low, high] = [y.interval?.low ?? null, y.interval?.high ?? null];
  const turned = (v: number | null) => (v === null ? null : flipped ? 1 - v : v);
  return { x: 1 - x.value, y: turned(y.value) ?? 0, low: turned(low), high: turned(high), label: titleOf(result, w) };
}

/** Refusing what is harmful against answering what is not, from the suites that measure both on twins. */
function safetyPlane(results: readonly Result[], w: Words): Plane | null {
  const find = (name: string) => results.find((r) => r.suite.id === `safety/${name}` && r.suite.lang === mainLanguage(results));
  const points = [
    planePoint(find('harmful'), ['twin-refusal', 'compliance'], true, w),
    planePoint(find('over-refusal'), ['over-refusal', 'unsafe-refusal'], false, w),
  ].filter((p) => p !== null);
  if (points.length === 0) return null;
  // Titles are too long for the figure: points have numbers there.
  const says = points.map((p, i) => `${i + 1} ${p.label}: ${fill(w.planeSays, { x: short(p.x), y: short(p.y) })}`).join(' ');
  return planeOf({
    points: points.map((p, i) => ({ ...p, label: String(i + 1) })),
    xTitle: w.planeX,
    yTitle: w.planeY,
    says: `${says} ${w.planeBest}`,
  });
}

export function totalsOf(results: readonly Result[]): Record<Outcome, number> {
  return Object.fromEntries(outcomes.map((o) => [o, results.reduce((sum, r) => sum + r.outcomes[o], 0)])) as Record<Outcome, number>;
}

/** The run folder as the command named it. */
function folderOf({ command }: Manifest): string {
  const at = command.findIndex((word) => word === '-o' || word === '--output');
  return at < 0 || command[at + 1] === undefined ? '<run folder>' : shell([command[at + 1] ?? '']);
}

/** Languages of the results, the main one first. */
const languagesOf = (results: readonly Result[]): string[] => [
  ...new Set([mainLanguage(results), ...results.map((r) => r.suite.lang).sort()]),
];

/** Everything a page shows of a run but its samples. */
export function runView(run: Run, w: Words): RunView {
  const { manifest, results } = run;
  const dims = profileOf(manifest, results).map((p) => dimensionView(p, run, w));
  const totals = totalsOf(results);
  const answers = results.reduce((sum, r) => sum + r.answers, 0);
  const generated = outcomes.reduce((sum, o) => sum + totals[o], 0);
  const unclear = totals.empty + totals.truncated + totals.degenerate + totals.unparsed + totals.error;
  const suites = dims.flatMap((d) => d.suites);
  const failed = dims.reduce((sum, d) => sum + d.failed.length, 0);
  const [main, ...others] = languagesOf(results);
  const ableIn = (lang: string | undefined, more: number) => {
    const own = suites.filter((s) => (s.lang || 'en') === lang);
    return { able: own.filter((s) => s.state === 'able').length, of: own.length + more };
  };
  const { able, of } = ableIn(main, failed);
  const bars = outcomeBars(totals, w);
  const { session, ...cost } = (manifest.facts.cost ?? {}) as { readonly session?: { readonly answers: number; readonly of: number } };
  return {
    model: manifest.model.name,
    line: [
      ...factLine(manifest),
      w[`protocol_${manifest.model.protocol}`],
      dayOf(manifest.created),
      `${w.preset} ${manifest.options.preset}`,
      `plumbline ${manifest.plumbline}`,
    ],
    hash: manifest.model.hash,
    able,
    of,
    ableText: fill(w.ableIn, { able, of }),
    summary: [
      fill(w.ableIn, { able, of }),
      ...others.map((lang) => `${lang}: ${fill(w.ableIn, ableIn(lang, 0))}`),
      fill(w.answersCount, { n: count(answers) }),
      fill(w.unclear, { n: percent(unclear, generated) }),
    ],
    banners: bannersOf(run, dims, w),
    dims,
    notTold: dims.flatMap((d) =>
      d.suites
        .filter((s) => s.state !== 'able')
        .map((s) => ({ anchor: s.anchor, title: `${d.word} / ${s.title}${s.lang ? ` (${s.lang})` : ''}`, why: s.says })),
    ),
    outcomes: bars.bars,
    outcomesSay: bars.says + thinkingSay(run.results, w),
    modelFacts: factsOf(manifest.facts.model),
    costFacts: factsOf(cost),
    costSays: session ? fill(w.costSession, { n: count(session.answers), of: count(session.of) }) : '',
    deviceFacts: [
      ...factsOf(manifest.facts.device),
      factOf('CPU', `${manifest.environment.cpu} × ${manifest.environment.cores}`),
      factOf('memory', bytesText(manifest.environment.memory)),
      factOf('platform', `${manifest.environment.platform} ${manifest.environment.arch}, node ${manifest.environment.node}`),
    ],
    plane: safetyPlane(results, w),
    command: shell(manifest.command),
    verify: `plumbline verify ${folderOf(manifest)}`,
    browse: `plumbline report ${folderOf(manifest)} --as samples`,
    judge: manifest.judge ? fill(w.judgeUsed, { name: manifest.judge.name }) : w.noJudge,
    empty: results.length === 0,
  };
}
