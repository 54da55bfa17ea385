/** The pace of a model on this machine, measured on some of the requests it would be asked. */
import { freshCharacters, kinds, type Pace, spreadOver } from './decide/expected-time.ts';
import type { Request, Response, Runner, WantKind } from './types.ts';

/** Requests of a kind that are asked, and the milliseconds their answers are awaited. */
const samples: Readonly<Record<WantKind, readonly [count: number, ms: number]>> = {
  choice: [24, 3000],
  trace: [8, 2000],
  next: [12, 1500],
  text: [12, 3500],
};
/** Tokens a sampled answer may have; rows and tokens of the writing that is timed. */
const [longest, rows, burst] = [40, 48, 6];

/** Answers that came in time; the first one is waited for. */
async function inTime(runner: Runner, requests: readonly Request[], ms: number, signal: AbortSignal): Promise<Response[]> {
  const answers: Response[] = [];
  const enough = new AbortController();
  const until = performance.now() + ms;
  const timer = setInterval(() => {
    if (answers.length > 0 && performance.now() > until) enough.abort();
  }, 50);
  for await (const [, response] of runner.answer(requests, AbortSignal.any([signal, enough.signal]))) answers.push(response);
  clearInterval(timer);
  return answers;
}

/** Tokens computed so far and the seconds they took, of prompts and of answers. */
async function spent(runner: Runner): Promise<Record<'prefill' | 'decode', { tokens: number; seconds: number }>> {
  const { cost = {} } = (await runner.facts?.()) ?? {};
  const of = (what: 'prefill' | 'decode') => {
    const tokens = Number(cost[`${what}Tokens`] ?? 0);
    return { tokens, seconds: tokens / Number(cost[`${what}TokensPerSecond`] ?? 1) };
  };
  return { prefill: of('prefill'), decode: of('decode') };
}

const capped = (request: Request, most: number): Request =>
  request.want.kind === 'text' ? { ...request, want: { ...request.want, maxTokens: Math.min(most, request.want.maxTokens) } } : request;

/** Tokens a character, where a sample was cut short. */
const usual = 1 / 4;

/** Seconds a character that is read, from what was spent on a sample. */
function readingPace(sample: readonly Request[], answers: readonly Response[], spent: { tokens: number; seconds: number }): number {
  const each = answers.length === sample.length ? spent.tokens / freshCharacters(sample) : usual;
  return (spent.seconds / spent.tokens) * each;
}

type Spent = Awaited<ReturnType<typeof spent>>;
const between = (before: Spent, after: Spent, what: keyof Spent) => ({
  tokens: after[what].tokens - before[what].tokens,
  seconds: after[what].seconds - before[what].seconds,
});

/** Answers some of the texts, then a few tokens of as many rows as there will be. */
async function writingPace(
  runner: Runner,
  texts: readonly Request[],
  signal: AbortSignal,
): Promise<Pick<Pace, 'write' | 'ending'> & { readonly read: number }> {
  const [count, ms] = samples.text;
  const sample = spreadOver(texts, count).map((request) => capped(request, longest));
  await inTime(runner, sample.slice(0, 1), 0, signal);
  const start = await spent(runner);
  const answers = await inTime(runner, sample, ms, signal);
  const then = await spent(runner);
  const beginnings = texts.slice(0, rows).map((request, i) => capped({ ...request, prompt: `${i + 1}.` }, burst));
  await inTime(runner, beginnings, ms, signal);
  const steps = between(then, await spent(runner), 'decode');
  const ended = answers.filter((response) => response.ok && response.stop === 'end').length;
  return {
    read: readingPace(sample, answers, between(start, then, 'prefill')),
    write: steps.seconds / Math.max(1, steps.tokens),
    ending: ended / (between(start, then, 'decode').tokens + answers.length),
  };
}

/** No answer is kept. */
export async function measuredPace(
  runner: Runner,
  requests: Readonly<Record<WantKind, readonly Request[]>>,
  signal: AbortSignal,
): Promise<Pace> {
  const read: Partial<Record<WantKind, number>> = {};
  for (const kind of kinds) {
    if (kind === 'text' || requests[kind].length === 0) continue;
    const [count, ms] = samples[kind];
    const sample = spreadOver(requests[kind], count);
    await inTime(runner, sample.slice(0, 1), 0, signal);
    const before = await spent(runner);
    const answers = await inTime(runner, sample, ms, signal);
    read[kind] = readingPace(sample, answers, between(before, await spent(runner), 'prefill'));
  }
  if (requests.text.length === 0) return { read, write: 0, ending: 0 };
  const { read: text, write, ending } = await writingPace(runner, requests.text, signal);
  return { read: { ...read, text }, write, ending };
}
