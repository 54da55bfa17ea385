import { expect, test } from 'vitest';
import { afterDeath, type Group } from '../runners/onnx/blame.ts';

/** A child that dies whenever it works on a bad request, `batch` at a time. */
function run(count: number, bad: readonly number[], batch: number) {
  const groups: Group[] = [{ indices: Array.from({ length: count }, (_, i) => i), deaths: 0 }];
  const answered = new Set<number>();
  const culprits: number[] = [];
  let deaths = 0;
  for (let group = groups.shift(); group; group = groups.shift()) {
    const indices = group.indices;
    for (let at = 0; at < indices.length; at += batch) {
      const busy = indices.slice(at, at + batch);
      if (!busy.some((index) => bad.includes(index))) {
        for (const index of busy) answered.add(index);
        continue;
      }
      deaths++;
      const left = { indices: indices.filter((index) => !answered.has(index)), deaths: group.deaths };
      const { next, culprit } = afterDeath(left, busy);
      groups.unshift(...next);
      if (culprit !== null) culprits.push(culprit);
      break;
    }
  }
  return { answered: answered.size, culprits, deaths };
}

test('the culprit is found by halving, everyone else is answered', () => {
  expect(run(100, [37], 16)).toMatchObject({ answered: 99, culprits: [37] });
  expect(run(100, [37], 16).deaths).toBeLessThanOrEqual(12);
  expect(run(64, [3, 4, 60], 64)).toMatchObject({ answered: 61, culprits: [3, 4, 60] });
});

test('one death that does not come again blames nobody', () => {
  const { next, culprit } = afterDeath({ indices: [0, 1, 2, 3], deaths: 0 }, [1, 2]);
  expect(culprit).toBeNull();
  expect(next).toEqual([
    { indices: [1, 2], deaths: 1 },
    { indices: [0, 3], deaths: 0 },
  ]);
});
