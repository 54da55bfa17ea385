/**
 * `npm run soak`: a night's run at compressed scale. A million scripted questions, of which one in a hundred fails, in one process: its memory and file handles
 * are read twice a second, and must be flat once it is under way (--items <n>; --folder <folder> keeps the run; Linux).
 * Exit code 1 where the last third of the asking needs more memory or handles than the third before it, or an answer is lost or doubled.
 */

import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { plumbline, start } from '../support/cli.ts';
import { manifestIn } from '../support/run-files.ts';

const { values } = parseArgs({ options: { items: { type: 'string', default: '1000000' }, folder: { type: 'string' } } });
const items = Number(values.items);
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'plumbline-soak-'));
const questions = join(folder, 'questions.jsonl');
const run = join(folder, 'run');
/** Bytes that memory may vary by without being said to grow. */
const slack = 48 << 20;

if (!existsSync(questions)) {
  const out = createWriteStream(questions);
  for (let i = 0; i < items; i++)
    if (!out.write(`${JSON.stringify({ question: `What is the number of line ${i}?`, answer: `number ${i}` })}\n`))
      await once(out, 'drain');
  out.end();
  await once(out, 'finish');
}

interface Look {
  readonly seconds: number;
  readonly bytes: number;
  readonly handles: number;
}

/** What a process holds, twice a second until it ends. */
async function watched(args: readonly string[]): Promise<{ code: number | null; looks: Look[]; said: string; seconds: number }> {
  const child = start(args);
  const looks: Look[] = [];
  let said = '';
  let ended = false;
  child.stderr?.on('data', (data) => {
    said += data;
  });
  child.stdout?.resume();
  const end = new Promise<number | null>((done) =>
    child.on('close', (code) => {
      ended = true;
      done(code);
    }),
  );
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  while (!ended) {
    try {
      const bytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
      if (bytes > 0) looks.push({ seconds: seconds(), bytes, handles: readdirSync(`/proc/${child.pid}/fd`).length });
    } catch {
      // It has just ended.
    }
    await Promise.race([end, sleep(500)]);
  }
  return { code: await end, looks, said, seconds: seconds() };
}

async function answers(): Promise<{ lines: number; keys: number; failed: number }> {
  const keys = new Set<string>();
  let [lines, failed] = [0, 0];
  for await (const line of createInterface({ input: createReadStream(join(run, 'answers.jsonl')) })) {
    lines++;
    keys.add(line.slice(8, 40));
    if (line.includes('"ok":false')) failed++;
  }
  return { lines, keys: keys.size, failed };
}

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
const most = (looks: readonly Look[], of: (look: Look) => number) => Math.max(...looks.map(of));
const problems: string[] = [];

const { code, looks, said, seconds } = await watched([
  'run',
  'scripted:failing:0.01',
  '--suite',
  questions,
  '--preset',
  'full',
  '--quiet',
  '-o',
  run,
]);
if (code !== 0) problems.push(`the run ended with ${code}: ${said}`);
// The first third fills indexes and buffers; the last moments score and render.
const third = Math.floor(looks.length / 3);
const [before, after] = [looks.slice(third, 2 * third), looks.slice(2 * third)];
const [memory, handles] = [
  [most(before, ({ bytes }) => bytes), most(after, ({ bytes }) => bytes)],
  [most(before, (l) => l.handles), most(after, (l) => l.handles)],
] as [[number, number], [number, number]];
console.log(
  `${items} questions in ${seconds.toFixed(0)} s; by thirds at most ${megabytes(most(looks.slice(0, third), (l) => l.bytes))}, ${megabytes(memory[0])}, ${megabytes(memory[1])}; handles ${handles.join(' and ')}`,
);
if (memory[1] > memory[0] + slack) problems.push(`memory grew from ${megabytes(memory[0])} to ${megabytes(memory[1])}`);
if (handles[1] > handles[0] + 2) problems.push(`file handles grew from ${handles[0]} to ${handles[1]}`);

const { lines, keys, failed } = await answers();
console.log(`${lines} answers, ${keys} of them different, ${failed} failed (${((100 * failed) / lines).toFixed(2)} %)`);
if (lines !== items || keys !== items) problems.push(`${items} questions, ${lines} answers, ${keys} different`);
if (Math.abs(failed / items - 0.01) > 0.002) problems.push(`${failed} of ${items} failed, expected 1 %`);
if (!manifestIn(run).complete) problems.push('the run is not complete');

const again = await watched(['run', 'scripted:failing:0.01', '--suite', questions, '--preset', 'full', '--quiet', '-o', run]);
if (again.code !== 0 || (await answers()).lines !== items) problems.push('the same command again asked anew');
const verified = await plumbline(['verify', run]);
console.log(verified.out.split('\n')[0]);
if (verified.code !== 0) problems.push(`verify: ${verified.out}`);

if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
for (const problem of problems) console.log(`FAILED: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
