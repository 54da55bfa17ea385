/** A sample spread evenly over items that are alike: the local pivotal method (Grafström, Lundström & Schelin 2012, LPM2). Pure. */

/** How alike item i is to every item; the array may be written over by the next call. */
export type RowOf = (i: number) => ArrayLike<number>;

/**
 * Indices drawn with the inclusion probabilities `chance` (their sum is the size of the sample, up to rounding), so that of two alike items seldom both
 * are taken: again and again one undecided item and its nearest neighbour settle between them which of the two is taken.
 */
export function spreadSample(chance: ArrayLike<number>, rowOf: RowOf, random: () => number): number[] {
  const p = Float64Array.from(chance);
  const own = new Float64Array(p.length);
  const open: number[] = [];
  p.forEach((v, i) => {
    if (!isOpen(v)) return;
    own[i] = rowOf(i)[i] as number;
    open.push(i);
  });
  const [last] = settled(open, { p, own, rowOf, random });
  if (last !== undefined) p[last] = random() < (p[last] as number) ? 1 : 0;
  return Array.from(p.keys()).filter((i) => (p[i] as number) > 0.5);
}

const isOpen = (p: number): boolean => p > 1e-9 && p < 1 - 1e-9;

interface Among {
  readonly p: Float64Array;
  readonly own: Float64Array;
  readonly rowOf: RowOf;
  readonly random: () => number;
}

/** Settles between neighbours until at most one item is open, which is returned. */
function settled(open: number[], among: Among): number[] {
  const { p, random } = among;
  while (open.length > 1) {
    const a = Math.floor(random() * open.length);
    const b = nearest(a, open, among);
    settle(p, open[a] as number, open[b] as number, random);
    for (const at of a > b ? [a, b] : [b, a]) {
      if (isOpen(p[open[at] as number] as number)) continue;
      open[at] = open[open.length - 1] as number;
      open.pop();
    }
  }
  return open;
}

/** Position of the nearest open item to the one at `a`; ties are broken by chance. */
function nearest(a: number, open: readonly number[], { own, rowOf, random }: Among): number {
  const row = rowOf(open[a] as number);
  let best = a === 0 ? 1 : 0;
  let least = Number.POSITIVE_INFINITY;
  let ties = 0;
  for (let b = 0; b < open.length; b++) {
    if (b === a) continue;
    const j = open[b] as number;
    const apart = (own[j] as number) - 2 * (row[j] as number);
    if (apart < least - 1e-12) [least, best, ties] = [apart, b, 1];
    else if (apart < least + 1e-12 && random() * ++ties < 1) best = b;
  }
  return best;
}

function settle(p: Float64Array, i: number, j: number, random: () => number): void {
  const [pi, pj] = [p[i] as number, p[j] as number];
  const sum = pi + pj;
  const takesAll = sum < 1 ? random() * sum < pi : random() * (2 - sum) < 1 - pj;
  const [full, rest] = sum < 1 ? [sum, 0] : [1, sum - 1];
  p[i] = takesAll ? full : rest;
  p[j] = takesAll ? rest : full;
}
