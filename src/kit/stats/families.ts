/** Many tests at once. */

/** Holm's (1979) step-down adjusted p-values, in the order given: reject where ≤ α and the family-wise error stays ≤ α. */
export function holm(p: readonly number[]): number[] {
  const order = ranked(p);
  const adjusted: number[] = new Array(p.length).fill(1);
  let least = 0;
  order.forEach((at, rank) => {
    least = Math.max(least, Math.min(1, (p.length - rank) * (p[at] as number)));
    adjusted[at] = least;
  });
  return adjusted;
}

/** Benjamini & Hochberg's (1995) adjusted p-values: reject where ≤ q and the false discovery rate stays ≤ q. */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = ranked(p).reverse();
  const adjusted: number[] = new Array(p.length).fill(1);
  let most = 1;
  order.forEach((at, back) => {
    most = Math.min(most, ((p[at] as number) * p.length) / (p.length - back));
    adjusted[at] = most;
  });
  return adjusted;
}

const ranked = (p: readonly number[]): number[] => p.map((_, i) => i).sort((a, b) => (p[a] as number) - (p[b] as number) || a - b);
