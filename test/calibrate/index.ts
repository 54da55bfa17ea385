/** `npm run calibrate`: simulates every interval, test and gate and writes the tables of docs/statistics.md. A few minutes on one core. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusteredCoverage, exactCoverage, otherCoverage } from './coverage.ts';
import { falsePasses, familyWise, pairedTests, savings, sequenceCoverage } from './decisions.ts';
import { put } from './page.ts';
import { percent } from './random.ts';

const scale = Number(process.env.CALIBRATE_SCALE ?? 1);
const of = (count: number) => Math.max(20, Math.round(count * scale));

const path = join(import.meta.dirname, '../../docs/statistics.md');
const write = (name: string, text: string) => {
  writeFileSync(path, put(readFileSync(path, 'utf8'), name, text));
  console.log(`${name}\n${text}\n`);
};

write('exact', exactCoverage());
const clustered = clusteredCoverage(of(1000));
const least = clustered.cells.reduce((a, b) => (b.coverage < a.coverage ? b : a));
const mean = clustered.cells.reduce((sum, cell) => sum + cell.coverage, 0) / clustered.cells.length;
const below = clustered.cells.filter((cell) => cell.coverage < 0.93);
const named = below.map(({ name, method, coverage }) => `${name} (${method}) ${percent(coverage)}`).join('; ');
write(
  'clustered',
  `${clustered.table}\n\n${of(1000)} simulations a cell: mean ${percent(mean)}, least ${percent(least.coverage)}. Below 93 %: ${named || 'none'} of ${clustered.cells.length} cells; the error of simulation is ± 1.4 points (95 %) a cell.`,
);
write('other', otherCoverage(of(2000)));
write('paired', pairedTests(of(1000)));
write('family', familyWise(of(2000)));
write('stopping', falsePasses(of(10_000)));
write('savings', savings(of(300)));
write('sequence', sequenceCoverage(of(500)));
