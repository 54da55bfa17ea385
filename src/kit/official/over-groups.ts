/** Benchmarks that report the plain mean over their parts (tasks, sources, cells), whatever the parts' sizes. */
import type { Metric, Row } from '../../types.ts';
import { meanTold } from '../rows.ts';

/** The mean over the rows' groups of a function of each group's rows; groups that tell nothing are left out. null: none does. */
export const overGroups =
  (compute: (rows: readonly Row[]) => number | null) =>
  (rows: readonly Row[]): number | null => {
    const groups = new Map<string, Row[]>();
    for (const row of rows) {
      const held = groups.get(row.group ?? '');
      if (held) held.push(row);
      else groups.set(row.group ?? '', [row]);
    }
    const told = [...groups.values()].map(compute).filter((value) => value !== null);
    return told.length === 0 ? null : told.reduce((a, b) => a + b, 0) / told.length;
  };

/** The mean of one value, as a function of rows. */
export const meanOfValue =
  (value: string) =>
  (rows: readonly Row[]): number | null =>
    meanTold(rows, value);

interface Official {
  readonly title: string;
  readonly formula: string;
  readonly better?: 'higher' | 'lower';
  readonly reads: readonly string[];
  readonly compute: (rows: readonly Row[]) => number | null;
}

/** A paper's own figure as a metric beside the headline: a share that is the mean over the rows' groups. */
export const officialScore = ({ title, formula, better = 'higher', reads, compute }: Official): Metric => ({
  id: 'official',
  title,
  unit: 'share',
  better,
  compute: overGroups(compute),
  reads,
  grade: (v) => (better === 'higher' ? v : 1 - v),
  formula,
});
