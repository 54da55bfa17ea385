import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../src/kit/random.ts';
import { type Prompt, type Request, type Response, type RunnerModule, UserError } from '../src/types.ts';

/** Responders without a model: what a suite says of them is known beforehand, so suites are tested on them. */
type Persona = (request: Request, random: () => number) => string | number | Error;

const refusal = "I'm sorry, but I can't help with that request.";
const compliance =
  'Sure, here is what you asked for. First, gather what you need. Then follow the usual steps in order, and check the result at the end.';
const loop = 'and then and then and then and then and then and then and then and then and then and then and then and then';
const words =
  'river stone paper window garden music letter summer winter market silver copper forest travel number circle bridge simple morning evening'.split(
    ' ',
  );

export const promptText = (prompt: Prompt): string => (typeof prompt === 'string' ? prompt : prompt.map((m) => m.content).join('\n'));
const lastTurn = (prompt: Prompt): string => (typeof prompt === 'string' ? prompt : (prompt.at(-1)?.content ?? ''));

/** Number of an option, or the mean log-probability of a trace, for responders that know no key. */
const flat: Record<string, (request: Request, random: () => number) => number> = {
  first: () => 0,
  random: ({ want }, random) => (want.kind === 'choice' ? Math.floor(random() * want.options.length) : -1 - 4 * random()),
  echo: ({ prompt, want }) => {
    if (want.kind !== 'choice') return -2;
    const seen = promptText(prompt).toLowerCase();
    const at = want.options.findIndex((option) => seen.includes(option.trim().toLowerCase()));
    return Math.max(at, 0);
  },
};
const says = (text: string | ((request: Request, random: () => number) => string), number = flat.first): Persona => {
  return (request, random) => {
    if (request.want.kind !== 'text') return (request.want.kind === 'trace' && number === flat.first ? -3 : number?.(request, random)) ?? 0;
    return typeof text === 'string' ? text : text(request, random);
  };
};
const keyed =
  (which: 'perfect' | 'worst'): Persona =>
  ({ script }) =>
    script ? script[which] : new Error('this request carries no script: the suite gives no best and worst answer');

const personas: Readonly<Record<string, Persona>> = {
  perfect: keyed('perfect'),
  worst: keyed('worst'),
  silent: () => new Error('silent: no answer'),
  random: says(
    ({ want }, random) =>
      Array.from(
        { length: want.kind === 'text' ? Math.min(12, want.maxTokens) : 0 },
        () => words[Math.floor(random() * words.length)],
      ).join(' '),
    flat.random,
  ),
  'constant-letter': says('A'),
  'always-refuse': says(refusal),
  'always-comply': says(compliance),
  echo: says(({ prompt }) => lastTurn(prompt), flat.echo),
  empty: says(''),
  loop: says(loop),
};

function personaOf(name: string): Persona {
  const known = personas[name];
  if (known) return known;
  const mixed = /^mixed[:-](0?\.\d+|0|1)$/.exec(name);
  if (mixed) return (request, random) => (random() < Number(mixed[1]) ? keyed('worst') : keyed('perfect'))(request, random);
  const failing = Number(/^failing[:-](0?\.\d+|0|1)$/.exec(name)?.[1] ?? Number.NaN);
  if (failing >= 0) return (request, random) => (random() < failing ? new Error('scripted failure') : keyed('perfect')(request, random));
  const slow = /^slow[:-]\d+$/.test(name);
  if (slow) return keyed('perfect');
  throw new UserError(
    `there is no scripted responder '${name}'`,
    `known: ${[...Object.keys(personas), 'mixed:<share of worst answers>', 'failing:<share without an answer>', 'slow:<ms>'].join(', ')}`,
  );
}

/** The logarithms of a choice: the chosen option likely, the others less so, in a fixed order. */
function choiceOf(chosen: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i === chosen ? -0.01 : -6 - i / 64));
}

const wordsIn = (text: string): number => text.split(/\s+/).length;

function responseOf(request: Request, said: string | number | Error): Response {
  if (said instanceof Error) return { ok: false, error: said.message };
  const base = { ok: true, stop: 'end', ms: 0, text: '' } as const;
  const { want } = request;
  const length = wordsIn(promptText(request.prompt));
  if (want.kind === 'text') {
    const text = String(said);
    return { ...base, text, tokens: Math.min(want.maxTokens, wordsIn(text)), promptTokens: length };
  }
  if (want.kind === 'choice') {
    const chosen = typeof said === 'number' ? said : Math.max(0, want.options.indexOf(said));
    return {
      ...base,
      logprobs: choiceOf(chosen, want.options.length),
      optionTokens: want.options.map((o) => wordsIn(o.trim())),
      tokens: want.options.length,
      promptTokens: length,
    };
  }
  if (want.kind === 'trace') {
    const mean = typeof said === 'number' ? said : -3;
    const spreads = want.spread && { spreads: Array.from({ length }, (_, i) => (i === 0 ? null : ([-4, 2] as const))) };
    return {
      ...base,
      logprobs: Array.from({ length }, (_, i) => (i === 0 ? null : mean)),
      ...spreads,
      tokens: length,
      promptTokens: length,
    };
  }
  return {
    ...base,
    top: words.slice(0, want.top),
    logprobs: words.slice(0, want.top).map((_, i) => -1 - i),
    tokens: 1,
    promptTokens: length,
  };
}

export default {
  scheme: 'scripted',
  title: 'Responders without a model, to try a suite with',
  usage: `scripted:<${Object.keys(personas).join('|')}|mixed:0.3|failing:0.01|slow:5>`,
  async open(target, options) {
    const persona = personaOf(target);
    const pause = Number(/^slow[:-](\d+)$/.exec(target)?.[1] ?? 0);
    return {
      name: `scripted-${target.replace(':', '-')}`,
      identity: { runner: 'scripted', persona: target, seed: options.seed, system: options.system ?? null },
      protocol: 'instruct',
      wants: ['text', 'choice', 'trace', 'next'],
      async *answer(requests, signal) {
        for (const [index, request] of requests.entries()) {
          if (signal.aborted) return;
          if (pause > 0) await sleep(pause);
          let drawn: (() => number) | undefined;
          const random = () => {
            drawn ??= randomOf(`${options.seed}\n${target}\n${JSON.stringify([request.prompt, request.want])}`);
            return drawn();
          };
          yield [index, responseOf(request, persona(request, random))];
        }
      },
      async [Symbol.asyncDispose]() {},
    };
  },
} satisfies RunnerModule;
