/**
 * `npm run startup`: how long `plumbline --help` takes against `node -e 0`, turn by turn (--rounds <n>, default 30).
 * Exit code 1 where the median is more than 1.5 times the other.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../support/cli.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' } } });
const most = 1.5;

function ms(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - started;
}
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

const [empty, help]: [number[], number[]] = [[], []];
for (let round = -2; round < Number(values.rounds); round++) {
  const pair = [ms(['-e', '0']), ms([join(root, 'dist/src/cli.js'), '--help'])] as const;
  // The first rounds fill the system's file cache.
  if (round < 0) continue;
  empty.push(pair[0]);
  help.push(pair[1]);
}
const ratio = median(help) / median(empty);
console.log(
  `plumbline --help ${median(help).toFixed(0)} ms, node -e 0 ${median(empty).toFixed(0)} ms (medians of ${empty.length}): ${ratio.toFixed(2)} times`,
);
process.exitCode = ratio > most ? 1 : 0;
