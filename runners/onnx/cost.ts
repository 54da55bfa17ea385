import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/types.ts';
import { processOnGpu } from './nvidia.ts';

interface Spent {
  tokens: number;
  ms: number;
  runs: number;
}

/** Counts what real work took. */
export interface Meter {
  /** A run of the model: prompt tokens, or one new token for each of some rows. */
  readonly spent: (what: 'prefill' | 'decode', tokens: number, ms: number, rows: number) => void;
  /** Tokens that some requests would take were each prompt, and each option with its prompt, computed by itself. */
  readonly asked: (tokens: number) => void;
  /** The model is open, so many milliseconds after it was asked for. */
  readonly opened: (ms: number) => void;
  /** Requests have come: the first token is awaited. */
  readonly begun: () => void;
  /** What this process took so far. `gpu`: whether the model runs on one. */
  readonly facts: (gpu: boolean) => { readonly [key: string]: Json };
}

const numberIn = (...path: string[]): number => Number(readFileSync(join(...path), 'utf8'));

/** Joules counters of the processors, where Linux shows them (RAPL); null elsewhere. The whole machine's, not only this process's. */
export function energyZones(folder = '/sys/class/powercap'): readonly { readonly joules: number; readonly range: number }[] | null {
  if (!existsSync(folder)) return null;
  try {
    const zones = readdirSync(folder).filter((name) => /^intel-rapl:\d+$/.test(name));
    const counters = zones.map((zone) => ({
      joules: numberIn(folder, zone, 'energy_uj') / 1e6,
      range: numberIn(folder, zone, 'max_energy_range_uj') / 1e6,
    }));
    return counters.length > 0 && counters.every(({ joules }) => Number.isFinite(joules)) ? counters : null;
  } catch {
    return null; // readable by root only on many machines
  }
}

/** Joules used between two readings; a counter that began anew has gone once round. */
export function joulesBetween(before: ReturnType<typeof energyZones>, now: ReturnType<typeof energyZones>): number | null {
  if (before === null || now === null || before.length !== now.length) return null;
  return now.reduce((sum, { joules, range }, i) => {
    const used = joules - (before[i]?.joules ?? joules);
    return sum + (used < 0 ? used + range : used);
  }, 0);
}

const rate = ({ tokens, ms }: Spent): number => Math.round((tokens / Math.max(ms, 1e-3)) * 1e4) / 10;

/** Speeds by a size in powers of two: runs of 64 to 127 tokens are `64`. */
class BySize {
  readonly #parts = new Map<number, Spent>();

  add(size: number, tokens: number, ms: number): void {
    const wide = 2 ** Math.floor(Math.log2(Math.max(1, size)));
    const part = this.#parts.get(wide) ?? { tokens: 0, ms: 0, runs: 0 };
    this.#parts.set(wide, { tokens: part.tokens + tokens, ms: part.ms + ms, runs: part.runs + 1 });
  }

  facts(name: string): { readonly [key: string]: Json } {
    if (this.#parts.size === 0) return {};
    const sorted = [...this.#parts].sort((a, b) => a[0] - b[0]);
    return { [name]: Object.fromEntries(sorted.map(([size, part]) => [String(size), rate(part)])) };
  }
}

export function openMeter(): Meter {
  const total = { prefill: { tokens: 0, ms: 0, runs: 0 }, decode: { tokens: 0, ms: 0, runs: 0 } };
  const [byLength, byRows] = [new BySize(), new BySize()];
  const before = energyZones();
  let [asked, loadMs, waited] = [0, 0, 0];
  let firstMs: number | null = null;
  return {
    spent(what, tokens, ms, rows) {
      if (firstMs === null && waited > 0) firstMs = performance.now() - waited;
      if (what === 'decode') byRows.add(rows, tokens, ms);
      else byLength.add(tokens, tokens, ms);
      total[what].tokens += tokens;
      total[what].ms += ms;
      total[what].runs++;
    },
    asked(tokens) {
      asked += tokens;
    },
    opened(ms) {
      loadMs = ms;
    },
    begun() {
      waited ||= performance.now();
    },
    facts(gpu) {
      const { prefill, decode } = total;
      const joules = joulesBetween(before, energyZones());
      return {
        loadMs: Math.round(loadMs),
        ...(firstMs === null ? {} : { firstTokenMs: Math.round(loadMs + firstMs) }),
        ...(asked > 0 ? { promptTokensAsked: asked } : {}),
        ...(prefill.runs > 0 ? { prefillTokens: prefill.tokens, prefillTokensPerSecond: rate(prefill) } : {}),
        ...byLength.facts('prefillTokensPerSecondByLength'),
        ...(decode.runs > 0 ? { decodeTokens: decode.tokens, decodeRuns: decode.runs, decodeTokensPerSecond: rate(decode) } : {}),
        ...byRows.facts('decodeTokensPerSecondByRows'),
        cpuSeconds: Math.round(process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3) / 1e3,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        ...(gpu ? processOnGpu(process.pid) : {}),
        ...(joules === null ? {} : { machineJoules: Math.round(joules) }),
      };
    },
  };
}
