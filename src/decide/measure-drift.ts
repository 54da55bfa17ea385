/** Opens the models of finished runs and asks each for its next tokens on the fixed text. */
import type { Io } from '../command.ts';
import type { Drift } from '../kit/comparison.ts';
import { identityHash } from '../kit/key.ts';
import { openModel } from '../run-model.ts';
import { settingsOf } from '../settings.ts';
import type { Manifest, Request, Response, Runner } from '../types.ts';
import { driftOf, type Next, nextOf } from './drift.ts';
import { driftPassages, driftPrefixes } from './drift-text.ts';

export interface MeasureOptions {
  readonly device: string;
  readonly offline: boolean;
  readonly io: Io;
}

const top = 64;
const prefixes = driftPrefixes();

interface Read {
  readonly next: readonly (Next | null)[];
  /** Mean log-probability of a token over the passages, and the token ids. */
  readonly nats: number | null;
  readonly ids: string;
}

/** The drift of every other run's model from the first's; null where a model cannot be opened as it was, or cannot answer `next` and `trace`. */
export async function measureDrift(manifests: readonly Manifest[], options: MeasureOptions): Promise<(Drift | null)[]> {
  const reads: (Read | null)[] = [];
  for (const manifest of manifests) reads.push(await readModel(manifest, options));
  const [first, ...others] = reads;
  return others.map((other) => {
    if (!first || !other) return null;
    const positions = prefixes.flatMap(([passage], i) => {
      const [a, b] = [first.next[i], other.next[i]];
      return a && b ? [{ passage, first: a, second: b }] : [];
    });
    const nats = first.nats !== null && other.nats !== null && first.ids === other.ids ? ([first.nats, other.nats] as const) : null;
    return driftOf(positions, { top, nats });
  });
}

/** Flags of the run's command line that change the model. */
const kept = new Set(['adapter', 'protocol', 'set', 'system', 'batch-size']);

function flagsOf(command: readonly string[]): Record<string, string | Record<string, string>> {
  const flags: Record<string, string | Record<string, string>> = {};
  command.forEach((word, i) => {
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
    const value = match?.[2] ?? command[i + 1];
    if (!match?.[1] || !kept.has(match[1]) || value === undefined) return;
    const at = value.indexOf('=');
    const key = match[1].replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (key === 'set') flags.set = { ...(flags.set as Record<string, string> | undefined), [value.slice(0, at)]: value.slice(at + 1) };
    else flags[key] = value;
  });
  return flags;
}

/** The variant that the identity names, wherever it was asked for: the command line, the environment or a file. */
function variantOf({ model }: Manifest): Record<string, string> {
  const mode = typeof model.identity.mode === 'string' ? model.identity.mode : '';
  const quantize = /\bint[48]\b/.exec(mode)?.[0];
  return { ...(quantize && { quantize }), ...(/\bfast\b/.test(mode) && { weights: 'fast' }) };
}

async function readModel(manifest: Manifest, { device, offline, io }: MeasureOptions): Promise<Read | null> {
  const say = (why: string) => io.err(`no drift for ${manifest.model.name}: ${why}\n`);
  const settings = await settingsOf({ ...flagsOf(manifest.command), ...variantOf(manifest), device, offline }, io.env, io.cwd);
  await using opened = await openModel(manifest.model.argument, settings, io, () => {});
  const { runner } = opened;
  if (!runner.wants.includes('next') || !runner.wants.includes('trace')) {
    say('its runner cannot tell next tokens');
    return null;
  }
  if (identityHash(runner.identity) !== manifest.model.hash) say('opened now, its identity differs from the run’s; measured nevertheless');
  // Awaited here: on leaving this scope the runner is closed.
  return await read(runner, io.signal, say);
}

async function read(runner: Runner, signal: AbortSignal, say: (why: string) => void): Promise<Read> {
  const requests: Request[] = [
    ...prefixes.map(([, prompt]): Request => ({ to: 'target', prompt, want: { kind: 'next', top } })),
    ...driftPassages.map((prompt): Request => ({ to: 'target', prompt, want: { kind: 'trace' } })),
  ];
  const responses: (Response | undefined)[] = [];
  for await (const [index, response] of runner.answer(requests, signal)) responses[index] = response;
  const failed = responses.find((response) => response && !response.ok);
  if (failed && !failed.ok) say(`${responses.filter((r) => !r?.ok).length} of ${requests.length} questions failed, first: ${failed.error}`);
  const next = prefixes.map((_, i) => {
    const response = responses[i];
    return response?.ok ? nextOf(response) : null;
  });
  const traces = driftPassages.flatMap((_, i) => {
    const response = responses[prefixes.length + i];
    return response?.ok ? [response] : [];
  });
  const logprobs = traces.flatMap((answer) => answer.logprobs?.filter((v): v is number => v !== null) ?? []);
  const complete = traces.length === driftPassages.length && logprobs.length > 0;
  return {
    next,
    nats: complete ? logprobs.reduce((sum, v) => sum + v, 0) / logprobs.length : null,
    ids: JSON.stringify(traces.map((answer) => answer.ids ?? [])),
  };
}
