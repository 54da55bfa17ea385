/** What a number of items can show, before any is asked. Normal approximations with a design effect. */
import { normalCdf, normalQuantile } from './special.ts';

export interface Design {
  readonly n: number;
  readonly clusters: number;
  /** Intraclass correlation expected within a cluster (default .1). */
  readonly icc?: number;
  readonly alpha?: number;
  readonly power?: number;
}

/** 1 + (mean size − 1) · icc (Kish 1965). */
export const plannedEffect = (design: Pick<Design, 'n' | 'clusters' | 'icc'>): number =>
  1 + Math.max(0, design.n / Math.max(1, design.clusters) - 1) * (design.icc ?? 0.1);

/** Half-width of the 1 − α interval expected for a rate `p` (default the widest, .5). */
export function expectedHalfWidth(design: Design, p = 0.5): number {
  return normalQuantile(1 - (design.alpha ?? 0.05) / 2) * Math.sqrt((p * (1 - p) * plannedEffect(design)) / design.n);
}

/**
 * The smallest difference of two paired rates found with the given power (two-sided α), when a share `discordant` of the pairs differs under no
 * change (Connor 1987): smallest d with Φ((d√n_eff − z_α √ψ) / √(ψ − d²)) ≥ power, ψ = max(discordant, d).
 */
export function minimumDetectableDrop(design: Design, discordant = 0.1): number {
  const n = design.n / plannedEffect(design);
  for (let d = 0.001; d < 1; d += 0.001)
    if (pairedPower(n, d, { discordant, alpha: design.alpha ?? 0.05 }) >= (design.power ?? 0.8)) return d;
  return 1;
}

/** Power of McNemar's test for a drop `d` among `n` independent pairs of which a share `discordant` (or at least d) differs. */
export function pairedPower(n: number, d: number, options: { readonly discordant: number; readonly alpha: number }): number {
  const psi = Math.max(options.discordant, d);
  const spread = Math.max(1e-12, psi - d * d);
  return normalCdf((d * Math.sqrt(n) - normalQuantile(1 - options.alpha / 2) * Math.sqrt(psi)) / Math.sqrt(spread));
}

/** Items that would decide, if the value stays where it is: n · (half-width / distance)². Null when the value lies on the limit. */
export function itemsToDecide(n: number, halfWidth: number, distance: number): number | null {
  if (Math.abs(distance) < 1e-9) return null;
  const needed = Math.ceil(n * (halfWidth / distance) ** 2 * 1.05);
  return Number.isFinite(needed) ? Math.max(n + 1, needed) : null;
}
