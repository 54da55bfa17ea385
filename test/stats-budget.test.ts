/** A budget of items: fair draws, estimates that stay right whatever the fleet is worth. */
import { describe, expect, test } from 'vitest';
import { budgetEstimate, drawItems, surveyOf } from '../src/decide/budget.ts';
import { type Fleet, fleetOf, noFleet, without } from '../src/decide/fleet-values.ts';
import { likenessOf } from '../src/decide/likeness.ts';
import { randomOf } from '../src/kit/index.ts';

const random = randomOf('items');
const items = Array.from({ length: 400 }, (_, i) => ({ id: `i${i}`, group: i % 2 ? 'a' : 'b', cluster: `c${i % 20}` }));
const hard = items.map(() => random());
const answers = (seed: string) => {
  const draw = randomOf(seed);
  return new Map(items.map(({ id }, i) => [id, draw() < 1 / (1 + Math.exp(8 * ((hard[i] as number) - 0.5))) ? 1 : 0]));
};
const truth = answers('target');
const mean = [...truth.values()].reduce((sum, v) => sum + v, 0) / 400;
const of = (columns: Fleet['answers']): Fleet => ({ answers: columns, further: [], of: [] });
const fleet = of(['a', 'b', 'c', 'd', 'e'].map(answers));
const nonsense = of([new Map(items.map(({ id }, i) => [id, (i * 7919) % 2]))]);
const surveys = { fleet: surveyOf(items, fleet, 1), none: surveyOf(items, noFleet, 1), nonsense: surveyOf(items, nonsense, 1) };
const estimate = (count: number, seed: number, survey = surveys.fleet) =>
  budgetEstimate(
    survey,
    drawItems(survey, count, seed).map(({ id }) => ({ id, value: truth.get(id) as number })),
    seed,
  );

describe('drawItems', () => {
  test('the asked number, no item twice, groups and clusters in proportion, the same under the same seed', () => {
    const drawn = drawItems(surveys.none, 40, 1);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(40);
    for (const seed of [1, 2, 3, 4]) {
      const kept = drawItems(surveys.none, 40, seed) as typeof items;
      expect(Math.abs(kept.filter(({ group }) => group === 'a').length - 20)).toBeLessThanOrEqual(1);
      expect(new Set(kept.map(({ cluster }) => cluster)).size).toBe(20);
    }
    expect(drawItems(surveys.none, 40, 1)).toEqual(drawn);
    expect(drawItems(surveys.none, 40, 2)).not.toEqual(drawn);
    expect(drawItems(surveys.none, 999, 1)).toEqual(items);
  });

  test('what the fleet found hard and easy is asked in proportion', () => {
    const share = (id: string) => fleet.answers.reduce((sum, column) => sum + (column.get(id) as number), 0) / 5;
    const all = items.reduce((sum, { id }) => sum + share(id), 0) / 400;
    const off = (survey: typeof surveys.none) =>
      Array.from({ length: 30 }, (_, seed) => drawItems(survey, 40, seed).reduce((sum, { id }) => sum + share(id), 0) / 40 - all).reduce(
        (sum, v) => sum + v * v,
        0,
      );
    expect(off(surveys.fleet)).toBeLessThan(off(surveys.none) / 4);
  });

  test('suites of many items are spread in blocks, the number kept', () => {
    const many = Array.from({ length: 9001 }, (_, i) => ({ id: `m${i}`, group: `g${i % 10}` }));
    const drawn = drawItems(surveyOf(many, noFleet, 1), 300, 1);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(300);
    for (let g = 0; g < 10; g++)
      expect(Math.abs(drawn.filter(({ id }) => Number(id.slice(1)) % 10 === g).length - 30)).toBeLessThanOrEqual(6);
  });

  test('every item has the same chance', () => {
    const times = new Map<string, number>();
    for (let seed = 0; seed < 400; seed++) for (const { id } of drawItems(surveys.fleet, 40, seed)) times.set(id, (times.get(id) ?? 0) + 1);
    expect(times.size).toBe(400);
    expect(Math.max(...times.values())).toBeLessThan(75);
    expect(Math.min(...times.values())).toBeGreaterThan(15);
  });
});

describe('budgetEstimate', () => {
  test('is unbiased and its intervals hold, with a good fleet, none, or a useless one; a good one tells more', () => {
    const study = (survey: typeof surveys.fleet) => {
      const found = Array.from({ length: 120 }, (_, seed) => estimate(60, seed, survey));
      const error = found.reduce((sum, f) => sum + ((f?.value ?? 0) - mean), 0) / found.length;
      const squares = found.reduce((sum, f) => sum + ((f?.value ?? 0) - mean) ** 2, 0) / found.length;
      const held = found.filter((f) => f && f.low <= mean && mean <= f.high).length / found.length;
      return { error, squares, held };
    };
    const [good, none, useless] = [study(surveys.fleet), study(surveys.none), study(surveys.nonsense)];
    for (const { error, held } of [good, none, useless]) {
      expect(Math.abs(error)).toBeLessThan(0.015);
      expect(held).toBeGreaterThan(0.92);
    }
    expect(good.squares).toBeLessThan(none.squares / 1.3);
    expect(useless.squares).toBeLessThan(none.squares * 1.3);
  });

  test('all items asked: the mean itself; too few: nothing', () => {
    expect(estimate(400, 1)?.value).toBeCloseTo(mean, 9);
    expect(estimate(5, 1)).toBeNull();
  });

  test('nothing seen is not certainty: no events, or values that never differ', () => {
    const asked = (value: number) => drawItems(surveys.none, 40, 1).map(({ id }) => ({ id, value }));
    const never = budgetEstimate(surveys.none, asked(0), 1);
    expect(never).toMatchObject({ value: 0, low: 0 });
    // 0 of 40 out of 400: exact 8.8 %, less by the share that was asked.
    expect(never?.high).toBeGreaterThan(0.06);
    expect(never?.high).toBeLessThan(0.089);
    const same = budgetEstimate(surveys.none, asked(0.5), 1);
    expect(same?.low).toBeLessThan(0.45);
    expect(same?.high).toBeGreaterThan(0.55);
  });

  test('a fleet is read from rows: the value itself, and further figures', () => {
    const rows = [
      { id: 'x', values: { leak: 1, margin: 2.5 }, outcomes: [] },
      { id: 'y', values: { leak: null }, outcomes: [] },
      { id: 'z', values: { leak: 1 }, outcomes: [], skip: 'unreadable' },
    ];
    const found = fleetOf([rows, rows], 'leak');
    expect(found.answers).toEqual([new Map([['x', 1]]), new Map([['x', 1]])]);
    expect(found.further).toEqual([new Map([['x', 2.5]]), new Map([['x', 2.5]])]);
    expect(without(found, 0)).toEqual({ answers: [new Map([['x', 1]])], further: [new Map([['x', 2.5]])], of: [0] });
  });
});

describe('likenessOf', () => {
  const made = Array.from({ length: 40 }, (_, i) => ({
    id: `i${i}`,
    group: i % 2 ? 'a' : 'b',
    same: i % 2 ? 'x' : 'y',
    kind: `k${i % 5}`,
    question: `Is item number ${i} of the ${i % 4 ? 'red' : 'blue'} ones?`,
  }));
  const likeness = likenessOf(made, of([new Map(made.map(({ id }, i) => [id, i % 3 === 0 ? 1 : 0]))]));

  test('fields of few values are factors once, the rest is words, the fleet stands first', () => {
    expect(likeness.names).toEqual(['fleet', 'fleet near 0', 'fleet near 1', 'fleet near 2', 'words', 'alike 1', 'alike 2', 'alike 3']);
    const out = new Float64Array(likeness.names.length);
    likeness.read(0, 10, out);
    expect([...out.slice(5)]).toEqual([1, 1, 1]);
    likeness.read(0, 1, out);
    expect([...out.slice(5)]).toEqual([0, 0, 0]);
  });

  test('a row is the weighted sum of the kernels, in the whole and in a part', () => {
    const weights = likeness.names.map((_, k) => 1 / (k + 1));
    const [row, out] = [new Float64Array(40), new Float64Array(likeness.names.length)];
    likeness.row(7, weights, row);
    for (let j = 0; j < 40; j++) {
      likeness.read(7, j, out);
      expect(row[j]).toBeCloseTo(
        out.reduce((sum, v, k) => sum + v * (weights[k] as number), 0),
        9,
      );
    }
    const [part, inPart] = [likeness.part([3, 7, 30]), new Float64Array(3)];
    part.row(1, weights, inPart);
    for (const [k, j] of [3, 7, 30].entries()) expect(inPart[k]).toBeCloseTo(row[j] as number, 9);
  });
});
