/** What other models did on the same items. */
import type { Row } from '../types.ts';

type Column = ReadonlyMap<string, number>;

/** Columns by item id. `answers`: the value that is estimated, one a model; `further`: other figures of their rows. */
export interface Fleet {
  readonly answers: readonly Column[];
  readonly further: readonly Column[];
  /** Which model each further column is of, an index into `answers`. */
  readonly of: readonly number[];
}

export const noFleet: Fleet = { answers: [], further: [], of: [] };

/** Columns of a fleet from its rows; `value` is what will be estimated. */
export function fleetOf(runs: readonly (readonly Row[])[], value: string): Fleet {
  const column = (rows: readonly Row[], name: string): Column =>
    new Map(
      rows.flatMap((row) => {
        const found = row.values[name];
        return row.skip === undefined && typeof found === 'number' && Number.isFinite(found) ? [[row.id, found] as const] : [];
      }),
    );
  const answers = runs.map((rows) => column(rows, value));
  const further: Column[] = [];
  const of: number[] = [];
  runs.forEach((rows, m) => {
    const names = new Set(rows.flatMap((row) => Object.keys(row.values)));
    for (const name of names) {
      if (name === value) continue;
      further.push(column(rows, name));
      of.push(m);
    }
  });
  return { answers, further, of };
}

/** The fleet without one of its models. */
export function without({ answers, further, of }: Fleet, model: number): Fleet {
  const kept = of.flatMap((m, i) => (m === model ? [] : [i]));
  return {
    answers: answers.filter((_, m) => m !== model),
    further: kept.map((i) => further[i] as Column),
    of: kept.map((i) => ((of[i] as number) > model ? (of[i] as number) - 1 : (of[i] as number))),
  };
}
