/** Agreement between raters. */
export type Level = 'nominal' | 'ordinal' | 'interval';

/**
 * Krippendorff's alpha (2011, "Computing Krippendorff's alpha-reliability"): `units` hold the values that raters gave to each unit (null: not
 * rated). 1 full agreement, 0 chance. Null when fewer than two pairable values, or no two values differ.
 */
export function krippendorffAlpha(units: readonly (readonly (number | null)[])[], level: Level = 'nominal'): number | null {
  const pairable = units.map((unit) => unit.filter((v): v is number => v !== null)).filter((unit) => unit.length > 1);
  const values = [...new Set(pairable.flat())].sort((a, b) => a - b);
  const at = new Map(values.map((v, i) => [v, i]));
  const k = values.length;
  const coincidences = values.map(() => new Array<number>(k).fill(0));
  for (const unit of pairable) {
    for (let i = 0; i < unit.length; i++) {
      const line = coincidences[at.get(unit[i] as number) as number] as number[];
      for (let j = 0; j < unit.length; j++) {
        const column = at.get(unit[j] as number) as number;
        if (i !== j) line[column] = (line[column] as number) + 1 / (unit.length - 1);
      }
    }
  }
  const marginal = coincidences.map((line) => line.reduce((sum, v) => sum + v, 0));
  const n = marginal.reduce((sum, v) => sum + v, 0);
  let [observed, expected] = [0, 0];
  for (let c = 0; c < k; c++) {
    for (let d = c + 1; d < k; d++) {
      const delta = distance(c, d, { level, values, marginal });
      observed += (coincidences[c]?.[d] as number) * delta;
      expected += (marginal[c] as number) * (marginal[d] as number) * delta;
    }
  }
  return expected === 0 ? null : 1 - ((n - 1) * observed) / expected;
}

interface Scale {
  readonly level: Level;
  readonly values: readonly number[];
  readonly marginal: readonly number[];
}

function distance(c: number, d: number, { level, values, marginal }: Scale): number {
  if (level === 'nominal') return 1;
  if (level === 'interval') return ((values[c] as number) - (values[d] as number)) ** 2;
  let between = 0;
  for (let g = c; g <= d; g++) between += marginal[g] as number;
  return (between - ((marginal[c] as number) + (marginal[d] as number)) / 2) ** 2;
}
