/** A made-up comparison of three runs: every conclusion, drift, warnings, and hostile texts where asked. */

import type { Comparison, Conclusion, PairComparison, SuiteDifference } from '../../src/kit/comparison.ts';
import { resultIdOf } from '../../src/kit/result.ts';
import { dimensions, type Run } from '../../src/types.ts';

const conclusions: readonly Conclusion[] = ['worse', 'better', 'not worse', 'undecided', 'not able'];

function suiteDifference(run: Run, i: number): SuiteDifference {
  const result = run.results[i];
  if (!result) throw new RangeError(`no result ${i}`);
  const conclusion = conclusions[i % conclusions.length] ?? 'undecided';
  const value = { worse: -0.14, better: 0.09, 'not worse': -0.005, undecided: -0.03, 'not able': 0 }[conclusion];
  const able = conclusion !== 'not able';
  return {
    id: resultIdOf(result),
    title: result.suite.title,
    dimension: result.suite.dimension,
    lang: result.suite.lang,
    metric: 'headline',
    metricTitle: 'share gone wrong',
    unit: 'share',
    better: 'lower',
    says: result.says,
    sensitive: result.suite.sensitive,
    n: 120,
    clusters: 24,
    unpaired: i % 3,
    before: { value: 0.31, grade: 0.69, able },
    after: { value: 0.31 - value, grade: 0.69 + value, able },
    difference: {
      value,
      low: value - 0.05,
      high: value + (conclusion === 'not worse' ? 0.02 : 0.05),
      method: 'bootstrap over 24 clusters',
    },
    valueDifference: -value,
    p: able ? 0.001 * (i + 1) : null,
    adjusted: able ? 0.004 * (i + 1) : null,
    test: 'McNemar, exact',
    conclusion,
    flips: { worse: able ? result.worst.slice(0, 2).map((item) => ({ item, before: 1, after: 0 })) : [], better: [] },
    detectable: 0.07,
  };
}

function pairOf(run: Run, letter: string, bad: string): PairComparison {
  const suites = run.results.map((_, i) => suiteDifference(run, i));
  const counts = { worse: 0, better: 0, 'not worse': 0, undecided: 0, 'not able': 0 };
  for (const { conclusion } of suites) counts[conclusion]++;
  return {
    before: 'A',
    after: letter,
    differs: [`quantisation: "F16" → "Q4_1"${bad}`],
    warnings: [1, 2, 3, 4, 5, 6].map((n) => `something to know, number ${n}${bad}`),
    left: [{ id: `safety/toxicity${bad}`, why: `suite version 1 in A, 2 in ${letter}${bad}` }],
    suites,
    dimensions: dimensions.map((dimension, i) => ({
      dimension,
      difference: i === 4 ? null : { value: -0.08 + 0.04 * i, low: -0.12 + 0.04 * i, high: -0.04 + 0.04 * i, method: 'mean of 3' },
      suites: 3,
    })),
    quality: {
      knowledge: { value: -0.01, low: -0.03, high: 0.01, method: 'x' },
      controls: { value: 0, low: -0.01, high: 0.01, method: 'x' },
    },
    drift: {
      kl: 0.031,
      klLow: 0.028,
      klHigh: 0.035,
      agreement: 0.942,
      agreementLow: 0.93,
      agreementHigh: 0.953,
      nats: [-3.1, -3.2],
      positions: 4000,
      top: 50,
    },
    counts,
    summary: `Of ${suites.length} sub-dimensions, ${letter} against A is worse in ${counts.worse}.${bad}`,
  };
}

/** The run against two others of the same suites. */
export function madeComparison(run: Run, bad = ''): Comparison {
  const side = (letter: string, fileBytes: number, tokensOutPerSecond: number) => ({
    letter,
    name: run.manifest.model.name,
    hash: `${letter}79c952ffcf`,
    protocol: 'instruct',
    created: '2026-11-22T08:00:00.000Z',
    profile: run.manifest.profile,
    cost: { fileBytes, peakBytes: 4e8, loadMs: 600, firstTokenMs: 41, tokensInPerSecond: 800, tokensOutPerSecond },
  });
  return {
    format: 'plumbline-comparison/1',
    margin: 0.03,
    level: 0.95,
    seed: 1,
    runs: [side('A', 269e6, 45), side('B', 98e6, 97), side('C', 140e6, 80)],
    pairs: [pairOf(run, 'B', bad), pairOf(run, 'C', bad)],
  };
}
