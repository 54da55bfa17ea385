/** Special functions and rate intervals against SciPy 1.x and statsmodels, and against published tables. */
import { describe, expect, test } from 'vitest';
import {
  betaCdf,
  betaQuantile,
  binomialCdf,
  chiSquareCdf,
  clopperPearson,
  erf,
  lnGamma,
  normalCdf,
  normalQuantile,
  tCdf,
  tQuantile,
  wilson,
} from '../src/kit/stats/index.ts';

const near = (value: number, expected: number, relative = 1e-10) =>
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(relative * Math.max(1e-300, Math.abs(expected)) + 1e-15);

describe('special functions agree with SciPy', () => {
  test.each([
    [lnGamma(0.3), 1.0957979948180756],
    [lnGamma(7.5), 7.534364236758734],
    [lnGamma(1000), 5905.220423209181],
    [erf(0.1), 0.1124629160182849],
    [erf(-0.7), -0.6778011938374183],
    [erf(2.5), 0.999593047982555],
    [normalCdf(1.96), 0.9750021048517795],
    [normalCdf(-3), 0.0013498980316300933],
    [normalCdf(-8), 6.22096057427174e-16],
    [normalCdf(0.5), 0.6914624612740131],
    [normalQuantile(0.975), 1.959963984540054],
    [normalQuantile(0.001), -3.090232306167813],
    [normalQuantile(1e-10), -6.361340902404056],
    [normalQuantile(0.6), 0.2533471031357997],
    [betaCdf(0.4, 2, 3), 0.5248],
    [betaCdf(0.1, 0.5, 0.5), 0.20483276469913345],
    [betaCdf(0.45, 50, 70), 0.7717610017525626],
    [betaCdf(0.998, 1000, 3), 0.6755927412783109],
    [betaQuantile(0.025, 8, 13), 0.1911900607253072],
    [betaQuantile(0.975, 1, 40), 0.08809730287880237],
    [betaQuantile(0.5, 0.3, 0.7), 0.15877468697850153],
    [tQuantile(0.975, 1), 12.706204736174694],
    [tQuantile(0.975, 24), 2.0638985616280245],
    [tQuantile(0.975, 2.5), 3.5746548420036817],
    [tCdf(2, 5), 0.9490302605850708],
    [tCdf(-1.3, 24), 0.10297414905105894],
    [chiSquareCdf(3.84, 1), 0.9499564787512949],
    [chiSquareCdf(10, 5), 0.9247647538534878],
    [chiSquareCdf(100, 80), 0.935429631078867],
    [binomialCdf(3, 10, 0.2), 0.8791261183999999],
    [binomialCdf(95, 100, 0.9), 0.9762889173365232],
  ])('%f = %f', (value, expected) => near(value, expected, 1e-9));
});

describe('rates', () => {
  test('Wilson as in Newcombe 1998, table I, method 3', () => {
    const rounded = (k: number, n: number) => [wilson(k, n).low.toFixed(4), wilson(k, n).high.toFixed(4)];
    expect(rounded(81, 263)).toEqual(['0.2553', '0.3662']);
    expect(rounded(15, 148)).toEqual(['0.0624', '0.1605']);
    expect(rounded(0, 20)).toEqual(['0.0000', '0.1611']);
    expect(rounded(1, 29)).toEqual(['0.0061', '0.1718']);
  });

  test('Clopper–Pearson as in Newcombe 1998, table I, method 5', () => {
    const rounded = (k: number, n: number) => [clopperPearson(k, n).low.toFixed(4), clopperPearson(k, n).high.toFixed(4)];
    expect(rounded(81, 263)).toEqual(['0.2527', '0.3676']);
    expect(rounded(15, 148)).toEqual(['0.0578', '0.1617']);
    expect(rounded(0, 20)).toEqual(['0.0000', '0.1684']);
    expect(rounded(1, 29)).toEqual(['0.0009', '0.1776']);
  });

  test('both hold the rate, mirror each other and narrow with n', () => {
    for (const interval of [wilson, clopperPearson]) {
      for (let n = 1; n <= 60; n += 7) {
        for (let k = 0; k <= n; k++) {
          const { low, high } = interval(k, n);
          expect(low).toBeLessThanOrEqual(k / n + 1e-12);
          expect(high).toBeGreaterThanOrEqual(k / n - 1e-12);
          near(1 - interval(n - k, n).high, low, 1e-9);
          const wider = interval(10 * k, 10 * n);
          expect(wider.high - wider.low).toBeLessThan(high - low);
        }
      }
    }
  });
});
