import { describe, expect, it } from 'vitest';
import { binomialCdf } from '../src/kit/stats/special.ts';
import { coverageOf, rates, subjects } from './calibrate/half-able.ts';

// The everyday part of `CALIBRATE_ONLY=half-able npm run calibrate`, which takes 200 runs of each suite and rate. Seeds 1 and 2 were fixed before anything was seen.
describe('responders that fail a known share of items', () => {
  it('are covered by the intervals of all suites: not fewer than 93 of 100 runs, by a binomial test', async () => {
    const cells = (await subjects('quick')).flatMap((subject) =>
      rates.flatMap((rate) => coverageOf(subject, { rate, together: false, runs: 2 }) ?? []),
    );
    const runs = cells.reduce((sum, cell) => sum + cell.runs, 0);
    const covered = cells.reduce((sum, cell) => sum + cell.covered, 0);
    expect(runs).toBeGreaterThanOrEqual(200);
    const missed = cells.filter((cell) => cell.covered < cell.runs).map(({ id, rate, method }) => `${id} ${rate} ${method}`);
    expect(binomialCdf(covered, runs, 0.93), `${covered} of ${runs}; missed: ${missed.join('; ')}`).toBeGreaterThan(0.01);
  });
});
