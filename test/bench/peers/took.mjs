// What every peer on Node prints at its end.
import { readFileSync } from 'node:fs';

/** Resident bytes of a process that are pages of files (Linux): the system can take them back. */
export function mappedBytes(pid = 'self') {
  try {
    return 1024 * Number(/RssFile:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return null;
  }
}

export const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Milliseconds since this process was started by the bench. */
export const sinceStart = () => Date.now() - Number(process.env.BENCH_STARTED ?? Date.now());

export function print(took) {
  process.stdout.write(`${JSON.stringify(took)}\n`);
}

export const best = (values) => values.indexOf(Math.max(...values));
export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** log-probability of `target` in a row of logits. */
export function logprobOf(logits, target) {
  let largest = Number.NEGATIVE_INFINITY;
  for (const each of logits) if (each > largest) largest = each;
  let sum = 0;
  for (const each of logits) sum += Math.exp(each - largest);
  return logits[target] - largest - Math.log(sum);
}
