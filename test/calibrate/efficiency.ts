/**
 * `npx tsx test/calibrate/efficiency.ts`: error against cost when a share of the items is asked, on published predictions (the shared folder) and on
 * simulated fleets, one model left out in turn. Writes docs/efficiency.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { budgetEstimate, drawItems, type Fleet } from '../../src/decide/budget.ts';
import { randomOf, shuffled } from '../../src/kit/random.ts';
import type { Item } from '../../src/types.ts';
import { sharedFolder } from '../support/shared-folder.ts';
import { replayedFleets } from './fleets.ts';
import { put } from './page.ts';
import { drawsOf, markdownTable, percent } from './random.ts';

/** Models' values on the same items: one array a model, aligned with `items`. */
export interface ModelFleet {
  readonly name: string;
  readonly items: readonly Item[];
  readonly values: readonly (readonly number[])[];
}

interface Tally {
  readonly squares: { ours: number; uniform: number };
  near: { ours: number; uniform: number };
  covered: number;
  count: number;
  width: number;
}

function measured(fleet: ModelFleet, share: number, draws: number) {
  const tally: Tally = { squares: { ours: 0, uniform: 0 }, near: { ours: 0, uniform: 0 }, covered: 0, count: 0, width: 0 };
  fleet.values.forEach((values, target) => {
    const others: Fleet = fleet.values
      .filter((_, m) => m !== target)
      .map((column) => new Map(fleet.items.map(({ id }, i) => [id, column[i] as number])));
    leftOut(fleet.items, values, others, { share, draws, tally, seed: `${fleet.name}/${target}/${share}` });
  });
  return tally;
}

interface Run {
  readonly share: number;
  readonly draws: number;
  readonly tally: Tally;
  readonly seed: string;
}

function leftOut(items: readonly Item[], values: readonly number[], fleet: Fleet, { share, draws, tally, seed }: Run): void {
  const truth = values.reduce((sum, v) => sum + v, 0) / values.length;
  const byId = new Map(items.map(({ id }, i) => [id, values[i] as number]));
  const count = Math.round(share * items.length);
  for (let d = 0; d < draws; d++) {
    const drawn = drawItems(items, { count, seed: `${seed}/${d}`, fleet });
    const asked = drawn.map(({ item, weight }) => ({ id: item.id, value: byId.get(item.id) as number, weight }));
    const found = budgetEstimate(items, asked, { seed: `${seed}/${d}`, fleet });
    if (!found) continue;
    const plain = shuffled(values, randomOf(`uniform/${seed}/${d}`)).slice(0, count);
    const mean = plain.reduce((sum, v) => sum + v, 0) / count;
    tally.count++;
    tally.squares.ours += (found.value - truth) ** 2;
    tally.squares.uniform += (mean - truth) ** 2;
    if (Math.abs(found.value - truth) <= 0.03) tally.near.ours++;
    if (Math.abs(mean - truth) <= 0.03) tally.near.uniform++;
    if (found.low <= truth && truth <= found.high) tally.covered++;
    tally.width += found.high - found.low;
  }
}

/** Simulated fleets: abilities and difficulties (two-parameter logistic), and templates that models get right or wrong as a whole. */
function simulatedFleets(): ModelFleet[] {
  const { normal, uniform } = drawsOf('fleets');
  const logistic = (name: string, n: number, models: number): ModelFleet => {
    const hard = Array.from({ length: n }, () => [Math.exp(0.5 + 0.4 * normal()), 1.5 * normal()] as const);
    const values = Array.from({ length: models }, () => {
      const ability = normal();
      return hard.map(([slope, level]) => (uniform() < 1 / (1 + Math.exp(-slope * (ability - level))) ? 1 : 0));
    });
    return { name, items: Array.from({ length: n }, (_, i) => ({ id: `s${i}` })), values };
  };
  const templates = (name: string, m: number, size: number, models: number): ModelFleet => {
    const level = Array.from({ length: m }, () => 1.5 * normal());
    const items = Array.from({ length: m * size }, (_, i) => ({ id: `t${i}`, cluster: `c${i % m}` }));
    const values = Array.from({ length: models }, () => {
      const ability = normal();
      const own = level.map((l) => 2 * (ability - l) + 2 * normal());
      return items.map((_, i) => (uniform() < 1 / (1 + Math.exp(-(own[i % m] as number))) ? 1 : 0));
    });
    return { name, items, values };
  };
  return [logistic('simulated, difficulty, 1,000 items', 1000, 12), templates('simulated, 50 templates of 20', 50, 20, 12)];
}

const path = join(import.meta.dirname, '../../docs/efficiency.md');
const fleets = [...(existsSync(join(sharedFolder, 'replay')) ? replayedFleets(sharedFolder) : []), ...simulatedFleets()];
if (fleets.length === 2) console.warn('SKIPPED: published predictions (no shared folder); simulated fleets alone');
const draws = Number(process.env.EFFICIENCY_DRAWS ?? 60);

const lines = fleets.map((fleet) => {
  const tally = measured(fleet, 0.1, Math.max(10, Math.round((draws * 3) / fleet.values.length)));
  const { squares, near, covered, count, width } = tally;
  const gain = squares.uniform / squares.ours;
  console.log(fleet.name, gain.toFixed(2));
  return [
    fleet.name,
    `${fleet.values.length}`,
    `${fleet.items.length}`,
    `${gain.toFixed(2)} ×`,
    percent(near.ours / count),
    percent(near.uniform / count),
    percent(covered / count),
    (width / count / 2).toFixed(3),
  ];
});
const head = [
  'suite',
  'models',
  'items',
  'effective sample against uniform',
  'within ± 3 points',
  'uniform',
  'intervals that hold',
  'mean half-width',
];
const curve = fleets.map((fleet) => [
  fleet.name,
  ...[0.05, 0.1, 0.2].map((share) => {
    const { squares, count } = measured(fleet, share, Math.max(6, Math.round(draws / fleet.values.length)));
    return `${(100 * Math.sqrt(squares.ours / count)).toFixed(1)} (${(100 * Math.sqrt(squares.uniform / count)).toFixed(1)})`;
  }),
]);
const page = readFileSync(path, 'utf8');
const ten = put(page, 'ten', markdownTable(head, lines));
writeFileSync(path, put(ten, 'curve', markdownTable(['root mean square error in points (uniform)', '5 %', '10 %', '20 %'], curve)));
