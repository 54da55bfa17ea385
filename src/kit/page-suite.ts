/** What a page says of one result: its state, its figures, its sentences. Pure. */

import type { Contamination, DetectorCard, Estimate, Outcome, Result } from '../types.ts';
import { outcomes } from '../types.ts';
import { type Bar, barsOf, type Dot, dotOf } from './figure.ts';
import { slugOf } from './page.ts';
import { type FigureView, figuresOf } from './page-details.ts';
import { resultIdOf } from './result.ts';
import { count, fill, intervalText, inUnit, outcomeWord, percent, short, type Words } from './words.ts';
import { suitesZh } from './words-zh-suites.ts';

export type SuiteState = 'able' | 'not able' | 'invalid' | 'incomplete' | 'untold';

export interface EstimateView {
  readonly title: string;
  readonly group: string;
  readonly value: string;
  readonly interval: string;
  readonly grade: string;
  readonly gradeInterval: string;
  readonly n: string;
  readonly clusters: string;
  readonly skipped: string;
  readonly method: string;
  readonly plot: Dot;
}

export interface SuiteView {
  readonly id: string;
  readonly anchor: string;
  readonly title: string;
  /** Shown where it is not English. */
  readonly lang: string;
  readonly state: SuiteState;
  readonly stateWord: string;
  readonly plot: Dot;
  readonly grade: string;
  readonly interval: string;
  readonly value: string;
  readonly n: string;
  readonly says: string;
  readonly invalid: string;
  readonly incomplete: string;
  readonly about: string;
  readonly limits: string;
  readonly formula: string;
  readonly source: string;
  readonly licence: string;
  readonly version: string;
  readonly itemsHash: string;
  readonly control: string;
  readonly controlState: string;
  readonly bounds: string;
  readonly contamination: string;
  readonly metrics: readonly EstimateView[];
  readonly groups: readonly EstimateView[];
  readonly moreGroups: string;
  readonly outcomes: readonly Bar[];
  readonly outcomesSay: string;
  readonly detectors: readonly DetectorView[];
  readonly figures: readonly FigureView[];
  readonly sensitive: boolean;
  readonly sortBy: number;
}

/** The suite's title in the page's language, where it is known. */
export const titleOf = ({ suite }: Result, w: Words): string => (w.lang === 'zh' ? (suitesZh[suite.id]?.[0] ?? suite.title) : suite.title);
const saysOf = ({ suite, says }: Result, w: Words): string | null => (w.lang === 'zh' ? (suitesZh[suite.id]?.[1] ?? says) : says);

export function stateOf(result: Result): SuiteState {
  if (result.invalid !== null) return 'invalid';
  if (!result.complete && result.items === 0) return 'incomplete';
  if (result.floor.state === 'not met') return 'not able';
  if (result.estimates[0]?.grade == null) return 'untold';
  return result.complete ? 'able' : 'incomplete';
}

const isUnit = (value: number | null): value is number => value !== null && value >= 0 && value <= 1;

/** One sentence on what the number means, with its range in words. */
export function meaningOf(result: Result, w: Words): string {
  const state = stateOf(result);
  const head = result.estimates[0];
  if (state === 'invalid') return `${w.invalidBanner}: ${result.invalid}`;
  if (state === 'not able') return fill(w.notAbleBecause, { control: result.floor.title });
  if (state === 'incomplete' && result.items === 0) return fill(w.incompleteText, { n: count(result.missing) });
  if (!head || head.value === null) return w.nothingTold;
  const says = saysOf(result, w);
  const unit = says === null ? head.unit : says.includes('{n}') ? 'share' : plainUnit(head.unit);
  const range = head.interval ? ` (${intervalText(head.interval.low, head.interval.high, unit)})` : '';
  if (says === null) return `${head.title}: ${inUnit(head.value, head.unit, w.ofHundred)}${unitWord(head.unit)}${range}`;
  return fill(says, { n: inUnit(head.value, 'share', '{n}'), v: inUnit(head.value, plainUnit(head.unit)) }) + range;
}

/** `{v}` is a bare number, also of a share. */
const plainUnit = (unit: string) => (/shares?$/.test(unit) ? '' : unit);
const unitWord = (unit: string) => (/shares?$/.test(unit) ? '' : ` ${unit}`);

function spoken(title: string, estimate: Estimate | undefined, w: Words): string {
  if (!estimate || estimate.grade === null) return `${title}: ${w.nothingTold}`;
  const range =
    estimate.gradeLow === null || estimate.gradeHigh === null ? '' : ` (${short(estimate.gradeLow)}–${short(estimate.gradeHigh)})`;
  return `${title}: ${w.grade} ${short(estimate.grade)}${range}`;
}

function estimateView(estimate: Estimate, w: Words, hue: 'model' | 'grey'): EstimateView {
  return {
    title: estimate.title,
    group: estimate.group ?? '',
    value: `${inUnit(estimate.value, estimate.unit, w.ofHundred)}${estimate.value === null ? '' : unitWord(estimate.unit)}`,
    interval: estimate.interval ? intervalText(estimate.interval.low, estimate.interval.high, estimate.unit) : '',
    grade: short(estimate.grade),
    gradeInterval:
      estimate.gradeLow === null || estimate.gradeHigh === null ? '' : `${short(estimate.gradeLow)}–${short(estimate.gradeHigh)}`,
    n: count(estimate.n),
    clusters: count(estimate.clusters),
    skipped: count(estimate.skipped),
    method: estimate.interval?.method ?? '',
    plot: dotOf({ value: estimate.grade, low: estimate.gradeLow, high: estimate.gradeHigh, hue, quiet: true, says: '' }),
  };
}

/** States whose number is shown, if only hollow. */
const isDrawn = (state: SuiteState) => state === 'able' || state === 'invalid' || state === 'incomplete';

function plotOf(result: Result, state: SuiteState, w: Words): Dot {
  const head = result.estimates[0];
  const { floor } = result;
  const drawn = isDrawn(state);
  const control = isUnit(floor.value) && isUnit(floor.chance);
  return dotOf({
    value: drawn ? (head?.grade ?? null) : null,
    low: drawn ? (head?.gradeLow ?? null) : null,
    high: drawn ? (head?.gradeHigh ?? null) : null,
    control: control && state === 'able' ? floor.value : null,
    chance: control && state === 'able' ? floor.chance : null,
    hue: state === 'able' ? 'model' : 'grey',
    hollow: state !== 'able' || result.partial,
    says: state === 'not able' ? `${titleOf(result, w)}: ${w.notAble}` : spoken(titleOf(result, w), head, w),
  });
}

function controlText(result: Result, w: Words): string {
  const { floor } = result;
  if (floor.state === 'not applicable') return `${w.floorNone}: ${floor.title}`;
  return fill(w.controlSays, {
    title: floor.title,
    value: short(floor.value),
    low: short(floor.low),
    high: short(floor.high),
    chance: short(floor.chance),
    n: count(floor.n),
  });
}

export interface DetectorView {
  readonly title: string;
  readonly id: string;
  readonly version: string;
  readonly hash: string;
  readonly trainedOn: string;
  readonly measuredOn: string;
  readonly note: string;
  readonly rows: readonly { readonly source: string; readonly found: string; readonly clean: string }[];
}
/** Without the full stop that the page sets itself. */
const unstopped = (text: string): string => text.replace(/[.。]$/, '');

export function detectorView(card: DetectorCard): DetectorView {
  const rate = (hits: number, of: number) => (of === 0 ? '–' : `${short(hits / of)} (${count(hits)}/${count(of)})`);
  return {
    title: card.title,
    id: card.id,
    version: card.version,
    hash: card.hash,
    trainedOn: unstopped(card.trainedOn),
    measuredOn: unstopped(card.measuredOn),
    note: card.note ?? '',
    rows: card.bySource.map((s) => ({ source: s.source, found: rate(s.found, s.positives), clean: rate(s.clean, s.negatives) })),
  };
}

const kindOf: Readonly<Record<Outcome, string>> = {
  answered: 'good',
  refused: 'plain',
  partial: 'plain',
  empty: 'bad',
  truncated: 'bad',
  degenerate: 'bad',
  unparsed: 'bad',
  error: 'bad',
};
export function outcomeBars(counts: Readonly<Record<Outcome, number>>, w: Words): { bars: Bar[]; says: string } {
  const total = outcomes.reduce((sum, o) => sum + counts[o], 0);
  const present = outcomes.filter((o) => counts[o] > 0);
  return {
    bars: barsOf(present.map((o) => ({ label: outcomeWord(w, o), count: counts[o], kind: kindOf[o] }))),
    says: present.map((o) => `${outcomeWord(w, o)} ${count(counts[o])} (${percent(counts[o], total)} %)`).join(' · '),
  };
}

/** How many answers began with thinking, and how many of them came to no answer. */
export function thinkingSay(of: readonly Result[], w: Words): string {
  const sum = (what: 'answers' | 'cut') => of.reduce((total, { thinking }) => total + (thinking?.[what] ?? 0), 0);
  if (sum('answers') === 0) return '';
  const cut = sum('cut') === 0 ? '' : `, ${fill(w.thoughtCut, { cut: count(sum('cut')) })}`;
  return ` · ${fill(w.thought, { n: count(sum('answers')) })}${cut}`;
}

/** The groups with most items, in their own order; what one or two items say of a group is not shown. */
function largest(groups: readonly Estimate[], most: number): Estimate[] {
  const told = groups.filter((group) => group.n > 2);
  const kept = new Set(told.sort((a, b) => b.n - a.n).slice(0, most));
  return groups.filter((group) => kept.has(group));
}

/** The result with those estimates alone that pages tell of: the whole's, and every group's by the first metric. */
export const told = (result: Result): Result => ({
  ...result,
  estimates: result.estimates.filter((e) => e.group === undefined || e.metric === result.estimates[0]?.metric),
});

/** Everything a page shows of one result, texts not yet escaped. */
export function suiteView(result: Result, w: Words): SuiteView {
  const state = stateOf(result);
  const head = result.estimates[0];
  const id = resultIdOf(result);
  const hue = state === 'able' ? 'model' : 'grey';
  const bars = outcomeBars(result.outcomes, w);
  const all = result.estimates.filter((e) => e.group === undefined);
  const groups = result.estimates.filter((e) => e.group !== undefined && e.metric === head?.metric);
  const shownGroups = largest(groups, result.suite.dimension === 'fairness' ? 12 : 6);
  const views = (list: readonly Estimate[]) => list.map((e) => estimateView(e, w, hue));
  return {
    id,
    anchor: slugOf(id),
    title: titleOf(result, w),
    lang: result.suite.lang === 'en' ? '' : result.suite.lang,
    state,
    stateWord: { able: '', 'not able': w.notAble, invalid: w.invalidBanner, incomplete: w.incompleteBanner, untold: w.nothingTold }[state],
    plot: plotOf(result, state, w),
    grade: isDrawn(state) ? short(head?.grade) : '–',
    interval: isDrawn(state) && head?.gradeLow != null ? `${short(head.gradeLow)}–${short(head.gradeHigh)}` : '',
    value: head ? `${inUnit(head.value, head.unit, w.ofHundred)}${head.value === null ? '' : unitWord(head.unit)}` : '–',
    n: count(head?.n ?? 0),
    says: meaningOf(result, w),
    invalid: result.invalid ?? '',
    incomplete: result.complete ? '' : fill(w.incompleteText, { n: count(result.missing) }),
    about: result.suite.about,
    limits: result.suite.limits,
    formula: result.formula ?? '',
    source: result.suite.source,
    licence: result.suite.licence,
    version: result.suite.version,
    itemsHash: result.suite.items.slice(0, 16),
    control: controlText(result, w),
    controlState: { met: w.floorMet, 'not met': w.floorNotMet, 'not applicable': '' }[result.floor.state],
    bounds: boundsText(head, w),
    metrics: views(all),
    groups: views(shownGroups),
    moreGroups: groups.length > shownGroups.length ? fill(w.moreGroups, { n: groups.length - shownGroups.length }) : '',
    contamination: contaminationText(result.contamination, w),
    outcomes: bars.bars,
    outcomesSay: bars.says + thinkingSay([result], w),
    detectors: result.detectors.map(detectorView),
    figures: figuresOf(result.details, w),
    sensitive: result.suite.sensitive,
    sortBy: state === 'able' ? (head?.grade ?? 2) : isDrawn(state) ? 3 : 4,
  };
}

function boundsText(head: Estimate | undefined, w: Words): string {
  if (!head?.bounds || head.bounds[0] === head.bounds[1]) return '';
  return fill(w.bounds, { good: inUnit(head.bounds[0], head.unit, w.ofHundred), bad: inUnit(head.bounds[1], head.unit, w.ofHundred) });
}

/** Below this a sign is called one: few of many benchmarks without it fall under it. */
const telling = 0.01;

/** What the signs of contamination say, a sentence each; '' where none was asked. */
export function contaminationText(signs: Contamination | undefined, w: Words): string {
  if (!signs) return '';
  const { order, canaries, canariesAnswered } = signs;
  const p = (value: number) => (value < 0.001 ? '< 0.001' : short(value, 3));
  return [
    ...canariesAnswered.map((canary) => fill(w.canaryAnswered, { canary })),
    ...(order
      ? [
          fill(w.orderSign, { first: order.first, parts: order.parts, chance: short(order.parts / order.orders, 1), p: p(order.p) }),
          order.p < telling ? w.orderSeen : w.orderUnseen,
        ]
      : []),
    ...canaries.map(({ canary, p: value }) => fill(w.canarySign, { canary, p: p(value) })),
  ].join(' ');
}
