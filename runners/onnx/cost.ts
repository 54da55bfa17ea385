import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/types.ts';

interface Spent {
  tokens: number;
  ms: number;
  runs: number;
}

/** Counts what real work took: tokens and milliseconds of prefill and of decoding, decoding also by rows. */
export interface Meter {
  readonly spent: (what: 'prefill' | 'decode', tokens: number, ms: number, rows: number) => void;
  readonly facts: () => { readonly [key: string]: Json };
}

/** Joules the processors have used since some moment, where Linux shows them (RAPL); null elsewhere. The whole machine's, not only this process's. */
export function joules(folder = '/sys/class/powercap'): number | null {
  if (!existsSync(folder)) return null;
  try {
    const zones = readdirSync(folder).filter((name) => /^intel-rapl:\d+$/.test(name));
    const values = zones.map((zone) => Number(readFileSync(join(folder, zone, 'energy_uj'), 'utf8')) / 1e6);
    return values.length > 0 && values.every(Number.isFinite) ? values.reduce((a, b) => a + b, 0) : null;
  } catch {
    return null; // readable by root only on many machines
  }
}

const rate = ({ tokens, ms }: Spent): number => Math.round((tokens / Math.max(ms, 1e-3)) * 1e4) / 10;

export function openMeter(): Meter {
  const total = { prefill: { tokens: 0, ms: 0, runs: 0 }, decode: { tokens: 0, ms: 0, runs: 0 } };
  const byRows = new Map<number, Spent>();
  const before = joules();
  return {
    spent(what, tokens, ms, rows) {
      const parts: Spent[] = [total[what]];
      if (what === 'decode') {
        const wide = 2 ** Math.floor(Math.log2(rows));
        const part = byRows.get(wide) ?? { tokens: 0, ms: 0, runs: 0 };
        byRows.set(wide, part);
        parts.push(part);
      }
      for (const part of parts) {
        part.tokens += tokens;
        part.ms += ms;
        part.runs++;
      }
    },
    facts() {
      const { prefill, decode } = total;
      const now = joules();
      return {
        ...(prefill.runs > 0 ? { prefillTokens: prefill.tokens, prefillTokensPerSecond: rate(prefill) } : {}),
        ...(decode.runs > 0 ? { decodeTokens: decode.tokens, decodeTokensPerSecond: rate(decode) } : {}),
        ...(byRows.size > 0
          ? {
              decodeTokensPerSecondByRows: Object.fromEntries(
                [...byRows].sort((a, b) => a[0] - b[0]).map(([rows, part]) => [String(rows), rate(part)]),
              ),
            }
          : {}),
        cpuSeconds: Math.round(process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3) / 1e3,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        ...(before !== null && now !== null && now >= before ? { machineJoules: Math.round(now - before) } : {}),
      };
    },
  };
}
