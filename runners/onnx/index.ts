import {
  type DoctorLine,
  type Facts,
  type Prompt,
  type Request,
  type Response,
  type Runner,
  type RunnerModule,
  type RunnerOptions,
  UserError,
} from '../../src/types.ts';
import { cacheParts, clearCache, listCache } from './cache.ts';
import { ChildHandle } from './child-handle.ts';
import { devices, seenHere } from './devices.ts';
import type { Opening, Question, Replies } from './ipc.ts';
import { physicalCores } from './model-parts.ts';
import { shareOut } from './share-out.ts';

/** The local runner with what looking at a model by hand needs. */
export interface LocalRunner extends Runner {
  /** One question to the model, by token ids or a prompt. */
  ask<Q extends Question>(question: Q): Promise<Replies[Q['ask']]>;
  readonly hasTokenizer: boolean;
  /** Process ids of the children that hold the model. */
  readonly pids: () => readonly number[];
  facts(): Promise<Facts>;
  render(prompt: Prompt): Promise<string>;
}

/** Opens a model file or folder in a child process (several for `--device cuda:0,cuda:1`). */
export async function openLocal(target: string, options: RunnerOptions): Promise<LocalRunner> {
  checkSettings(options);
  const names = (options.device ?? 'auto').split(',').map((name) => name.trim());
  const ears = { say: options.say, progress: options.progress };
  const path = await fetched(target, options);
  const handles: ChildHandle[] = [];
  try {
    for (const name of names) handles.push(await ChildHandle.open(openingOf(path, name, sharing(options, names)), ears));
  } catch (error) {
    for (const handle of handles) await handle[Symbol.asyncDispose]();
    throw error;
  }
  return runnerOver(handles);
}

/** Settings that are numbers, checked before a child is started. */
function checkSettings({ settings }: RunnerOptions): void {
  for (const name of ['timeout', 'threads', 'cacheLimit']) {
    const value = settings[name];
    if (value !== undefined && !(Number(value) > 0)) throw new UserError(`${name}=${value}: expected a number above 0`, `--set ${name}=4`);
  }
}

/** Several children on one processor share its cores. */
function sharing(options: RunnerOptions, names: readonly string[]): RunnerOptions {
  const onCpu = names.filter((name) => name === 'cpu').length;
  if (onCpu < 2 || options.settings.threads !== undefined) return options;
  return { ...options, settings: { ...options.settings, threads: Math.max(1, Math.floor(physicalCores() / onCpu)) } };
}

function openingOf(target: string, device: string, options: RunnerOptions): Opening {
  const { batchSize = 'auto', seed, cacheDir, offline, env, settings, system } = options;
  return { target, device, batchSize, seed, cacheDir, offline, env, settings, shrink: 1, ...(system === undefined ? {} : { system }) };
}

function runnerOver(handles: readonly ChildHandle[]): LocalRunner {
  const [first] = handles;
  if (!first) throw new Error('no child was opened');
  const { name, identity, protocol, wants, hasTokenizer } = first.about;
  const kinds = new Set(handles.map((handle) => JSON.stringify(handle.about.identity)));
  if (kinds.size > 1)
    throw new UserError('the devices are of different kinds, whose numbers differ', 'name devices of one kind: --device cuda:0,cuda:1');
  const ask: LocalRunner['ask'] = (question) => first.question(question);
  return {
    name,
    identity,
    protocol,
    wants,
    hasTokenizer,
    ask,
    pids: () => handles.flatMap((handle) => (handle.pid === undefined ? [] : [handle.pid])),
    answer: (requests, signal) => answerAll(handles, requests, signal),
    facts: async () => joinedFacts(await Promise.all(handles.map((handle) => handle.question({ ask: 'facts' })))),
    render: (prompt) => ask({ ask: 'render', prompt }),
    async [Symbol.asyncDispose]() {
      await Promise.all(handles.map((handle) => handle[Symbol.asyncDispose]()));
    },
  };
}

/** Counts that children have each for themselves. */
const counts = ['promptTokensAsked', 'prefillTokens', 'decodeTokens', 'cpuSeconds', 'peakMemoryBytes', 'deviceMemoryBytes'] as const;

/** Facts of several children as one: counts summed, all else as the first child tells it. */
function joinedFacts(all: readonly Facts[]): Facts {
  const [first = {}, ...others] = all;
  if (others.length === 0) return first;
  const summed = counts.flatMap((name) => {
    const values = all.map(({ cost }) => cost?.[name]).filter((value) => typeof value === 'number');
    return values.length > 0 ? [[name, values.reduce((a, b) => a + b, 0)] as const] : [];
  });
  return { ...first, cost: { ...first.cost, ...Object.fromEntries(summed), children: all.length } };
}

function answerAll(
  handles: readonly ChildHandle[],
  requests: readonly Request[],
  signal: AbortSignal,
): AsyncIterable<readonly [number, Response]> {
  const all = new Map(requests.entries());
  const [only] = handles;
  if (handles.length === 1 && only) return only.answer(all, signal);
  return shareOut(handles, all, signal);
}

/** A name of the hub becomes a path on this machine. */
async function fetched(target: string, options: RunnerOptions): Promise<string> {
  if (!/^hf:/.test(target) && target !== 'demo' && target !== 'gemma') return target;
  const { pull } = await import('./pull.ts');
  return pull(target, options);
}

/** Every device of this platform: what it is, and whether it would work, tried for real. */
async function doctor(options: RunnerOptions): Promise<readonly DoctorLine[]> {
  const seen = seenHere(options.env);
  const lines: DoctorLine[] = [];
  for (const device of devices) {
    const what = `device ${device.name}`;
    if (!device.platforms.includes(process.platform)) {
      lines.push({ what, ok: false, detail: `${device.title}: not on ${process.platform}` });
      continue;
    }
    const why = device.absent(seen) ?? (await ChildHandle.probe(device.name, { say: () => {} }));
    lines.push({
      what,
      ok: why === null,
      detail:
        why === null
          ? `${device.title}${device.slow?.(seen) ? `; auto passes it over: ${device.slow(seen)}` : ''}`
          : `${device.title}: ${why}${device.hint ? ` — ${device.hint}` : ''}`,
    });
  }
  return lines;
}

export default {
  scheme: 'onnx',
  title: 'the built-in local runner: GGUF files, Hugging Face folders with safetensors, ONNX folders',
  usage: '<model.gguf> | <model folder> | hf:<org>/<repo>[@rev][:file] | demo | gemma',
  open: openLocal,
  doctor,
  pull: fetched,
  /** What `plumbline cache` shows and clears. */
  cache: {
    parts: cacheParts,
    list: listCache,
    clear: (folder: string, parts?: readonly string[]) => clearCache(folder, parts && cacheParts.filter((part) => parts.includes(part))),
  },
} satisfies RunnerModule & { readonly cache: unknown };
