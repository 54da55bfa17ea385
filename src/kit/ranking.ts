/** Ranks as intervals: an order is claimed only where two models surely differ. Pure. */
import { normalQuantile } from './stats/special.ts';

/** A grade with its 95 % interval. */
export interface Graded {
  readonly grade: number;
  readonly low: number;
  readonly high: number;
}
/** What is ranked: by dimension (or any other key), the grades of the suites the model is able on, by result id. */
export type Standing = Readonly<Record<string, ReadonlyMap<string, Graded>>>;

/** Places 1 … m that are possible; null where there is nothing to rank by. */
export type Place = readonly [first: number, last: number] | null;

export interface Ranks {
  /** By key: places in that dimension alone. */
  readonly by: Readonly<Record<string, readonly Place[]>>;
  /** A model stands before another if it is surely better in one dimension and surely worse in none. */
  readonly overall: readonly Place[];
}

/**
 * Places of every model. Two models are compared on the suites both are able on (independent runs: intervals joined side by side, MOVER, Zou & Donner 2008, eq. 7),
 * each at level 1 − .05 / (number of comparisons of one model), so that a model's interval of places holds with 95 % (Mogstad, Romano, Shaikh & Wilhelm 2024, marginal confidence sets for ranks).
 */
export function ranksOf(standings: readonly Standing[], keys: readonly string[]): Ranks {
  const m = standings.length;
  const signs = keys.map((key) => signsOf(standings, key, [widening(m - 1), widening((m - 1) * keys.length)]));
  const by = Object.fromEntries(keys.map((key, k) => [key, placesOf(signs[k]?.[0] ?? [], (i) => (standings[i]?.[key]?.size ?? 0) > 0)]));
  const strict = signs.map(([, matrix]) => matrix);
  const before = standings.map((_, i) => Int8Array.from({ length: m }, (_, j) => dominance(strict, i, j)));
  return { by, overall: placesOf(before, (i) => keys.some((key) => (standings[i]?.[key]?.size ?? 0) > 0)) };
}

/** How much a 95 % half-width grows for `tests` two-sided comparisons at once (Bonferroni). */
export const widening = (tests: number): number => normalQuantile(1 - 0.025 / Math.max(1, tests)) / normalQuantile(0.975);

function dominance(signs: readonly (readonly Int8Array[])[], i: number, j: number): -1 | 0 | 1 {
  let better = false;
  let worse = false;
  for (const matrix of signs) {
    const sign = matrix[i]?.[j] ?? 0;
    better ||= sign > 0;
    worse ||= sign < 0;
  }
  return better === worse ? 0 : better ? 1 : -1;
}

type Signs = readonly Int8Array[];

/** At each of two widenings, sign[i][j] is 1 where i is surely better than j, −1 where surely worse, 0 where noise cannot be excluded. */
function signsOf(standings: readonly Standing[], key: string, factors: readonly [number, number]): readonly [Signs, Signs] {
  const ids = [...new Set(standings.flatMap((s) => [...(s[key]?.keys() ?? [])]))].sort();
  const table = standings.map((s) => ids.map((id) => s[key]?.get(id) ?? null));
  const blank = () => standings.map(() => new Int8Array(standings.length));
  const signs = [blank(), blank()] as const;
  for (let i = 0; i < table.length; i++)
    for (let j = i + 1; j < table.length; j++) {
      const apart = halfWidthsApart(table[i] ?? [], table[j] ?? []);
      for (const k of [0, 1] as const) {
        const [row, mirror] = [signs[k][i], signs[k][j]];
        if (!row || !mirror || !(Math.abs(apart) > factors[k])) continue;
        row[j] = Math.sign(apart);
        mirror[i] = -Math.sign(apart);
      }
    }
  return signs;
}

/** How many half-widths of its 95 % interval the difference of two models is away from zero; 0 where they share nothing. */
function halfWidthsApart(a: readonly (Graded | null)[], b: readonly (Graded | null)[]): number {
  let [difference, below, above] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k], b[k]];
    if (!x || !y) continue;
    difference += x.grade - y.grade;
    below += (x.grade - x.low) ** 2 + (y.high - y.grade) ** 2;
    above += (x.high - x.grade) ** 2 + (y.grade - y.low) ** 2;
  }
  return difference === 0 ? 0 : difference / Math.sqrt(difference > 0 ? below : above);
}

function placesOf(signs: readonly Int8Array[], counts: (i: number) => boolean): Place[] {
  const ranked = signs.reduce((sum, _, i) => sum + (counts(i) ? 1 : 0), 0);
  return signs.map((row, i) => {
    if (!counts(i)) return null;
    let [better, worse] = [0, 0];
    for (let j = 0; j < row.length; j++) {
      if (row[j] === -1) better++;
      else if (row[j] === 1) worse++;
    }
    return [1 + better, ranked - worse];
  });
}

export const placeText = (place: Place): string =>
  place === null ? '–' : place[0] === place[1] ? String(place[0]) : `${place[0]}–${place[1]}`;
