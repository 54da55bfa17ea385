/** Ranks: AUROC, correlation. */
import type { Bounds } from './rates.ts';
import { normalQuantile } from './special.ts';

/** Ranks from 1; equal values share their mean rank. */
export function midranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks: number[] = new Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let k = from; k < to; k++) ranks[order[k] as number] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

export interface Auroc extends Bounds {
  readonly value: number;
  readonly se: number;
}

/**
 * Probability that a positive scores above a negative (ties half), with DeLong's (1988) variance by midranks (Sun & Xu 2014) and the interval on the
 * logit scale (Pepe 2003 §5.2.4). Null without positives or negatives. Perfect separation: the interval's open end is the exact bound for the
 * smaller class.
 */
export function auroc(positives: readonly number[], negatives: readonly number[], level = 0.95): Auroc | null {
  const [m, n] = [positives.length, negatives.length];
  if (m === 0 || n === 0) return null;
  const all = midranks([...positives, ...negatives]);
  const own = [midranks(positives), midranks(negatives)] as const;
  const v10 = positives.map((_, i) => ((all[i] as number) - (own[0][i] as number)) / n);
  const v01 = negatives.map((_, j) => 1 - ((all[m + j] as number) - (own[1][j] as number)) / m);
  const value = v10.reduce((sum, v) => sum + v, 0) / m;
  const spread = (vs: readonly number[]) => vs.reduce((sum, v) => sum + (v - value) ** 2, 0) / Math.max(1, vs.length - 1) / vs.length;
  const se = Math.sqrt(spread(v10) + spread(v01));
  if (value === 0 || value === 1) {
    const open = ((1 - level) / 2) ** (1 / Math.min(m, n));
    return { value, se, low: value === 1 ? open : 0, high: value === 1 ? 1 : 1 - open };
  }
  const z = normalQuantile(0.5 + level / 2);
  const at = (side: number): number => 1 / (1 + Math.exp(-(Math.log(value / (1 - value)) + (side * z * se) / (value * (1 - value)))));
  return { value, se, low: at(-1), high: at(1) };
}

export interface Correlation extends Bounds {
  readonly value: number;
  readonly n: number;
}

/** Pearson's r with Fisher's z interval. Null below four pairs or without spread. */
export const pearson = (x: readonly number[], y: readonly number[], level = 0.95): Correlation | null =>
  correlation(x, y, { level, factor: () => 1 });

/** Spearman's rho with the interval of Bonett & Wright (2000): variance (1 + r²/2) / (n − 3) of Fisher's z. */
export const spearman = (x: readonly number[], y: readonly number[], level = 0.95): Correlation | null =>
  correlation(midranks(x), midranks(y), { level, factor: (r) => 1 + (r * r) / 2 });

function correlation(
  x: readonly number[],
  y: readonly number[],
  { level, factor }: { readonly level: number; readonly factor: (r: number) => number },
): Correlation | null {
  const n = x.length;
  if (n < 4 || y.length !== n) return null;
  const mean = (vs: readonly number[]) => vs.reduce((sum, v) => sum + v, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (xx === 0 || yy === 0) return null;
  const value = Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
  const half = normalQuantile(0.5 + level / 2) * Math.sqrt(factor(value) / (n - 3));
  const z = Math.atanh(Math.max(-1 + 1e-15, Math.min(1 - 1e-15, value)));
  return { value, n, low: Math.min(value, Math.tanh(z - half)), high: Math.max(value, Math.tanh(z + half)) };
}
