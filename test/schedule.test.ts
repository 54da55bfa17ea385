import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capacity, type Limits, type Path, planRuns, type Run } from '../runners/onnx/schedule.ts';

const roomy: Limits = { tokens: 512, picks: 256, requests: 1000, area: 1 << 20, packs: true, cache: true };

/** Plays the runs as the graph would, on paths instead of numbers: what each slot was answered from. */
function played(runs: readonly Run[]): Map<number, { seen: number[]; target: number }[]> {
  const cache: number[] = [];
  const answers = new Map<number, { seen: number[]; target: number }[]>();
  for (const run of runs) {
    expect(cache.length).toBeGreaterThanOrEqual(run.past);
    const seen: number[][] = [];
    run.ids.forEach((id, i) => {
      const above = run.above[i] ?? -1;
      expect(above).toBeLessThan(i);
      const before = above < 0 ? cache.slice(0, run.past) : (seen[above] ?? []);
      expect(run.positions[i]).toBe(before.length);
      seen.push([...before, id]);
    });
    for (const pick of run.picks)
      for (const slot of pick.slots)
        answers.set(slot, [...(answers.get(slot) ?? []), { seen: seen[pick.index] ?? [], target: pick.target }]);
    if (run.kept) expect(run.above).toEqual(run.ids.map((_, i) => i - 1));
    cache.length = run.past;
    // Whatever lies behind the past is overwritten by every run, kept or not.
    cache.push(...(run.kept ? run.ids : run.ids.map(() => -1)));
  }
  return answers;
}

function check(paths: readonly Path[], limits: Limits): Run[] {
  const runs = planRuns(paths, limits);
  const answers = played(runs);
  for (const path of paths)
    for (const pick of path.picks) expect(answers.get(pick.slot)).toEqual([{ seen: path.ids.slice(0, pick.at + 1), target: pick.target }]);
  expect([...answers.keys()].length).toBe(paths.flatMap((p) => p.picks).length);
  return runs;
}

function choice(request: number, prompt: readonly number[], options: readonly (readonly number[])[], slot: number): Path[] {
  return options.map((option) => {
    const ids = [...prompt, ...option.slice(0, -1)];
    const picks = option.map((target, i) => ({ at: prompt.length - 1 + i, target, slot: slot++ }));
    return { request, ids, picks };
  });
}

test('an item’s options share its prompt, and a one-token option takes no place of its own', () => {
  const paths = choice(0, [5, 6, 7], [[1], [2, 3], [2, 4, 9]], 0);
  const [run, ...rest] = check(paths, roomy);
  expect(rest).toEqual([]);
  expect(run?.ids).toEqual([5, 6, 7, 2, 4]);
  expect(run?.picks.length).toBe(1 + 1 + 3 - 0);
});

test('equal prompts are computed and read once', () => {
  const paths = [...choice(0, [5, 6, 7], [[1]], 0), ...choice(1, [5, 6, 7], [[1]], 1)];
  const [run] = check(paths, roomy);
  expect(run?.picks).toEqual([{ index: 2, target: 1, slots: [0, 1] }]);
  expect(run?.requests).toEqual([0, 1]);
});

test('a header shared by many items is computed once', () => {
  const header = Array.from({ length: 400 }, (_, i) => i);
  const paths = Array.from({ length: 50 }, (_, i) =>
    choice(i, [...header, ...Array.from({ length: 40 }, (_, j) => 1000 + i * 7 + j)], [[1], [2, 3]], i * 3),
  ).flat();
  const runs = check(paths, roomy);
  const computed = runs.reduce((sum, run) => sum + run.ids.length, 0);
  expect(computed).toBe(400 + 50 * 41);
  expect(runs[0]?.kept).toBe(true);
});

test('a text longer than a run is cut into runs that stand on each other', () => {
  const ids = Array.from({ length: 1300 }, (_, i) => i % 97);
  const path = { request: 0, ids, picks: ids.slice(1).map((target, at) => ({ at, target, slot: at })) };
  const runs = check([path], roomy);
  expect(runs.map((run) => run.ids.length)).toEqual([256, 256, 256, 256, 256, 20]);
  expect(runs.map((run) => run.past)).toEqual([0, 256, 512, 768, 1024, 1280]);
});

test('tokens × tokens seen stays under the area', () => {
  const limits = { ...roomy, area: 10_000 };
  for (const base of [0, 10, 1000]) {
    const n = capacity(base, limits);
    expect(n * (base + n)).toBeLessThanOrEqual(10_000);
    expect((n + 1) * (base + n + 1)).toBeGreaterThan(10_000);
  }
});

test('a model that does not pack gets one path a run, headers still shared', () => {
  const header = Array.from({ length: 100 }, (_, i) => i);
  const paths = choice(
    0,
    header,
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    0,
  );
  const runs = check(paths, { ...roomy, packs: false });
  expect(runs.map((run) => [run.past, run.ids.length])).toEqual([
    [0, 100],
    [100, 1],
    [100, 1],
    [100, 1],
  ]);
});

test('any paths, any limits: every pick is answered once, from its own path', () => {
  const token = fc.integer({ min: 0, max: 2 });
  const ids = fc.array(token, { minLength: 1, maxLength: 40 });
  const limits = fc.record({
    tokens: fc.integer({ min: 1, max: 30 }),
    picks: fc.integer({ min: 1, max: 10 }),
    requests: fc.integer({ min: 1, max: 5 }),
    area: fc.integer({ min: 1, max: 2000 }),
    packs: fc.boolean(),
    cache: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(ids, { minLength: 1, maxLength: 20 }), limits, (all, limit) => {
      let slot = 0;
      const paths = all.map((path, request) => ({ request, ids: path, picks: path.map((target, at) => ({ at, target, slot: slot++ })) }));
      const runs = check(paths, limit);
      if (limit.cache) for (const run of runs) expect(run.ids.length).toBeLessThanOrEqual(Math.max(capacity(run.past, limit), 1));
      if (!limit.packs) for (const run of runs) expect(run.above.every((a, i) => a === i - 1)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
