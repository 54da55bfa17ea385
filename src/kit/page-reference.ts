/** "Is .62 good?": where a run stands among bundled reference results that share its protocol, suite versions and items. */

import { type Dimension, dimensions, type Run } from '../types.ts';
import { type Dot, dotOf } from './figure.ts';
import { textBeside } from './items.ts';
import { profileOf } from './page-run.ts';
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

/** The mean grade of a reference run over the same suites that `mine` is able on; null unless it answered the very same items and is able on all of them. */
function comparable(
  reference: ReferenceRun,
  mine: ReadonlyMap<string, { readonly version: string; readonly items: string }>,
): number | null {
  let sum = 0;
  for (const [id, suite] of mine) {
    const theirs = reference.suites[id];
    if (!theirs || theirs.version !== suite.version || theirs.items !== suite.items || theirs.grade === null) return null;
    sum += theirs.grade;
  }
  return mine.size === 0 ? null : sum / mine.size;
}

/** One row a dimension in which at least one reference run of another model is comparable. */
export function referenceView(reference: Reference, run: Run, w: Words): ReferenceView {
  const { model } = run.manifest;
  const others = reference.runs.filter((r) => r.protocol === model.protocol && r.hash !== model.hash);
  const profile = profileOf(run.manifest, run.results);
  const rows = dimensions.flatMap((dimension) => {
    const able = run.results.filter((r) => r.suite.dimension === dimension && stateOf(r) === 'able');
    const mine = new Map(able.map((r) => [resultIdOf(r), { version: r.suite.version, items: r.suite.items }]));
    const marks = others
      .map((r) => ({ name: r.name, grade: comparable(r, mine) }))
      .filter((m): m is { name: string; grade: number } => m.grade !== null);
    const own = profile.find((p) => p.dimension === dimension);
    if (!own || own.grade === null || marks.length === 0) return [];
    const grade = own.grade;
    const below = marks.filter((m) => m.grade < grade).length;
    const names = marks.map((m) => `${m.name} ${short(m.grade)}`).join(', ');
    const text = fill(w.percentile, { below, of: marks.length, names });
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
