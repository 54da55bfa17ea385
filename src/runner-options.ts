import { resolve } from 'node:path';
import type { Io } from './command.ts';
import { cacheDirOf, type Settings } from './settings.ts';
import type { RunnerOptions } from './types.ts';

/** What a runner is told, from the settings and the environment. */
export function runnerOptionsOf(settings: Settings, io: Io, show: (text: string) => void): RunnerOptions {
  const { weights, quantize, protocol, maxRequests, maxTokens, maxCost } = settings;
  const prices = settings.prices === undefined ? undefined : resolve(io.cwd, settings.prices);
  const adapter = settings.adapter === undefined ? undefined : resolve(io.cwd, settings.adapter);
  const offline = settings.offline || io.env.HF_HUB_OFFLINE === '1';
  const named = Object.fromEntries(
    Object.entries({ weights, quantize, adapter, protocol, maxRequests, maxTokens, maxCost, prices }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Record<string, string | number>;
  return {
    device: settings.device,
    batchSize: settings.batchSize,
    ...(settings.system !== undefined && { system: settings.system }),
    seed: settings.seed,
    cacheDir: cacheDirOf(io.env),
    offline,
    env: io.env,
    settings: { ...settings.set, ...named },
    say: (message) => io.err(`${message}\n`),
    progress: (what, done, total) => show(`${what} ${total > 0 ? `${Math.floor((100 * done) / total)} %` : ''}`),
  };
}
