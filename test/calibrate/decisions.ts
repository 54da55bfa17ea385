/** Error rates of the tests and of gates that stop when they like. */
import { bettingSequence, bettingTest, holm, pairedDifference, pairedPower, permutationTest, wilson } from '../../src/kit/index.ts';
import { mcnemarExact } from '../../src/kit/stats/paired.ts';
import { drawsOf, markdownTable, percent } from './random.ts';

/** A planted drop and an unchanged pair at n = 300, of which 20 % differ (or must, for the drop). */
export function pairedTests(simulations: number): string {
  const alarm = (drop: number, discordant: number, name: string) => {
    const { uniform } = drawsOf(`paired ${drop} ${discordant} ${name}`);
    const [down, up] = [(discordant + drop) / 2, (discordant - drop) / 2];
    let [found, interval, permuted, dropped] = [0, 0, 0, 0];
    for (let s = 0; s < simulations; s++) {
      const pairs = Array.from({ length: 300 }, (_, i) => {
        const u = uniform();
        return { difference: u < down ? -1 : u > 1 - up ? 1 : 0, weight: 1, cluster: String(i) };
      });
      const falls = pairs.filter((p) => p.difference < 0).length;
      const rises = pairs.filter((p) => p.difference > 0).length;
      if (mcnemarExact(falls, rises) <= 0.05) found++;
      const { low, high } = pairedDifference(pairs, { seed: s, bounded: true, replicates: 400 }) ?? { low: -1, high: 1 };
      if (low > 0 || high < 0) interval++;
      if (high < 0) dropped++;
      if (permutationTest(pairs, { seed: s, rounds: 499 }) <= 0.05) permuted++;
    }
    return [
      name,
      percent(found / simulations),
      percent(permuted / simulations),
      percent(dropped / simulations),
      percent(interval / simulations),
    ];
  };
  const expected = percent(pairedPower(300, 0.1, { discordant: 0.2, alpha: 0.05 }));
  return markdownTable(
    [
      'n = 300',
      '`compare` says worse or better (McNemar exact)',
      '`compare`, clustered items (permutation)',
      '`gate` fails `max-drop: 0`',
      'interval excludes 0 on either side (decides nothing)',
    ],
    [
      alarm(0.1, 0.2, `a 10-point drop, 20 % differ (planned power ${expected})`),
      alarm(0.1, 0.3, 'a 10-point drop, 30 % differ'),
      alarm(0, 0.2, 'unchanged, 20 % differ'),
      alarm(0, 0.05, 'unchanged, 5 % differ'),
    ],
  );
}

/** Family-wise error of 30 unchanged metrics, with and without Holm. */
export function familyWise(simulations: number): string {
  const { uniform } = drawsOf('family');
  let [plain, held] = [0, 0];
  for (let s = 0; s < simulations; s++) {
    const p = Array.from({ length: 30 }, () => {
      let [up, down] = [0, 0];
      for (let i = 0; i < 300; i++) {
        const u = uniform();
        if (u < 0.1) up++;
        else if (u < 0.2) down++;
      }
      return mcnemarExact(up, down);
    });
    if (p.some((v) => v <= 0.05)) plain++;
    if (holm(p).some((v) => v <= 0.05)) held++;
  }
  return markdownTable(
    ['30 unchanged metrics', 'any alarm'],
    [
      ['each at 5 %', percent(plain / simulations)],
      ['Holm', percent(held / simulations)],
    ],
  );
}

/** False passes of a gate looked at after every item, when the truth lies on the limit; and what an interval for a fixed n would do there. */
export function falsePasses(simulations: number): string {
  const lines = [0.5, 0.7, 0.9, 0.98].map((limit) => {
    const { uniform } = drawsOf(`stopping ${limit}`);
    let [betting, peeking] = [0, 0];
    for (let s = 0; s < simulations; s++) {
      const draws = Array.from({ length: 500 }, () => ({ sum: uniform() < limit ? 1 : 0, size: 1 }));
      // The best wealth so far is what decides, so the last look sees every earlier one.
      if (bettingTest(draws, limit, { side: 'above', alpha: 0.025, largest: 1 })) betting++;
      let hits = 0;
      for (let n = 1; n <= draws.length; n++) {
        hits += draws[n - 1]?.sum ?? 0;
        if (n >= 20 && wilson(hits, n).low > limit) {
          peeking++;
          break;
        }
      }
    }
    return [String(limit), percent(betting / simulations), percent(peeking / simulations)];
  });
  return markdownTable(['truth = limit', 'sequence (allowed 2.5 %)', 'fixed-n interval looked at after every item'], lines);
}

/** Items a sequential gate asks of 1,000 planned ones. */
export function savings(simulations: number): string {
  const cases = [
    [0.9, 0.7],
    [0.95, 0.8],
    [0.5, 0.7],
    [0.8, 0.7],
    [0.3, 0.1],
    [0.75, 0.7],
    [0.7, 0.7],
  ] as const;
  const lines = cases.map(([truth, limit]) => {
    const { uniform } = drawsOf(`savings ${truth} ${limit}`);
    let [asked, wrong, open] = [0, 0, 0];
    for (let s = 0; s < simulations; s++) {
      const draws: { sum: number; size: number }[] = [];
      let state: 'above' | 'below' | null = null;
      while (draws.length < 1000 && !state) {
        for (let k = 0; k < 20; k++) draws.push({ sum: uniform() < truth ? 1 : 0, size: 1 });
        const side = draws.reduce((sum, d) => sum + d.sum, 0) / draws.length >= limit ? 'above' : 'below';
        if (bettingTest(draws, limit, { side, alpha: 0.025, largest: 1 })) state = side;
      }
      asked += draws.length;
      if (state === null) open++;
      else if (truth !== limit && (state === 'above') !== truth > limit) wrong++;
    }
    return [
      String(truth),
      String(limit),
      Math.round(asked / simulations).toString(),
      percent(1 - asked / simulations / 1000),
      percent(wrong / simulations),
      percent(open / simulations),
    ];
  });
  return markdownTable(['truth', 'limit', 'items asked', 'saved', 'wrong', 'undecided'], lines);
}

/** Whether a whole sequence of intervals holds the truth at all moments. */
export function sequenceCoverage(simulations: number): string {
  const lines = [0.1, 0.5, 0.9].map((truth) => {
    const { uniform, beta } = drawsOf(`sequence ${truth}`);
    let [single, clustered, width] = [0, 0, 0];
    for (let s = 0; s < simulations; s++) {
      const one = Array.from({ length: 400 }, () => ({ sum: uniform() < truth ? 1 : 0, size: 1 }));
      // The interval only narrows, so the last one is inside all earlier ones.
      const found = bettingSequence(one, { alpha: 0.05, largest: 1 });
      width += found.high - found.low;
      if (found.low <= truth && truth <= found.high) single++;
      const clusters = Array.from({ length: 100 }, () => {
        const rate = beta(truth * 4, (1 - truth) * 4);
        const size = 1 + Math.floor(uniform() * 8);
        let sum = 0;
        for (let i = 0; i < size; i++) sum += uniform() < rate ? 1 : 0;
        return { sum, size };
      });
      const many = bettingSequence(clusters, { alpha: 0.05, largest: 8 });
      if (many.low <= truth && truth <= many.high) clustered++;
    }
    return [String(truth), percent(single / simulations), (width / simulations).toFixed(3), percent(clustered / simulations)];
  });
  return markdownTable(['truth', 'holds at all of 400 looks', 'width at the last', 'holds, 100 clusters of 1–8'], lines);
}
