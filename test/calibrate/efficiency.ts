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

interface Found {
  /** Mean squared error of ours, one a model; and that of uniform sampling, which is known without drawing: p(1 − p)/n · (1 − n/N). */
  readonly ours: readonly number[];
  readonly uniform: readonly number[];
  readonly near: number;
  readonly covered: number;
  readonly width: number;
  readonly nearUniform: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function measured(fleet: ModelFleet, share: number, draws: number): Found {
  const parts = fleet.values.map((values, target) => {
    const others: Fleet = fleet.values
      .filter((_, m) => m !== target)
      .map((column) => new Map(fleet.items.map(({ id }, i) => [id, column[i] as number])));
    return leftOut(fleet.items, values, others, { share, draws, seed: `${fleet.name}/${target}/${share}` });
  });
  const all = parts.flatMap((part) => part.errors);
  return {
    ours: parts.map(({ errors }) => mean(errors.map((e) => e.error ** 2))),
    uniform: parts.map((part) => part.uniform),
    near: mean(all.map((e) => (Math.abs(e.error) <= 0.03 ? 1 : 0))),
    covered: mean(all.map((e) => (e.held ? 1 : 0))),
    width: mean(all.map((e) => e.width)),
    nearUniform: mean(parts.map((part) => part.nearUniform)),
  };
}

interface Run {
  readonly share: number;
  readonly draws: number;
  readonly seed: string;
}

function leftOut(items: readonly Item[], values: readonly number[], fleet: Fleet, { share, draws, seed }: Run) {
  const truth = mean(values);
  const byId = new Map(items.map(({ id }, i) => [id, values[i] as number]));
  const count = Math.round(share * items.length);
  const errors = Array.from({ length: draws }, (_, d) => {
    const drawn = drawItems(items, { count, seed: `${seed}/${d}`, fleet });
    const asked = drawn.map(({ item, weight }) => ({ id: item.id, value: byId.get(item.id) as number, weight }));
    const found = budgetEstimate(items, asked, { seed: `${seed}/${d}`, fleet });
    if (!found) throw new Error('too few items were asked');
    return { error: found.value - truth, held: found.low <= truth && truth <= found.high, width: found.high - found.low };
  });
  const plain = Array.from({ length: 400 }, (_, d) => mean(shuffled(values, randomOf(`uniform/${seed}/${d}`)).slice(0, count)));
  const nearUniform = mean(plain.map((value) => (Math.abs(value - truth) <= 0.03 ? 1 : 0)));
  return { errors, nearUniform, uniform: ((truth * (1 - truth)) / count) * (1 - count / items.length) };
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
const draws = Number(process.env.EFFICIENCY_DRAWS ?? 40);

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
const lines: string[][] = [];
const curve: string[][] = [];
function write(): void {
  const page = readFileSync(path, 'utf8');
  const first = put(page, 'ten', `${markdownTable(head, lines)}\n\n${draws} draws a model.`);
  writeFileSync(path, put(first, 'curve', markdownTable(['root mean square error in points (uniform)', '5 %', '10 %', '20 %'], curve)));
}
for (const fleet of fleets) {
  const at = [0.05, 0.1, 0.2].map((share) => measured(fleet, share, Math.ceil(share === 0.1 ? draws : draws / 3)));
  const ten = at[1] as Found;
  const gains = ten.ours.map((error, m) => (ten.uniform[m] as number) / Math.max(error, 1e-9));
  const middle = Math.exp(mean(gains.map(Math.log)));
  console.log(fleet.name, gains.map((gain) => gain.toFixed(2)).join(' '));
  lines.push([
    fleet.name,
    `${fleet.values.length}`,
    `${fleet.items.length}`,
    `${middle.toFixed(2)} × (${Math.min(...gains).toFixed(1)}–${Math.max(...gains).toFixed(1)})`,
    percent(ten.near),
    percent(ten.nearUniform),
    percent(ten.covered),
    (ten.width / 2).toFixed(3),
  ]);
  const points = (errors: readonly number[]) => (100 * Math.sqrt(mean(errors))).toFixed(1);
  curve.push([fleet.name, ...at.map((found) => `${points(found.ours)} (${points(found.uniform)})`)]);
  write();
}
