/** Confidence sequences by betting: valid at every moment at once (Waudby-Smith & Ramdas 2024, JRSS-B 86:1–27, §4 and appendix B). */

/** One draw: the sum of its values and the number of them. A single answer is {sum: v, size: 1}; a cluster is drawn whole. Values in 0..1. */
export interface Draw {
  readonly sum: number;
  readonly size: number;
}

export interface Sequence {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly draws: number;
}

const mostOfWealth = 0.75;

interface Bet {
  readonly up: boolean;
  readonly alpha: number;
  /** The greatest size a draw can have; payoffs are scaled by it. */
  readonly largest: number;
}

/**
 * The greatest log-wealth so far of betting that the mean is above `mean` (`up`) or below it. Half the purse follows the predictable plug-in stake
 * (eq. 26), half the approximately growth-optimal one (aGRAPA, §B.3). Stakes depend on earlier draws alone, so the wealth is a nonnegative
 * martingale if the mean is `mean`, and exceeds 1/alpha ever with probability at most alpha (Ville).
 */
function bestLogWealth(draws: readonly Draw[], mean: number, { up, alpha, largest }: Bet): number {
  const limit = mostOfWealth / (up ? mean : 1 - mean);
  const wealth: [number, number] = [0, 0];
  let best = 0;
  let [sum, squares] = [0.5, 0.25];
  for (let t = 1; t <= draws.length; t++) {
    const draw = draws[t - 1] as Draw;
    // A draw's payoff is Σ(value − mean) / largest, within [−mean, 1 − mean]: its expectation is 0 at the true ratio of sums.
    const pay = ((draw.sum - draw.size * mean) / largest) * (up ? 1 : -1);
    const variance = squares / t;
    const lead = (sum / t - mean) * (up ? 1 : -1);
    const plugIn = Math.sqrt((2 * Math.log(1 / alpha)) / (variance * t * Math.log(t + 1)));
    const growth = Math.max(0, lead / (variance + lead * lead));
    wealth[0] += Math.log1p(Math.min(plugIn, limit) * pay);
    wealth[1] += Math.log1p(Math.min(growth, limit) * pay);
    best = Math.max(best, Math.log((Math.exp(wealth[0]) + Math.exp(wealth[1])) / 2));
    const seen = mean + (draw.sum - draw.size * mean) / largest;
    sum += seen;
    squares += (seen - sum / (t + 1)) ** 2;
  }
  return best;
}

/** Whether the draws so far, looked at as often as one likes, refute "the mean is at most `limit`" (`above`) or "at least" (`below`) at level alpha. */
export function bettingTest(
  draws: readonly Draw[],
  limit: number,
  options: { readonly side: 'above' | 'below'; readonly alpha: number; readonly largest: number },
): boolean {
  const up = options.side === 'above';
  if (up ? limit >= 1 : limit <= 0) return false;
  if (up ? limit < 0 : limit > 1) return true;
  const at = Math.min(1 - 1e-9, Math.max(1e-9, limit));
  return bestLogWealth(draws, at, { up, alpha: options.alpha, largest: options.largest }) >= Math.log(1 / options.alpha);
}

/** The means not refuted by any moment so far: an interval that holds the mean at all times at once with probability 1 − alpha. */
export function bettingSequence(draws: readonly Draw[], options: { readonly alpha: number; readonly largest: number }): Sequence {
  const alpha = options.alpha / 2;
  const size = draws.reduce((n, draw) => n + draw.size, 0);
  const value = size === 0 ? 0.5 : draws.reduce((s, draw) => s + draw.sum, 0) / size;
  const refuted = (limit: number, side: 'above' | 'below') => bettingTest(draws, limit, { side, alpha, largest: options.largest });
  return { low: edge(0, value, (m) => refuted(m, 'above')), high: edge(1, value, (m) => refuted(m, 'below')), value, draws: draws.length };
}

/** The end of the refuted stretch that starts at `from`, by bisection towards `to`. */
function edge(from: number, to: number, refuted: (mean: number) => boolean): number {
  if (!refuted(from + (to - from) * 1e-6)) return from;
  let [out, inside] = [from, to];
  for (let i = 0; i < 30; i++) {
    const mid = (out + inside) / 2;
    if (refuted(mid)) out = mid;
    else inside = mid;
  }
  return out;
}
