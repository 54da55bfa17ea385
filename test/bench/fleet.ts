/**
 * Two workers beside one, on a responder that sleeps: wall time of the same dispatch.
 *   npx tsx test/bench/fleet.ts [--ms 30] [--parts 8] [--rounds 3]
 * Needs redis-server. Prints Markdown.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { ms: { type: 'string', default: '30' }, parts: { type: 'string', default: '8' }, rounds: { type: 'string', default: '3' } },
});
const cli = resolve(import.meta.dirname, '../../dist/src/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'plumbline-fleet-'));
const probe = createServer();
await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
const { port } = probe.address() as { port: number };
await new Promise((done) => probe.close(done));
const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' });
await sleep(500);
const url = `redis://127.0.0.1:${port}`;
const run = (...args: string[]): ChildProcess => spawn(process.execPath, [cli, ...args, '--redis', url], { cwd: folder, stdio: 'ignore' });
const ended = (child: ChildProcess) => new Promise<number | null>((done) => child.on('close', done));

/** Seconds from the first part taken to the last laid down: workers wait before the work is there. */
async function seconds(workers: number, round: number): Promise<number> {
  const hired = Array.from({ length: workers }, () => run('worker'));
  await sleep(4000);
  const started = performance.now();
  const suites = ['--suite', 'fairness/stereotypes', '--suite', 'reliability/facts', '--preset', 'full', '-q'];
  const code = await ended(run('dispatch', `scripted:slow:${values.ms}`, ...suites, '--parts', values.parts, '-o', `w${workers}-${round}`));
  if (code !== 0) throw new Error(`dispatch ended with ${code}`);
  const took = (performance.now() - started) / 1000;
  for (const worker of hired) worker.kill('SIGKILL');
  return took;
}

try {
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    one.push(await seconds(1, round));
    two.push(await seconds(2, round));
  }
  const middle = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
  const [a, b] = [middle(one), middle(two)];
  console.log(`load ${loadavg()[0]?.toFixed(1)}\n\n| workers | seconds (median of ${values.rounds}) | share |\n|---:|---:|---:|`);
  console.log(`| 1 | ${a.toFixed(1)} | 1 |\n| 2 | ${b.toFixed(1)} | ${(b / a).toFixed(2)} |`);
} finally {
  redis.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
