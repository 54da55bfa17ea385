/** A budget of items: fair draws, estimates that stay right whatever the fleet is worth. */
import { describe, expect, test } from 'vitest';
import { budgetEstimate, drawItems, fleetOf } from '../src/decide/budget.ts';
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
const fleet = ['a', 'b', 'c', 'd', 'e'].map(answers);
const nonsense = [new Map(items.map(({ id }, i) => [id, (i * 7919) % 2]))];
const estimate = (count: number, seed: number, reference = fleet) => {
  const drawn = drawItems(items, { count, seed, fleet: reference });
  return budgetEstimate(
    items,
    drawn.map(({ item, weight }) => ({ id: item.id, value: truth.get(item.id) as number, weight })),
    { seed, fleet: reference },
  );
};

describe('drawItems', () => {
  test('the asked number, no item twice, groups and clusters in proportion, the same under the same seed', () => {
    const drawn = drawItems(items, { count: 40, seed: 1, fleet });
    expect(new Set(drawn.map(({ item }) => item.id)).size).toBe(40);
    expect(drawn.filter(({ item }) => item.group === 'a')).toHaveLength(20);
    expect(new Set(drawn.map(({ item }) => item.cluster)).size).toBe(20);
    expect(drawn.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(400, 9);
    expect(drawItems(items, { count: 40, seed: 1, fleet })).toEqual(drawn);
    expect(drawItems(items, { count: 999, seed: 1, fleet: [] }).every(({ weight }) => weight === 1)).toBe(true);
  });

  test('every item has the same chance', () => {
    const times = new Map<string, number>();
    for (let seed = 0; seed < 400; seed++)
      for (const { item } of drawItems(items, { count: 40, seed, fleet: [] })) times.set(item.id, (times.get(item.id) ?? 0) + 1);
    expect(times.size).toBe(400);
    expect(Math.max(...times.values())).toBeLessThan(75);
    expect(Math.min(...times.values())).toBeGreaterThan(15);
  });
});

describe('budgetEstimate', () => {
  test('is unbiased and its intervals hold, with a good fleet, none, or a useless one; a good one tells more', () => {
    const study = (reference: typeof fleet) => {
      const found = Array.from({ length: 120 }, (_, seed) => estimate(60, seed, reference));
      const error = found.reduce((sum, f) => sum + ((f?.value ?? 0) - mean), 0) / found.length;
      const squares = found.reduce((sum, f) => sum + ((f?.value ?? 0) - mean) ** 2, 0) / found.length;
      const held = found.filter((f) => f && f.low <= mean && mean <= f.high).length / found.length;
      return { error, squares, held };
    };
    const [good, none, useless] = [study(fleet), study([]), study(nonsense)];
    for (const { error, held } of [good, none, useless]) {
      expect(Math.abs(error)).toBeLessThan(0.015);
      expect(held).toBeGreaterThan(0.92);
    }
    expect(good.squares).toBeLessThan(none.squares / 1.5);
    expect(useless.squares).toBeLessThan(none.squares * 1.3);
  });

  test('all items asked: the mean itself; too few: nothing', () => {
    expect(estimate(400, 1)?.value).toBeCloseTo(mean, 9);
    expect(estimate(5, 1)).toBeNull();
  });

  test('a fleet is read from rows', () => {
    const rows = [
      { id: 'x', values: { leak: 1, other: null }, outcomes: [] },
      { id: 'y', values: { leak: null }, outcomes: [] },
    ];
    expect(fleetOf([rows], 'leak')[0]).toEqual(new Map([['x', 1]]));
  });
});
