/** Time of 10,000 bootstrap replicates over 100,000 rows in 2,500 clusters, on one core: `npx tsx test/bench/bootstrap.ts`. */
import { clusterBootstrap, clusterSums, randomOf } from '../../src/kit/index.ts';

const random = randomOf(1);
const observed = Array.from({ length: 100_000 }, (_, i) => ({ value: random() < 0.3 ? 1 : 0, weight: 1, cluster: `c${i % 2500}` }));
for (let round = 0; round < 3; round++) {
  const start = performance.now();
  const sums = clusterSums(observed);
  const summed = performance.now();
  const { value, low, high } = clusterBootstrap(sums, { seed: round, replicates: 10_000 });
  const end = performance.now();
  const [a, b] = [(summed - start).toFixed(0), (end - summed).toFixed(0)];
  console.log(`sums ${a} ms, 10,000 replicates ${b} ms: ${value.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`);
}
