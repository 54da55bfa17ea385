/** "Is .62 good?": where a run stands among bundled reference results that share its protocol, suite versions and items. */

import { type Dimension, dimensions, type Run } from '../types.ts';
import { type Dot, dotOf } from './figure.ts';
import { textBeside } from './items.ts';
import { isCounted, profileOf } from './page-run.ts';
import { stateOf } from './page-suite.ts';
import { resultIdOf } from './result.ts';
import { fill, short, type Words } from './words.ts';

/** `reports/reference.json`. `runs`: our own runs; `published`: figures of others, shown for orientation only. */
export interface Reference {
  readonly runs: readonly ReferenceRun[];
  readonly published: readonly PublishedFigure[];
}
export interface ReferenceRun {
  readonly name: string;
  readonly hash: string;
  readonly protocol: string;
  readonly preset: string;
  /** By result id: suite version, hash of the items, grade (null: not able). */
  readonly suites: Readonly<Record<string, { readonly version: string; readonly items: string; readonly grade: number | null }>>;
}
export interface PublishedFigure {
  readonly model: string;
  readonly dimension: Dimension;
  readonly what: string;
  readonly protocol: string;
  readonly value: string;
  readonly source: string;
}

export interface ReferenceView {
  readonly says: string;
  readonly rows: readonly { readonly name: string; readonly text: string; readonly plot: Dot }[];
  readonly published: readonly PublishedFigure[];
}

/** Reads `reference.json` beside the module. */
export const readReference = (moduleUrl: string): Reference => JSON.parse(textBeside(moduleUrl, 'reference.json')) as Reference;

interface Mine {
  readonly id: string;
  readonly version: string;
  readonly items: string;
  readonly grade: number;
}

interface Beside {
  readonly name: string;
  /** Mean grades over the suites whose very items both answered and are able to do. */
  readonly theirs: number;
  readonly mine: number;
  readonly shared: number;
}

/** A reference run beside mine; null where they share less than half of the suites that mine is able to do. */
function besideOf(reference: ReferenceRun, mine: readonly Mine[]): Beside | null {
  const shared = mine.flatMap((suite) => {
    const theirs = reference.suites[suite.id];
    const same = theirs?.version === suite.version && theirs.items === suite.items;
    return same && theirs.grade !== null ? [[suite.grade, theirs.grade] as const] : [];
  });
  if (shared.length === 0 || 2 * shared.length < mine.length) return null;
  const mean = (of: 0 | 1) => shared.reduce((sum, pair) => sum + pair[of], 0) / shared.length;
  return { name: reference.name, mine: mean(0), theirs: mean(1), shared: shared.length };
}

/** One row a dimension in which at least one reference run of another model is comparable. */
export function referenceView(reference: Reference, run: Run, w: Words): ReferenceView {
  const { model } = run.manifest;
  const others = reference.runs.filter((r) => r.protocol === model.protocol && r.hash !== model.hash);
  const profile = profileOf(run.manifest, run.results);
  const rows = dimensions.flatMap((dimension) => {
    const able = run.results.filter((r) => r.suite.dimension === dimension && isCounted(r));
    const mine = able.map((r) => ({
      id: resultIdOf(r),
      version: r.suite.version,
      items: r.suite.items,
      grade: r.estimates[0]?.grade ?? 0,
    }));
    const beside = others.map((r) => besideOf(r, mine)).filter((b) => b !== null);
    const own = profile.find((p) => p.dimension === dimension);
    if (!own || own.grade === null || beside.length === 0) return [];
    const grade = own.grade;
    const below = beside.filter((b) => b.theirs < b.mine).length;
    const names = beside
      .map(
        (b) =>
          `${b.name} ${short(b.theirs)}${b.shared === mine.length ? '' : ` (${fill(w.overShared, { mine: short(b.mine), n: b.shared })})`}`,
      )
      .join(', ');
    const text = fill(w.percentile, { below, of: beside.length, names });
    return [
      {
        name: w[dimension],
        text,
        plot: dotOf({ value: grade, low: own.low, high: own.high, says: `${w[dimension]}: ${short(grade)}. ${text}` }),
      },
    ];
  });
  return { says: fill(w.referenceOf, { protocol: w[`protocol_${model.protocol}`] }), rows, published: reference.published };
}

/** A finished run as an entry of `reference.json`. */
export function referenceRunOf({ manifest, results }: Run): ReferenceRun {
  const grade = (value: number | null | undefined) => (value == null ? null : Math.round(value * 1e4) / 1e4);
  return {
    name: manifest.model.name,
    hash: manifest.model.hash,
    protocol: manifest.model.protocol,
    preset: manifest.options.preset,
    suites: Object.fromEntries(
      results.map((r) => [
        resultIdOf(r),
        { version: r.suite.version, items: r.suite.items, grade: grade(stateOf(r) === 'able' ? r.estimates[0]?.grade : null) },
      ]),
    ),
  };
}
