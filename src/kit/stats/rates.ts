/** Intervals for a rate. Counts may be fractional: an effective sample size after weights or a design effect. */
import { betaQuantile, normalQuantile } from './special.ts';

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval for `events` of `n` (Wilson 1927; Brown, Cai & DasGupta 2001 §3.1.1). `n` > 0. */
export function wilson(events: number, n: number, level = 0.95): Bounds {
  const z = normalQuantile(0.5 + level / 2);
  const p = events / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = ((z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) as number;
  return { low: events === 0 ? 0 : Math.max(0, centre - half), high: events === n ? 1 : Math.min(1, centre + half) };
}

/** The exact interval of Clopper & Pearson (1934) for `events` of `n`, by beta quantiles. `n` > 0. */
export function clopperPearson(events: number, n: number, level = 0.95): Bounds {
  const alpha = (1 - level) / 2;
  return {
    low: events <= 0 ? 0 : betaQuantile(alpha, events, n - events + 1),
    high: events >= n ? 1 : betaQuantile(1 - alpha, events + 1, n - events),
  };
}
