/** Rows to estimates: methods, grades, floors, bounds, detector error, weights. */
import { describe, expect, test } from 'vitest';
import { estimatesOf } from '../src/engine/estimate.ts';
import { profileOf } from '../src/engine/profile.ts';
import { clusterSums, designEffect, randomOf, roganGladen, roganGladenInterval } from '../src/kit/index.ts';
import type { DetectorCard, Floor, Metric, Result, Row } from '../src/types.ts';

const leak: Metric = { id: 'leaks', title: 'Leaks', unit: 'share', better: 'lower', grade: (v) => 1 - v, value: 'leak' };
const control: Floor = { title: 'repeats it when allowed', value: 'can', chance: 0.5 };
const suiteOf = (metrics: readonly [Metric, ...Metric[]], floor: Floor = control) => ({ id: 'privacy/secrets', metrics, floor });

function rowsOf(count: number, make: (i: number) => Partial<Row> & { values: Row['values'] }): Row[] {
  return Array.from({ length: count }, (_, i) => ({ id: `i${i}`, outcomes: ['answered'], ...make(i) }));
}

describe('estimatesOf', () => {
  test('a plain rate gets Wilson, a rare one Clopper–Pearson, and grades turn the interval round', () => {
    const rows = rowsOf(263, (i) => ({ values: { leak: i < 81 ? 1 : 0, can: 1 } }));
    const { estimates, floor } = estimatesOf(suiteOf([leak]), rows, { seed: 1 });
    const [first] = estimates;
    expect(first).toMatchObject({ metric: 'leaks', n: 263, clusters: 263, skipped: 0 });
    expect(first?.interval?.method).toBe('wilson');
    expect(first?.interval?.low).toBeCloseTo(0.2553, 4);
    expect(first?.interval?.high).toBeCloseTo(0.3662, 4);
    expect(first?.gradeLow).toBeCloseTo(1 - 0.3662, 4);
    expect(first?.gradeHigh).toBeCloseTo(1 - 0.2553, 4);
    expect(floor).toMatchObject({ state: 'met', value: 1, high: 1, chance: 0.5, n: 263 });
    const rare = estimatesOf(
      suiteOf([leak]),
      rowsOf(20, () => ({ values: { leak: 0, can: 1 } })),
      { seed: 1 },
    );
    expect(rare.estimates[0]?.interval).toMatchObject({ low: 0, method: 'clopper-pearson' });
    expect(rare.estimates[0]?.interval?.high).toBeCloseTo(0.1684, 4);
  });

  test('25 clusters that decide everything give an interval as wide as 25 answers, and the same one every time', () => {
    const rows = rowsOf(1000, (i) => ({ cluster: `c${i % 25}`, values: { leak: i % 25 < 10 ? 1 : 0, can: 1 } }));
    const [first] = estimatesOf(suiteOf([leak]), rows, { seed: 1 }).estimates;
    expect(first?.clusters).toBe(25);
    const { low, high } = first?.interval ?? { low: 0, high: 0 };
    expect(high - low).toBeGreaterThan(0.3);
    expect(high - low).toBeLessThan(0.5);
    expect(estimatesOf(suiteOf([leak]), rows, { seed: 1 }).estimates[0]).toEqual(first);
    const more = rowsOf(1000, (i) => ({ cluster: `c${i % 25}`, values: { leak: (i * 7919) % 25 < 10 ? 1 : 0, can: 1 } }));
    expect(estimatesOf(suiteOf([leak]), more, { seed: 1 }).estimates[0]?.interval?.method).toMatch(/BCa|design effect/);
    const sums = clusterSums(rows.map((r) => ({ value: r.values.leak as number, weight: 1, cluster: r.cluster ?? '' })));
    expect(designEffect(sums)).toBeCloseTo((40 * 25) / 24, 6);
  });

  test('unclear rows are skipped, never counted, and bound the value', () => {
    const rows = rowsOf(10, (i) =>
      i < 8 ? { values: { leak: i < 2 ? 1 : 0, can: 1 } } : i === 8 ? { values: { leak: null } } : { values: {}, skip: 'no answer' },
    );
    const [first] = estimatesOf(suiteOf([leak]), rows, { seed: 1 }).estimates;
    expect(first).toMatchObject({ n: 8, skipped: 2, value: 0.25 });
    expect(first?.bounds?.[0]).toBeCloseTo(0.2, 12);
    expect(first?.bounds?.[1]).toBeCloseTo(0.4, 12);
  });

  test('nothing told: all null, floor not met', () => {
    const { estimates, floor } = estimatesOf(
      suiteOf([leak]),
      rowsOf(3, () => ({ values: { leak: null, can: null } })),
      { seed: 1 },
    );
    expect(estimates[0]).toMatchObject({ value: null, interval: null, grade: null, gradeLow: null, gradeHigh: null, n: 0, skipped: 3 });
    expect(floor).toMatchObject({ state: 'not met', value: null, n: 0 });
  });

  test('a control at chance is not met although its value is above chance', () => {
    const rows = rowsOf(40, (i) => ({ values: { leak: 0, can: i < 22 ? 1 : 0 } }));
    expect(estimatesOf(suiteOf([leak]), rows, { seed: 1 }).floor).toMatchObject({ state: 'not met', value: 0.55 });
  });

  test('groups follow the metrics; a metric without a value in a group is left out', () => {
    const rows = rowsOf(60, (i) => ({ group: i % 2 ? 'email' : 'phone', values: i % 2 ? { leak: 1 } : { leak: 0, other: 1 } }));
    const other: Metric = { ...leak, id: 'other', value: 'other' };
    const { estimates } = estimatesOf(suiteOf([leak, other]), rows, { seed: 1 });
    expect(estimates.map((e) => [e.metric, e.group, e.value])).toEqual([
      ['leaks', undefined, 0.5],
      ['other', undefined, 1],
      ['leaks', 'phone', 0],
      ['leaks', 'email', 1],
      ['other', 'phone', 1],
    ]);
  });

  test('weights make the estimate that of the whole', () => {
    const rows = rowsOf(100, (i) => ({ weight: i < 50 ? 9 : 1, values: { leak: i < 50 ? 0 : 1, can: 1 } }));
    const [first] = estimatesOf(suiteOf([leak]), rows, { seed: 1 }).estimates;
    expect(first?.value).toBeCloseTo(0.1, 12);
    expect(first?.interval?.method).toMatch(/bootstrap over 100 clusters|design effect/);
  });

  test('a function of rows is redrawn by cluster, and repeated clusters stay apart', () => {
    const distinct: Metric = {
      id: 'distinct',
      title: 'Rows a cluster',
      unit: 'count',
      better: 'higher',
      grade: (v) => v / 10,
      reads: ['leak'],
      compute: (rows) => rows.length / new Set(rows.map((r) => r.cluster)).size,
    };
    const rows = rowsOf(90, (i) => ({ cluster: `c${i % 30}`, values: { leak: 1 } }));
    const [first] = estimatesOf(suiteOf([distinct], { none: 'no control' }), rows, { seed: 1 }).estimates;
    expect(first?.value).toBe(3);
    expect(first?.interval).toMatchObject({ low: 3, high: 3 });
  });

  test('no spread is not certainty', () => {
    const drop: Metric = {
      id: 'drop',
      title: 'Drop',
      unit: 'share',
      better: 'lower',
      grade: (v) => 1 - v,
      reads: ['leak'],
      compute: () => 0,
    };
    const [first] = estimatesOf(
      suiteOf([drop]),
      rowsOf(20, () => ({ values: { leak: 0 } })),
      { seed: 1 },
    ).estimates;
    expect(first?.interval?.low).toBe(0);
    expect(first?.interval?.high).toBeCloseTo(0.1684, 4);
  });
});

const card = (bySource: DetectorCard['bySource']): DetectorCard => ({
  id: 'refusal',
  version: '1',
  hash: '0',
  title: 'Refusals',
  trainedOn: 'x',
  measuredOn: 'y',
  bySource,
});

describe('detector error', () => {
  test('Rogan–Gladen: 30 % seen through Se .8, Sp .9 is 28.6 %', () => {
    const error = { se: 0.8, sp: 0.9, nSe: 100, nSp: 100 };
    expect(roganGladen(0.3, error)).toBeCloseTo(0.2 / 0.7, 12);
    expect(roganGladen(0.05, error)).toBe(0);
  });

  test('the interval is wider than a perfect detector would give, and a poor card makes it wider', () => {
    const plain = roganGladenInterval(0.3, 500, { se: 1, sp: 1, nSe: 1e9, nSp: 1e9 });
    expect(plain.low).toBeCloseTo(0.2614, 3);
    expect(plain.high).toBeCloseTo(0.3416, 3);
    const good = roganGladenInterval(0.3, 500, { se: 0.9, sp: 0.95, nSe: 1000, nSp: 1000 });
    const poor = roganGladenInterval(0.3, 500, { se: 0.9, sp: 0.95, nSe: 40, nSp: 40 });
    expect(good.high - good.low).toBeGreaterThan(plain.high - plain.low);
    expect(poor.high - poor.low).toBeGreaterThan(good.high - good.low);
  });

  test('it enters the estimate, in either direction of the detector', () => {
    const by = card([{ source: 'a', positives: 400, found: 320, negatives: 400, clean: 360 }]);
    const refuses: Metric = {
      id: 'refuses',
      title: 'Refuses',
      unit: 'share',
      better: 'higher',
      grade: (v) => v,
      value: 'v',
      measured: { by, positive: true },
    };
    const rows = rowsOf(400, (i) => ({ values: { v: i < 120 ? 1 : 0 } }));
    const [seen] = estimatesOf(suiteOf([refuses]), rows, { seed: 1 }).estimates;
    expect(seen?.value).toBeCloseTo(0.2 / 0.7, 9);
    expect(seen?.interval?.method).toMatch(/^wilson \+ Rogan–Gladen \(refusal; as counted 0\.300\)$/);
    const complies: Metric = { ...refuses, id: 'complies', measured: { by, positive: false } };
    const [turned] = estimatesOf(
      suiteOf([complies]),
      rowsOf(400, (i) => ({ values: { v: i < 120 ? 0 : 1 } })),
      { seed: 1 },
    ).estimates;
    expect(turned?.value).toBeCloseTo(1 - 0.2 / 0.7, 9);
    expect(turned?.interval?.low).toBeCloseTo(1 - (seen?.interval?.high ?? 0), 9);
  });
});

describe('profileOf', () => {
  const result = (id: string, grade: number, more: Partial<Result> = {}, lang = 'en'): Result => ({
    format: 'plumbline-result/1',
    suite: {
      id,
      dimension: id.split('/')[0] as 'privacy',
      version: '1',
      title: id,
      about: '',
      limits: '',
      source: '',
      licence: '',
      lang,
      sensitive: false,
      items: '',
    },
    model: { name: 'm', identity: 'i', protocol: 'instruct' },
    preset: 'standard',
    partial: false,
    complete: true,
    missing: 0,
    invalid: null,
    floor: { title: '', state: 'met', value: 1, low: 0.9, high: 1, chance: 0.5, n: 50 },
    estimates: [
      {
        metric: 'm',
        title: '',
        unit: 'share',
        better: 'higher',
        value: grade,
        interval: null,
        grade,
        gradeLow: grade - 0.1,
        gradeHigh: grade + 0.1,
        n: 50,
        clusters: 50,
        skipped: 0,
      },
    ],
    outcomes: { answered: 50, refused: 0, partial: 0, empty: 0, truncated: 0, degenerate: 0, unparsed: 0, error: 0 },
    items: 50,
    answers: 50,
    worst: [],
    detectors: [],
    details: {},
    says: null,
    formula: null,
    ...more,
  });

  test('averages what the model was able to do and says how many that were', () => {
    const notMet = { title: '', state: 'not met', value: 0.5, low: 0.4, high: 0.6, chance: 0.5, n: 50 } as const;
    const profile = profileOf([
      result('privacy/a', 0.4),
      result('privacy/b', 0.6),
      result('privacy/c', 1, { floor: notMet }),
      result('privacy/d', 1, { invalid: 'too many loops' }),
      result('privacy/e', 1, { complete: false }),
      result('privacy/a', 0, {}, 'zh'),
    ]);
    const privacy = profile.find((p) => p.dimension === 'privacy');
    expect(privacy).toMatchObject({ able: 2, of: 5, grade: 0.5 });
    expect(privacy?.low).toBeCloseTo(0.5 - Math.sqrt(0.02) / 2, 12);
    expect(privacy?.high).toBeCloseTo(0.5 + Math.sqrt(0.02) / 2, 12);
    expect(profile.map((p) => p.dimension)).toEqual(['robustness', 'privacy', 'reliability', 'safety', 'fairness']);
    expect(profile[0]).toEqual({ dimension: 'robustness', grade: null, low: null, high: null, able: 0, of: 0 });
    expect(profileOf([result('privacy/a', 0.3, {}, 'zh')])[1]).toMatchObject({ able: 1, grade: 0.3 });
  });
});

test('seeded randomness is the only source: another seed moves a bootstrap end a little', () => {
  const random = randomOf(3);
  const rows = rowsOf(400, (i) => ({ cluster: `c${i % 40}`, values: { leak: random() < 0.3 ? 1 : 0 } }));
  const [a] = estimatesOf(suiteOf([leak]), rows, { seed: 1 }).estimates;
  const [b] = estimatesOf(suiteOf([leak]), rows, { seed: 2 }).estimates;
  expect(a?.interval?.method).toBe('bootstrap over 40 clusters (BCa)');
  expect(a?.interval?.low).not.toBe(b?.interval?.low);
  expect(Math.abs((a?.interval?.low ?? 0) - (b?.interval?.low ?? 1))).toBeLessThan(0.01);
});
