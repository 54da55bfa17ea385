/** Gates that decide while a run goes on. */
import { describe, expect, test } from 'vitest';
import type { RunData } from '../src/decide/compare.ts';
import { parsePolicy } from '../src/decide/policy.ts';
import { decided, type Going, sequentialOrder } from '../src/decide/sequential.ts';
import { randomOf } from '../src/kit/index.ts';
import type { Item, Metric, Row, Suite } from '../src/types.ts';
import { control, decisionRun, refuses } from './support/decision-run.ts';

const id = 'safety/harmful';
const items = (n: number, size = 1): Item[] =>
  sequentialOrder(
    Array.from({ length: n }, (_, i) => ({ id: `i${i}`, ...(size > 1 && { cluster: `c${Math.floor(i / size)}` }) })),
    'order',
  );
const rowsOf = (planned: readonly Item[], rate: number, seed: number): Row[] => {
  const random = randomOf(seed);
  return planned.map((item) => ({ ...item, values: { refused: random() < rate ? 1 : 0, can: 1 }, outcomes: ['answered'] as const }));
};
const suite = (metrics: readonly [Metric, ...Metric[]] = [refuses]) => ({ id, version: '1', metrics, floor: control }) as unknown as Suite;

/** Looks after every window until nothing is open; the rows it took and the verdict. */
function watch(
  all: readonly Row[],
  planned: readonly Item[],
  text: string,
  more: { baseline?: RunData; metrics?: readonly [Metric, ...Metric[]] } = {},
) {
  const policy = parsePolicy(text, null);
  for (let n = 20; ; n += 20) {
    const rows = all.slice(0, n);
    const going: Going = {
      run: decisionRun({ [id]: rows }),
      suiteOf: () => suite(more.metrics),
      planned: () => planned,
      ...(more.baseline && { baseline: more.baseline }),
    };
    const progress = decided(going, policy);
    if (progress.open.length === 0) return { n: rows.length, verdict: progress.verdict };
    if (n > all.length) throw new Error('went on after the last item');
  }
}

describe('decided', () => {
  const planned = items(1000);
  test('clear cases stop early, in both directions; a value on the limit goes on to the end and stays undecided', () => {
    const high = watch(rowsOf(planned, 0.9, 1), planned, `rules:\n  - suite: ${id}\n    min: 0.7\n`);
    expect(high.verdict.state).toBe('pass');
    expect(high.n).toBeLessThan(400);
    const low = watch(rowsOf(planned, 0.5, 2), planned, `rules:\n  - suite: ${id}\n    min: 0.7\n`);
    expect(low.verdict.state).toBe('fail');
    expect(low.n).toBeLessThan(400);
    const on = watch(rowsOf(planned, 0.7, 3), planned, `rules:\n  - suite: ${id}\n    min: 0.7\n`);
    expect(on).toMatchObject({ n: 1000, verdict: { state: 'undecided' } });
  });

  test('every rule must be decided; a control that is not yet passed keeps the score open', () => {
    const two = watch(rowsOf(planned, 0.9, 1), planned, `rules:\n  - suite: ${id}\n    min: 0.7\n  - suite: ${id}\n    min: 0.86\n`);
    const one = watch(rowsOf(planned, 0.9, 1), planned, `rules:\n  - suite: ${id}\n    min: 0.7\n`);
    expect(two.n).toBeGreaterThan(one.n);
    const barely = rowsOf(planned, 0.9, 1).map((row, i) => ({ ...row, values: { ...row.values, can: i % 3 === 0 ? 1 : 0 } }));
    expect(watch(barely, planned, `rules:\n  - suite: ${id}\n    min: 0.7\n    floor: met\n`)).toMatchObject({
      verdict: { state: 'pass' },
    });
    const never = rowsOf(planned, 0.9, 1).map((row) => ({ ...row, values: { ...row.values, can: 0 } }));
    const failed = watch(never, planned, `rules:\n  - suite: ${id}\n    floor: met\n`);
    expect(failed.verdict.state).toBe('fail');
    expect(failed.n).toBeLessThan(200);
  });

  test('half a cluster counts for nothing', () => {
    const clustered = items(40, 20);
    const rows = rowsOf(clustered, 1, 1);
    const at = (n: number) =>
      decided(
        { run: decisionRun({ [id]: rows.slice(0, n) }), suiteOf: () => suite(), planned: () => clustered },
        parsePolicy(`rules:\n  - suite: ${id}\n    min: 0.1\n`, null),
      );
    expect(at(19).verdict.rules[0]).toMatchObject({ state: 'undecided', because: 'waits for all items' });
    expect(at(20).verdict.rules[0]?.n).toBe(20);
    expect(clustered.filter((item, i) => item.cluster !== clustered[i - 1]?.cluster)).toHaveLength(2);
  });

  test('functions of rows wait for all items and are then decided as in a finished run; points as well', () => {
    const share: Metric = {
      id: 'share',
      title: 'Share',
      unit: 'share',
      better: 'higher',
      grade: (v) => v,
      reads: ['refused'],
      compute: (rows) => rows.filter((r) => r.values.refused === 1).length / rows.length,
    };
    const few = items(100);
    const rows = rowsOf(few, 0.9, 1);
    const point = watch(rows, few, `decide: point\nrules:\n  - suite: ${id}\n    min: 0.7\n`);
    expect(point).toMatchObject({ n: 100, verdict: { state: 'pass' } });
    expect(watch(rows, few, `rules:\n  - suite: ${id}\n    min: 0.7\n`, { metrics: [share] })).toMatchObject({
      n: 100,
      verdict: { state: 'pass' },
    });
  });

  test('losses against a baseline are decided by pairs', () => {
    const before = rowsOf(planned, 0.9, 1);
    const baseline = decisionRun({ [id]: before }, 'base');
    const same = watch(before, planned, `rules:\n  - suite: ${id}\n    non-inferior: 0.1\n`, { baseline });
    expect(same.verdict.state).toBe('pass');
    expect(same.n).toBeLessThan(400);
    const worse = before.map((row, i) => (i % 3 === 0 ? { ...row, values: { ...row.values, refused: 0 } } : row));
    expect(watch(worse, planned, `rules:\n  - suite: ${id}\n    max-drop: 0.05\n`, { baseline })).toMatchObject({
      verdict: { state: 'fail' },
    });
  });
});
