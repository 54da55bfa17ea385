/** Paired tests, families of tests, calibration, ranks and agreement, against SciPy, statsmodels, krippendorff (PyPI) or values worked by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  auroc,
  benjaminiHochberg,
  bettingSequence,
  brierOf,
  calibrationError,
  clusterBootstrap,
  clusterSums,
  clusterVariance,
  expectedHalfWidth,
  type Forecast,
  holm,
  itemsToDecide,
  krippendorffAlpha,
  mcnemarExact,
  midranks,
  minimumDetectableDrop,
  nonInferiority,
  pairedDifference,
  pairedPower,
  pearson,
  permutationTest,
  plannedEffect,
  randomOf,
  riskCoverage,
  spearman,
  studentisedBootstrap,
} from '../src/kit/index.ts';

const pairs = (differences: readonly number[]) => differences.map((difference, i) => ({ difference, weight: 1, cluster: String(i) }));

describe('paired tests', () => {
  test('exact McNemar (SciPy binomtest)', () => {
    expect(mcnemarExact(10, 2)).toBeCloseTo(0.03857421875, 10);
    expect(mcnemarExact(25, 12)).toBeCloseTo(0.04703102743951604, 10);
    expect(mcnemarExact(7, 7)).toBe(1);
    expect(mcnemarExact(0, 6)).toBeCloseTo(0.03125, 12);
    expect(mcnemarExact(0, 0)).toBe(1);
  });

  test('the sign-flip test is exact for few pairs (SciPy permutation_test) and close to McNemar for binary ones', () => {
    expect(permutationTest(pairs([0.3, -0.1, 0.4, 0.2, 0.5, 0.1, -0.2, 0.6]), { seed: 1 })).toBeCloseTo(0.0859375, 12);
    const flips = pairs([...Array(25).fill(1), ...Array(12).fill(-1), ...Array(100).fill(0)]);
    expect(permutationTest(flips, { seed: 1 })).toBeCloseTo(mcnemarExact(25, 12), 1);
    const whole = flips.map((p, i) => ({ ...p, cluster: i < 25 ? 'rose' : String(i) }));
    expect(permutationTest(whole, { seed: 1 })).toBeGreaterThan(0.5);
  });

  test('a paired difference turns round with its sides and always holds its value', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(-1, 0, 1), { minLength: 1, maxLength: 80 }), (differences) => {
        const a = pairedDifference(pairs(differences), { seed: 1, bounded: true });
        const b = pairedDifference(pairs(differences.map((d) => -d)), { seed: 1, bounded: true });
        if (!a || !b) throw new Error('pairs were given');
        expect(a.low).toBeLessThanOrEqual(a.value);
        expect(a.high).toBeGreaterThanOrEqual(a.value);
        expect(a.high - a.low).toBeGreaterThan(0);
        expect(Math.abs(a.value + b.value)).toBeLessThan(1e-12);
        expect(Math.abs(a.low + b.high)).toBeLessThan(0.02);
      }),
      { numRuns: 200 },
    );
  });

  test('no flip at all among 20 pairs does not prove equality', () => {
    const none = pairedDifference(pairs(Array(20).fill(0)), { seed: 1, bounded: true });
    expect(none?.low).toBeLessThan(-0.1);
    expect(none && nonInferiority(none, 0.03, 'higher')).toBe('undecided');
  });

  test('non-inferiority by direction', () => {
    expect(nonInferiority({ low: -0.02, high: 0.1 }, 0.03, 'higher')).toBe('not worse');
    expect(nonInferiority({ low: -0.02, high: 0.1 }, 0.03, 'lower')).toBe('undecided');
    expect(nonInferiority({ low: 0.04, high: 0.1 }, 0.03, 'lower')).toBe('worse');
    expect(nonInferiority({ low: -0.1, high: -0.04 }, 0.03, 'higher')).toBe('worse');
  });
});

describe('families', () => {
  test('Holm and Benjamini–Hochberg (statsmodels)', () => {
    const p = [0.01, 0.04, 0.03, 0.005, 0.5];
    const expected = { holm: [0.04, 0.09, 0.09, 0.025, 0.5], bh: [0.025, 0.05, 0.05, 0.025, 0.5] };
    holm(p).forEach((value, i) => void expect(value).toBeCloseTo(expected.holm[i] as number, 12));
    benjaminiHochberg(p).forEach((value, i) => void expect(value).toBeCloseTo(expected.bh[i] as number, 12));
    expect(holm([])).toEqual([]);
  });
});

describe('bootstrap', () => {
  const values = [1, 2, 2, 3, 5, 8, 9, 12, 15, 30, 2, 4, 4, 6, 7, 1, 3, 5, 9, 11];
  test('BCa is SciPy’s interval (4.90–11.20), a little wider for 20 clusters', () => {
    const sums = clusterSums(values.map((value, i) => ({ value, weight: 1, cluster: String(i) })));
    const { low, high, value } = clusterBootstrap(sums, { seed: 1, replicates: 20_000 });
    expect(value).toBeCloseTo(6.95, 12);
    expect(low).toBeGreaterThan(4.9 * 0.93);
    expect(low).toBeLessThan(4.9);
    expect(high).toBeGreaterThan(11.2);
    expect(high).toBeLessThan(11.2 * 1.12);
  });

  test('bootstrap-t as by NumPy with 400,000 replicates (1.120–3.712), and none without spread', () => {
    const values = [0.31, 0.44, 0.52, 0.58, 0.66, 0.71, 0.83, 0.9, 0.97, 1.05, 1.16, 1.28, 1.41, 1.6, 1.83, 2.1, 2.6, 3.4, 4.9, 8.2];
    const sums = clusterSums(values.map((value, i) => ({ value, weight: 1, cluster: String(i) })));
    const found = studentisedBootstrap(sums, { seed: 1, replicates: 40_000 });
    expect(found?.value).toBeCloseTo(1.7725, 9);
    expect(found?.se).toBeCloseTo(0.42116, 4);
    expect(Math.abs((found?.low ?? 0) - 1.12)).toBeLessThan(0.02);
    expect(Math.abs((found?.high ?? 0) - 3.712)).toBeLessThan(0.08);
    expect(studentisedBootstrap(clusterSums(values.map((_, i) => ({ value: 1, weight: 1, cluster: String(i) }))), { seed: 1 })).toBeNull();
  });

  test('redrawing within strata leaves out what strata explain', () => {
    const sums = clusterSums(
      Array.from({ length: 100 }, (_, i) => ({
        value: i < 50 ? (i % 10 === 0 ? 1 : 0) : i % 10 === 0 ? 0 : 1,
        weight: 1,
        cluster: String(i),
      })),
    );
    const strata = Int32Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : 1));
    const plain = clusterBootstrap(sums, { seed: 1 });
    const stratified = clusterBootstrap(sums, { seed: 1, strata });
    expect(plain.se).toBeCloseTo(0.05, 2);
    expect(stratified.se).toBeCloseTo(0.03, 2);
    expect(clusterVariance(sums)).toBeCloseTo(0.25 / 99, 6);
  });
});

describe('power', () => {
  test('design effect, half-width and the n that decides', () => {
    expect(plannedEffect({ n: 200, clusters: 20, icc: 0.1 })).toBeCloseTo(1.9, 12);
    expect(expectedHalfWidth({ n: 100, clusters: 100 })).toBeCloseTo(0.098, 3);
    expect(itemsToDecide(100, 0.1, 0.05)).toBe(420);
    expect(itemsToDecide(100, 0.1, 0)).toBeNull();
  });

  test('a 10-point drop among 300 pairs of which 20 % differ is found with power above .95; the detectable one has power .8', () => {
    expect(pairedPower(300, 0.1, { discordant: 0.2, alpha: 0.05 })).toBeGreaterThan(0.95);
    const d = minimumDetectableDrop({ n: 300, clusters: 300 }, 0.2);
    expect(pairedPower(300, d, { discordant: 0.2, alpha: 0.05 })).toBeCloseTo(0.8, 1);
    expect(minimumDetectableDrop({ n: 300, clusters: 30 }, 0.2)).toBeGreaterThan(d);
  });
});

describe('calibration', () => {
  const forecasts: Forecast[] = [0.1, 0.1, 0.4, 0.4, 0.8, 0.8, 0.8, 0.8].map((confidence, i) => ({
    confidence,
    correct: [0, 0, 1, 0, 1, 1, 1, 0][i] as number,
  }));
  test('worked by hand: ECE, Brier and its parts', () => {
    const { ece, bins } = calibrationError(forecasts, 3);
    expect(bins.map((b) => [b.n, b.accuracy])).toEqual([
      [4, 0.25],
      [4, 0.75],
    ]);
    expect(ece).toBeCloseTo(0.5 * 0 + 0.5 * 0.05, 12);
    const brier = brierOf(forecasts, 3);
    expect(brier.brier).toBeCloseTo((0.01 + 0.01 + 0.36 + 0.16 + 3 * 0.04 + 0.64) / 8, 12);
    expect(brier.uncertainty).toBeCloseTo(0.25, 12);
    expect(brier.resolution).toBeCloseTo(0.0625, 12);
    expect(brier.reliability - brier.resolution + brier.uncertainty + brier.within).toBeCloseTo(brier.brier, 12);
  });

  test('a calibrated forecaster has a debiased error near 0 where the plain one shows only chance', () => {
    const random = randomOf(5);
    const honest = Array.from({ length: 600 }, () => {
      const confidence = random();
      return { confidence, correct: random() < confidence ? 1 : 0 };
    });
    const { ece, debiased } = calibrationError(honest);
    expect(ece).toBeGreaterThan(0.03);
    expect(debiased).toBeLessThan(ece * 0.6);
  });

  test('risk–coverage: perfect order reaches the best area, ties share their errors', () => {
    const ordered = [0.9, 0.8, 0.7, 0.2].map((confidence, i) => ({ confidence, correct: i < 3 ? 1 : 0 }));
    expect(riskCoverage(ordered).area).toBeCloseTo(0.25 / 4, 12);
    expect(riskCoverage(ordered).best).toBeCloseTo(0.25 / 4, 12);
    const constant = ordered.map((f) => ({ ...f, confidence: 0.5 }));
    expect(riskCoverage(constant).area).toBeCloseTo(0.25, 12);
    expect(riskCoverage(constant).curve).toEqual([{ coverage: 1, risk: 0.25 }]);
  });
});

describe('ranks and agreement', () => {
  test('AUROC with DeLong’s standard error (structural components worked in NumPy)', () => {
    const found = auroc([0.9, 0.8, 0.7, 0.7, 0.55, 0.3], [0.6, 0.7, 0.4, 0.2, 0.1, 0.3, 0.05]);
    expect(found?.value).toBeCloseTo(0.8452380952380952, 12);
    expect(found?.se).toBeCloseTo(0.1097134314340639, 12);
    expect(auroc([1, 2], [])).toBeNull();
    expect(auroc([3, 4, 5], [1, 2, 0])).toMatchObject({ value: 1, high: 1 });
    expect(auroc([3, 4, 5], [1, 2, 0])?.low).toBeLessThan(0.3);
    expect(midranks([3, 1, 3, 2])).toEqual([3.5, 1, 3.5, 2]);
  });

  test('Pearson and Spearman (SciPy)', () => {
    const r = pearson([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 4, 3, 7, 5, 8, 6]);
    expect(r?.value).toBeCloseTo(0.8333333333333331, 12);
    expect(r?.low).toBeCloseTo(0.31169805718344, 9);
    expect(r?.high).toBeCloseTo(0.968989208891987, 9);
    expect(spearman([1, 2, 2, 4, 5, 9], [3, 1, 4, 4, 9, 8])?.value).toBeCloseTo(0.8088235294117647, 12);
    expect(pearson([1, 1, 1, 1], [1, 2, 3, 4])).toBeNull();
  });

  test('Krippendorff’s alpha on the data of his 2011 paper (.743 nominal, .815 ordinal, .849 interval)', () => {
    const raters = [
      [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
      [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
      [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
      [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
    ];
    const units = Array.from({ length: 12 }, (_, u) => raters.map((line) => line[u] ?? null));
    expect(krippendorffAlpha(units, 'nominal')).toBeCloseTo(0.743421052631579, 10);
    expect(krippendorffAlpha(units, 'ordinal')).toBeCloseTo(0.8153875037548814, 10);
    expect(krippendorffAlpha(units, 'interval')).toBeCloseTo(0.8491071428571428, 10);
    expect(
      krippendorffAlpha([
        [1, 1],
        [1, 1],
      ]),
    ).toBeNull();
  });
});

describe('betting', () => {
  test('a confidence sequence holds the mean, narrows, and never widens while it watches', () => {
    const random = randomOf(11);
    const draws = Array.from({ length: 400 }, () => ({ sum: random() < 0.3 ? 1 : 0, size: 1 }));
    let before = { low: 0, high: 1 };
    for (const t of [1, 10, 50, 100, 200, 400]) {
      const now = bettingSequence(draws.slice(0, t), { alpha: 0.05, largest: 1 });
      expect(now.low).toBeGreaterThanOrEqual(before.low - 1e-6);
      expect(now.high).toBeLessThanOrEqual(before.high + 1e-6);
      before = now;
    }
    expect(before.low).toBeLessThan(0.3);
    expect(before.high).toBeGreaterThan(0.3);
    expect(before.high - before.low).toBeLessThan(0.19);
  });

  test('whole clusters of unequal size', () => {
    const random = randomOf(12);
    const draws = Array.from({ length: 300 }, () => {
      const size = 1 + Math.floor(random() * 4);
      return { sum: random() < 0.6 ? size : 0, size };
    });
    const { low, high } = bettingSequence(draws, { alpha: 0.05, largest: 4 });
    expect(low).toBeLessThan(0.6);
    expect(high).toBeGreaterThan(0.6);
    expect(high - low).toBeLessThan(0.3);
  });
});
