/** `npm run calibrate`: simulates every interval, test and gate and writes the tables of docs/statistics.md. A few minutes on one core. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusteredCoverage, exactCoverage, otherCoverage } from './coverage.ts';
import { falsePasses, familyWise, pairedTests, savings, sequenceCoverage } from './decisions.ts';
import { halfAble } from './half-able.ts';
import { put } from './page.ts';
import { percent } from './random.ts';

const scale = Number(process.env.CALIBRATE_SCALE ?? 1);
const of = (count: number) => Math.max(20, Math.round(count * scale));

const path = join(import.meta.dirname, '../../docs/statistics.md');
/** CALIBRATE_ONLY=paired,other: only these tables. */
const only = process.env.CALIBRATE_ONLY?.split(',');
const write = async (name: string, make: () => string | Promise<string>) => {
  if (only && !only.includes(name)) return;
  const text = await make();
  writeFileSync(path, put(readFileSync(path, 'utf8'), name, text));
  console.log(`${name}\n${text}\n`);
};

function clusteredText(): string {
  const { table, cells } = clusteredCoverage(of(1000));
  const least = Math.min(...cells.map((cell) => cell.coverage));
  const mean = cells.reduce((sum, cell) => sum + cell.coverage, 0) / cells.length;
  const below = cells.filter((cell) => cell.coverage < 0.93);
  const named = below.map(({ name, method, coverage }) => `${name} (${method}) ${percent(coverage)}`).join('; ') || 'none';
  const error = 'the error of simulation is ± 1.4 points (95 %) a cell';
  return `${table}\n\n${of(1000)} simulations a cell: mean ${percent(mean)}, least ${percent(least)}. Below 93 %: ${named} of ${cells.length} cells; ${error}.`;
}

await write('exact', exactCoverage);
await write('clustered', clusteredText);
await write('other', () => otherCoverage(of(2000)));
await write('paired', () => pairedTests(of(3000)));
await write('family', () => familyWise(of(2000)));
await write('stopping', () => falsePasses(of(10_000)));
await write('savings', () => savings(of(300)));
await write('sequence', () => sequenceCoverage(of(500)));
await write('half-able', () => halfAble(of(200)));
