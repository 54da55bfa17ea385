/**
 * `npx tsx test/calibrate/efficiency.ts [fleet …]`: error against cost when a share of the items is asked, on published predictions (the shared folder)
 * and on simulated fleets, one model left out in turn. Writes its lines of the tables of docs/efficiency.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { budgetEstimate, drawItems, surveyOf } from '../../src/decide/budget.ts';
import type { Fleet } from '../../src/decide/fleet-values.ts';
import { fitted, learnt } from '../../src/decide/gaussian.ts';
import { randomOf, shuffled } from '../../src/kit/random.ts';
import { sharedFolder } from '../support/shared-folder.ts';
import { type ModelFleet, replayedFleets, simulatedFleets } from './fleets.ts';
import { put } from './page.ts';
import { markdownTable, percent } from './random.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

interface Draw {
  readonly error: number;
  readonly held: boolean;
  readonly half: number;
}

/** One model left out: its draws, and what uniform sampling of as many items gives. */
interface LeftOut {
  readonly draws: readonly Draw[];
  /** Mean squared error of a uniform sample's mean, without drawing: p(1 − p)/n · (1 − n/N). */
  readonly uniform: number;
  readonly nearUniform: number;
}

interface Run {
  readonly share: number;
  readonly draws: number;
}

/** The fleet without one model. */
function othersOf(fleet: ModelFleet, target: number): Fleet {
  const columns = (values: readonly (readonly number[])[]) =>
    values.filter((_, m) => m !== target).map((column) => new Map(fleet.items.map(({ id }, i) => [id, column[i] as number])));
  const answers = columns(fleet.values);
  return { answers, further: columns(fleet.further ?? []), of: fleet.further ? answers.map((_, m) => m) : [] };
}

function leftOut(fleet: ModelFleet, target: number, { share, draws }: Run): LeftOut {
  const { items } = fleet;
  const values = fleet.values[target] as readonly number[];
  const truth = mean(values);
  const byId = new Map(items.map(({ id }, i) => [id, values[i] as number]));
  const count = Math.round(share * items.length);
  const seed = `${fleet.name}/${target}/${share}`;
  const survey = surveyOf(items, othersOf(fleet, target), seed);
  const found = Array.from({ length: draws }, (_, d) => {
    const asked = drawItems(survey, count, `${seed}/${d}`).map(({ id }) => ({ id, value: byId.get(id) as number }));
    const estimate = budgetEstimate(survey, asked, `${seed}/${d}`);
    if (!estimate) throw new Error('too few items were asked');
    const { value, low, high } = estimate;
    return { error: value - truth, held: low <= truth && truth <= high, half: (high - low) / 2 };
  });
  const plain = Array.from({ length: 400 }, (_, d) => mean(shuffled(values, randomOf(`uniform/${seed}/${d}`)).slice(0, count)));
  return {
    draws: found,
    uniform: ((truth * (1 - truth)) / count) * (1 - count / items.length),
    nearUniform: mean(plain.map((value) => (Math.abs(value - truth) <= 0.03 ? 1 : 0))),
  };
}

/**
 * How much better than uniform sampling an estimate could be whose predictions had seen four fifths of the model's answers: variance of the values over
 * the squared error of predictions of the last fifth.
 */
function bound(fleet: ModelFleet, target: number): number {
  const values = fleet.values[target] as readonly number[];
  const { likeness, weights } = surveyOf(fleet.items, othersOf(fleet, target), 'bound');
  const order = shuffled([...values.keys()], randomOf(`bound/${fleet.name}/${target}`));
  const known = order.slice(0, Math.min(900, Math.floor(0.8 * order.length)));
  const rest = order.slice(known.length);
  const sample = { at: known, values: known.map((i) => values[i] as number) };
  const few = { at: sample.at.slice(0, 300), values: sample.values.slice(0, 300) };
  const { predicted } = fitted(likeness, sample, learnt(likeness, few, { prior: weights, trust: 4, steps: 20 }));
  const truth = mean(values);
  const square = mean(rest.map((i) => ((values[i] as number) - Math.min(1, Math.max(0, predicted[i] as number))) ** 2));
  return (truth * (1 - truth)) / square;
}

const geometric = (values: readonly number[]): number => Math.exp(mean(values.map(Math.log)));
const errorsOf = (parts: readonly LeftOut[]) => parts.map(({ draws }) => mean(draws.map(({ error }) => error ** 2)));
const points = (squares: readonly number[]) => (100 * Math.sqrt(mean(squares))).toFixed(1);

const head = {
  ten: [
    'suite',
    'models',
    'items',
    'effective sample against uniform',
    'least, most',
    'predictions alone, knowing 80 %',
    'within ± 3 points',
    'uniform',
    'intervals that hold',
    'bias, points',
    'mean half-width',
  ],
  curve: ['root mean square error in points (uniform)', '5 %', '10 %', '20 %'],
} as const;

function tenLine(fleet: ModelFleet, parts: readonly LeftOut[]): string[] {
  const squares = errorsOf(parts);
  const gains = parts.map(({ uniform }, m) => uniform / Math.max(squares[m] as number, 1e-9));
  const all = parts.flatMap(({ draws }) => draws);
  const bounds = fleet.values.map((_, m) => bound(fleet, m));
  return [
    fleet.name,
    `${fleet.values.length}`,
    `${fleet.items.length}`,
    `${geometric(gains).toFixed(2)} ×`,
    `${Math.min(...gains).toFixed(1)}, ${Math.max(...gains).toFixed(1)}`,
    `${geometric(bounds).toFixed(2)} ×`,
    percent(mean(all.map(({ error }) => (Math.abs(error) <= 0.03 ? 1 : 0)))),
    percent(mean(parts.map(({ nearUniform }) => nearUniform))),
    percent(mean(all.map(({ held }) => (held ? 1 : 0)))),
    (100 * mean(all.map(({ error }) => error))).toFixed(2),
    mean(all.map(({ half }) => half)).toFixed(3),
  ];
}

const path = join(import.meta.dirname, '../../docs/efficiency.md');

/** Puts a fleet's line into a table of the page; lines of other fleets stay. */
function write(table: keyof typeof head, line: readonly string[]): void {
  const page = readFileSync(path, 'utf8');
  const held = page.slice(page.indexOf(`<!-- ${table} -->`), page.indexOf(`<!-- /${table} -->`)).split('\n');
  const cells = (text: string) => text.slice(2, -2).split(' | ');
  const rows = held
    .filter((text) => text.startsWith('| '))
    .slice(2)
    .map(cells)
    .filter((row) => row.length === line.length && row[0] !== line[0]);
  const order = [...names, ...rows.map(([name]) => name as string)];
  const lines = [...rows, line].sort((a, b) => order.indexOf(a[0] as string) - order.indexOf(b[0] as string));
  writeFileSync(path, put(page, table, markdownTable(head[table], lines)));
}

const fleets = [...(existsSync(join(sharedFolder, 'replay')) ? replayedFleets(sharedFolder) : []), ...simulatedFleets()];
if (fleets.length === 2) console.warn('SKIPPED: published predictions (no shared folder); simulated fleets alone');
const names = fleets.map(({ name }) => name);
const wanted = process.argv.slice(2);
const draws = Number(process.env.EFFICIENCY_DRAWS ?? 40);
for (const fleet of fleets.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))) {
  const at = [0.05, 0.1, 0.2].map((share) =>
    fleet.values.map((_, m) => leftOut(fleet, m, { share, draws: share === 0.1 ? draws : Math.ceil(draws / 4) })),
  );
  const ten = tenLine(fleet, at[1] as readonly LeftOut[]);
  console.log(ten.join(' | '));
  write('ten', ten);
  write('curve', [fleet.name, ...at.map((parts) => `${points(errorsOf(parts))} (${points(parts.map(({ uniform }) => uniform))})`)]);
}
