/**
 * Benchmark files of 1 GB through the readers, each in a process of its own: how much memory at most?
 *   npx tsx test/bench/streaming.ts [--bytes 1e9]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bigFile } from '../support/big-file.ts';

const { values } = parseArgs({ options: { bytes: { type: 'string', default: '1e9' } } });
const cache = mkdtempSync(join(tmpdir(), 'plumbline-big-'));
const child = join(import.meta.dirname, '..', 'support', 'stream-child.ts');
process.stdout.write('| file | bytes | records | peak resident memory | seconds |\n|---|---|---|---|---|\n');
try {
  for (const [kind, name] of [
    ['jsonl', 'small.jsonl'],
    ['jsonl', 'big.jsonl'],
    ['csv', 'big.csv'],
    ['jsonl', 'packed.jsonl.gz'],
    ['json', 'big.json'],
  ] as const) {
    const path = join(cache, 'data', 'made', name);
    const records = bigFile(path, kind, name.startsWith('small') ? 1e6 : Number(values.bytes));
    const started = performance.now();
    const out = execFileSync(process.execPath, ['--import', 'tsx', child, cache, kind, name.replace(/\.gz$/, '')], { encoding: 'utf8' });
    const { records: read, maxRss } = JSON.parse(out) as { records: number; maxRss: number };
    if (read !== records) throw new Error(`${name}: ${read} of ${records} records`);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(`| ${name} | ${statSync(path).size} | ${read} | ${(maxRss / 1e6).toFixed(0)} MB | ${seconds.toFixed(1)} |\n`);
    rmSync(path);
  }
} finally {
  rmSync(cache, { recursive: true, force: true });
}
