/** Coverage of every interval in its regime (nominal 95 %). */
import { auroc, clopperPearson, meanOf, pairedDifference, pearson, roganGladenInterval, spearman, wilson } from '../../src/kit/index.ts';
import { binomialCdf } from '../../src/kit/stats/special.ts';
import { type Design, type Draws, drawsOf, markdownTable, observations, percent } from './random.ts';

const rates = [0.02, 0.05, 0.1, 0.3, 0.5, 0.9, 0.98] as const;

interface Tally {
  hits: number;
  width: number;
  count: number;
}

/** Plain rates need no simulation: the coverage is a binomial sum. */
export function exactCoverage(): string {
  const lines = [40, 100, 300, 2000].map((n) => [
    String(n),
    ...rates.map((rate) => {
      let covered = 0;
      for (let k = 0; k <= n; k++) {
        const { low, high } = (Math.min(k, n - k) < 5 ? clopperPearson : wilson)(k, n);
        if (low <= rate && rate <= high) covered += binomialCdf(k, n, rate) - binomialCdf(k - 1, n, rate);
      }
      return percent(covered);
    }),
  ]);
  return markdownTable(['n', ...rates.map(String)], lines);
}

export interface Coverage {
  readonly table: string;
  readonly cells: readonly { readonly name: string; readonly method: string; readonly coverage: number }[];
}

/** Clustered rates, as `meanOf` chooses the method. */
export function clusteredCoverage(simulations: number): Coverage {
  const designs = [25, 100].flatMap((clusters) =>
    [0, 0.05, 0.15, 0.4].flatMap((icc) => (clusters === 25 ? [40, 100, 300, 2000] : [300, 2000]).map((n) => ({ clusters, icc, n }))),
  );
  const cells: { name: string; method: string; coverage: number }[] = [];
  const lines = designs.map(({ clusters, icc, n }) => [
    String(clusters),
    String(icc),
    String(n),
    ...rates.map((rate) => {
      const { coverage, methods } = coverageOf({ clusters, icc, n, rate }, simulations);
      cells.push({ name: `${clusters} clusters, icc ${icc}, n ${n}, rate ${rate}`, method: methods, coverage });
      return `${percent(coverage)}${methods === 'exact' ? ' ᵉ' : methods === 'bootstrap' ? '' : ' ᵐ'}`;
    }),
  ]);
  return { table: markdownTable(['clusters', 'icc', 'n', ...rates.map(String)], lines), cells };
}

function coverageOf(design: Design, simulations: number): { coverage: number; methods: string } {
  const draws = drawsOf(JSON.stringify(design));
  const tally = { bootstrap: { hits: 0, width: 0, count: 0 }, exact: { hits: 0, width: 0, count: 0 } };
  for (let s = 0; s < simulations; s++) {
    const interval = meanOf(observations(design, draws), { seed: s, bounded: true, replicates: 600 })?.interval;
    if (!interval) throw new Error('no interval');
    count(tally[interval.method.startsWith('bootstrap') ? 'bootstrap' : 'exact'], interval, design.rate);
  }
  const { bootstrap, exact } = tally;
  const share = bootstrap.count / simulations;
  return { coverage: (bootstrap.hits + exact.hits) / simulations, methods: share > 0.9 ? 'bootstrap' : share < 0.1 ? 'exact' : 'mixed' };
}

function count(tally: Tally, { low, high }: { readonly low: number; readonly high: number }, truth: number): void {
  tally.count++;
  tally.width += high - low;
  if (low <= truth + 1e-12 && truth - 1e-12 <= high) tally.hits++;
}

/** The other intervals: means, paired differences, detector error, AUROC, correlations. */
export function otherCoverage(simulations: number): string {
  const run = (name: string, truth: number, once: (draws: Draws, s: number) => { readonly low: number; readonly high: number } | null) => {
    const draws = drawsOf(name);
    const tally: Tally = { hits: 0, width: 0, count: 0 };
    for (let s = 0; s < simulations; s++) {
      const interval = once(draws, s);
      if (interval) count(tally, interval, truth);
    }
    return [name, percent(tally.hits / tally.count), (tally.width / tally.count).toFixed(3)];
  };
  return markdownTable(
    ['interval', 'coverage', 'mean width'],
    [...meanLines(run), ...pairLines(run), ...detectorLines(run), ...rankLines(run)],
  );
}

type Run = (
  name: string,
  truth: number,
  once: (draws: Draws, s: number) => { readonly low: number; readonly high: number } | null,
) => string[];

function meanLines(run: Run): string[][] {
  return [
    [6, 5, 0.3],
    [12, 5, 0.5],
    [25, 8, 0.5],
    [25, 8, 0.3],
    [40, 1, 0.7],
    [200, 1, 0.7],
    [2000, 1, 0.7],
  ].map(([m = 0, size = 0, sd = 0]) =>
    run(
      `mean of log-normal values (log-sd ${sd}${size > 1 ? ` between and within ${m} clusters of ${size}` : `, ${m} single values`})`,
      Math.exp((size > 1 ? 2 : 1) * sd * sd * 0.5),
      ({ normal }, s) => {
        const observed = Array.from({ length: m }, (_, c) => {
          const shift = size > 1 ? sd * normal() : 0;
          return Array.from({ length: size }, () => ({ value: Math.exp(shift + sd * normal()), weight: 1, cluster: String(c) }));
        }).flat();
        return meanOf(observed, { seed: s, bounded: false, replicates: 800 })?.interval ?? null;
      },
    ),
  );
}

function pairLines(run: Run): string[][] {
  return [
    { n: 60, clusters: 60, up: 0.02, down: 0.04 },
    { n: 300, clusters: 300, up: 0.05, down: 0.15 },
    { n: 300, clusters: 300, up: 0.01, down: 0.01 },
    { n: 300, clusters: 25, up: 0.05, down: 0.15 },
  ].map(({ n, clusters, up, down }) =>
    run(`paired difference, n ${n}, ${clusters} clusters, ${up} rise, ${down} fall`, up - down, ({ uniform, beta }, s) => {
      const shares = Array.from({ length: clusters }, () => (clusters === n ? down : beta(down * 9, (1 - down) * 9)));
      const pairs = Array.from({ length: n }, (_, i) => {
        const u = uniform();
        const fall = shares[i % clusters] as number;
        return { difference: u < fall ? -1 : u > 1 - up ? 1 : 0, weight: 1, cluster: String(i % clusters) };
      });
      return pairedDifference(pairs, { seed: s, bounded: true, replicates: 800 });
    }),
  );
}

function detectorLines(run: Run): string[][] {
  return [
    { truth: 0.05, n: 300, se: 0.9, sp: 0.95, labelled: 300 },
    { truth: 0.3, n: 300, se: 0.8, sp: 0.9, labelled: 100 },
    { truth: 0.7, n: 1000, se: 0.95, sp: 0.9, labelled: 200 },
  ].map(({ truth, n, se, sp, labelled }) =>
    run(`Rogan–Gladen, rate ${truth}, n ${n}, Se ${se}, Sp ${sp} from ${labelled} each`, truth, ({ uniform }) => {
      const binomial = (trials: number, p: number) => {
        let hits = 0;
        for (let i = 0; i < trials; i++) hits += uniform() < p ? 1 : 0;
        return hits;
      };
      const error = { se: binomial(labelled, se) / labelled, sp: binomial(labelled, sp) / labelled, nSe: labelled, nSp: labelled };
      return roganGladenInterval(binomial(n, truth * se + (1 - truth) * (1 - sp)) / n, n, error);
    }),
  );
}

function rankLines(run: Run): string[][] {
  const correlated = (r: number, n: number, { normal }: Draws) => {
    const x = Array.from({ length: n }, normal);
    return [x, x.map((v) => r * v + Math.sqrt(1 - r * r) * normal())] as const;
  };
  return [
    run('AUROC .76 (DeLong, logit), 40 + 60', 0.7602, ({ normal }) =>
      auroc(
        Array.from({ length: 40 }, () => normal() + 1),
        Array.from({ length: 60 }, normal),
      ),
    ),
    run('Pearson .5, n 40', 0.5, (draws) => pearson(...correlated(0.5, 40, draws))),
    run('Spearman of normal pairs with r .5, n 60', (6 / Math.PI) * Math.asin(0.25), (draws) => spearman(...correlated(0.5, 60, draws))),
  ];
}
