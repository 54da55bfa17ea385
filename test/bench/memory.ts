/**
 * Peak memory of a model's process beside the forecast made before loading.
 *
 *     npx tsx test/bench/memory.ts [--batch-size n] [--append table.md] <model> [exact|fast]
 *
 * Linux. The process is looked at five times a second (/proc/<pid>/smaps_rollup): memory of its own, and pages of files counted once however often they are mapped.
 * Fills runs as the forecast supposes: questions with options packed into runs of 256 tokens, then as many rows as are decoded together, 208 tokens read and 48 written each.
 * The table's line on stdout, its parts as JSON on stderr (`opened`: what opening took, a fast mode's measurement among it when the model is new to the cache).
 */
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLocal } from '../../runners/onnx/index.ts';
import type { Request, Want } from '../../src/types.ts';
import { proseOf } from './work.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'batch-size': { type: 'string', default: '4' }, append: { type: 'string' } },
});
const [model = '', weights = 'exact'] = positionals;
const rows = Number(values['batch-size']);
const [promptTokens, newTokens] = [208, 48];

interface Seen {
  own: number;
  ofFiles: number;
}

/** What a process has now; null when it is gone. */
function seen(pid: number): Seen | null {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const bytes = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    return { own: bytes('Anonymous'), ofFiles: bytes('Pss_File') };
  } catch {
    return null;
  }
}

/** The largest sum seen since the last call of `peak`. */
function watching(pids: () => readonly number[]) {
  let most: Seen = { own: 0, ofFiles: 0 };
  const look = () => {
    for (const pid of pids()) {
      const now = seen(pid);
      if (now && now.own + now.ofFiles > most.own + most.ofFiles) most = now;
    }
  };
  const timer = setInterval(look, 200);
  return {
    peak(): Seen {
      look();
      const found = most;
      most = { own: 0, ofFiles: 0 };
      return found;
    },
    end: () => clearInterval(timer),
  };
}

/** Children of this process: the model's is there before it is open. */
const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((pid) => pid !== '')
    .map(Number);

const watch = watching(children);
await using runner = await openLocal(model, {
  seed: 1,
  cacheDir: process.env.PLUMBLINE_CACHE ?? join(tmpdir(), 'plumbline-bench'),
  offline: true,
  env: process.env,
  device: 'cpu',
  batchSize: rows,
  settings: { weights },
  say: (message) => process.stderr.write(`${message}\n`),
});
const opened = watch.peak();

/** Prose of so many tokens, about. */
async function proseOfTokens(tokens: number, seed: number): Promise<string> {
  const long = proseOf(tokens, seed);
  const { ids } = await runner.ask({ ask: 'prompt', prompt: long });
  return long.slice(0, Math.floor((long.length * tokens) / ids.length));
}

async function ask(want: Want, prompts: readonly string[]): Promise<Seen> {
  const requests = prompts.map((prompt): Request => ({ to: 'target', prompt, want }));
  for await (const [, response] of runner.answer(requests, new AbortController().signal)) if (!response.ok) throw new Error(response.error);
  return watch.peak();
}

const prose = (count: number, tokens: number) => Promise.all(Array.from({ length: count }, (_, i) => proseOfTokens(tokens, i)));
const options = [' It is long.', ' It is short.', ' No.', ' Yes.'];
const scored = await ask({ kind: 'choice', options }, await prose(Math.min(8, rows), 100));
const written = await ask({ kind: 'text', maxTokens: newTokens, temperature: 0.7, seed: 1 }, await prose(rows, promptTokens));
watch.end();
const { cost = {} } = await runner.facts();
const { forecast, load } = cost as { forecast: { [part: string]: number }; load: unknown };
const sum = (each: Seen): number => each.own + each.ofFiles;
const peak = sum(scored) > sum(written) ? scored : written;
process.stderr.write(
  `${JSON.stringify({ model: basename(model), weights, opened, scored, written, forecast, rss: cost.peakMemoryBytes, load })}\n`,
);
const bytes = statSync(model).size;
const mb = (n: number): string => (n / 1e6).toFixed(0);
const line = `| ${basename(model)} | ${weights} | ${mb(bytes)} | ${rows} | ${mb(Number(forecast?.total))} | ${mb(sum(peak))} | ${mb(peak.own)} | ${mb(peak.ofFiles)} | ${(Number(forecast?.total) / sum(peak)).toFixed(2)} | ${(sum(peak) / bytes).toFixed(2)} |\n`;
process.stdout.write(line);
if (values.append) appendFileSync(values.append, line);
