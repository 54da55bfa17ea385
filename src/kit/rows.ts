/** Reading one observed value off many rows, for metrics and details computed by a suite. */
import type { Row } from '../types.ts';

/** The numbers that rows give for a value: rows that do not name it, or could not tell, are left out. */
export const told = (rows: readonly Row[], name: string): number[] =>
  rows.flatMap((row) => {
    const value = row.values[name];
    return typeof value === 'number' ? [value] : [];
  });

export const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;

/** Mean of a value over the rows that tell it; null where none does. */
export const meanTold = (rows: readonly Row[], name: string): number | null => mean(told(rows, name));

/** Harmonic mean of two values' means: high only where both are. Rows that tell neither give 0. */
export function balanceOf(rows: readonly Row[], first: string, second: string): number {
  const [a, b] = [meanTold(rows, first) ?? 0, meanTold(rows, second) ?? 0];
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}
