/** A rate seen through an imperfect detector (Rogan & Gladen 1978), with the uncertainty of the detector's own error. */
import type { DetectorCard } from '../../types.ts';
import type { Bounds } from './rates.ts';
import { normalQuantile } from './special.ts';

/** Sensitivity and specificity with the numbers of labelled cases they are worth. */
export interface DetectorError {
  readonly se: number;
  readonly sp: number;
  readonly nSe: number;
  readonly nSp: number;
}

/**
 * A card's totals. Where three sources or more were measured, the spread between them (DerSimonian & Laird's moment estimate) lowers the number of
 * cases the card is worth: the model under test is one more source. Null when the card has no positives or no negatives.
 */
export function errorOf(card: DetectorCard): DetectorError | null {
  const se = pooled(card.bySource.map((s) => [s.found, s.positives]));
  const sp = pooled(card.bySource.map((s) => [s.clean, s.negatives]));
  return se && sp ? { se: se.rate, nSe: se.n, sp: sp.rate, nSp: sp.n } : null;
}

function pooled(sources: readonly (readonly [hits: number, n: number])[]): { rate: number; n: number } | null {
  const used = sources.filter(([, n]) => n > 0);
  const n = used.reduce((sum, [, k]) => sum + k, 0);
  if (n === 0) return null;
  const rate = used.reduce((sum, [hits]) => sum + hits, 0) / n;
  const binomial = rate * (1 - rate);
  if (used.length < 3 || binomial === 0) return { rate, n };
  const q = used.reduce((sum, [hits, k]) => sum + (k * (hits / k - rate) ** 2) / binomial, 0);
  const scale = n - used.reduce((sum, [, k]) => sum + k * k, 0) / n;
  const between = Math.max(0, ((q - (used.length - 1)) * binomial) / scale);
  const variance = binomial / n + between * (1 + 1 / used.length);
  return { rate, n: Math.min(n, binomial / variance) };
}

/** (q + Sp − 1) / (Se + Sp − 1), kept within 0..1. NaN when the detector tells nothing (Se + Sp ≤ 1). */
export function roganGladen(seen: number, error: DetectorError): number {
  const power = error.se + error.sp - 1;
  return power <= 0 ? Number.NaN : Math.min(1, Math.max(0, (seen + error.sp - 1) / power));
}

/**
 * Interval of the true rate when `seen` (as counted, over an effective sample of `n`) went through a detector (Lang & Reiczigel 2014, Prev. Vet.
 * Med. 113:13–22, eq. 4 and 10–16): Agresti–Coull-like
 * adjustments of all three rates.
 */
export function roganGladenInterval(seen: number, n: number, error: DetectorError, level = 0.95): Bounds {
  const z = normalQuantile(0.5 + level / 2);
  const z2 = z * z;
  const se = (error.nSe * error.se + 1) / (error.nSe + 2);
  const sp = (error.nSp * error.sp + 1) / (error.nSp + 2);
  const power = se + sp - 1;
  if (power <= 0.05) return { low: 0, high: 1 };
  const q = (n * seen + z2 / 2) / (n + z2);
  const p = Math.min(1, Math.max(0, (q + sp - 1) / power));
  const [varSe, varSp] = [(se * (1 - se)) / (error.nSe + 2), (sp * (1 - sp)) / (error.nSp + 2)];
  const shift = 2 * z2 * (p * varSe - (1 - p) * varSp);
  const half = (z / power) * Math.sqrt((q * (1 - q)) / (n + z2) + p * p * varSe + (1 - p) ** 2 * varSp);
  return { low: Math.max(0, Math.min(1, p + shift - half)), high: Math.min(1, Math.max(0, p + shift + half)) };
}
