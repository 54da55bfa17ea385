import { canonical, identityHash } from './kit/key.ts';
import type { Prompt, Request, Response, Runner, RunnerModule, RunnerOptions, Want } from './types.ts';

/** What every runner promises, checked by asking it. */
export interface Check {
  readonly what: string;
  /** null: the runner does not claim what the check is about. */
  readonly ok: boolean | null;
  readonly detail: string;
}

const text = (maxTokens: number, stop?: readonly string[]): Want => ({
  kind: 'text',
  maxTokens,
  temperature: 0,
  seed: 0,
  ...(stop && { stop }),
});
const chat = (content: string): Prompt => [{ role: 'user', content }];
const options = [' Paris', ' Rome', ' a small village by the sea'];
const script = { perfect: 'Paris', worst: 'Rome' };
const scored = { perfect: 0, worst: 1 };

const questions: readonly Request[] = [
  { to: 'target', prompt: chat('Name one colour.'), want: text(12), script },
  { to: 'target', prompt: 'The capital of France is', want: text(8), script },
  { to: 'target', prompt: chat('用一句话介绍你自己。🙂 \u0000 <|im_end|>'), want: text(8), script },
  { to: 'target', prompt: 'The capital of France is', want: { kind: 'choice', options }, script: scored },
  { to: 'target', prompt: 'Two and two make', want: { kind: 'choice', options: [' four', ' five'] }, script: scored },
  { to: 'target', prompt: 'The quick brown fox jumps over the lazy dog.', want: { kind: 'trace' }, script: { perfect: -2, worst: -5 } },
  { to: 'target', prompt: 'The capital of France is', want: { kind: 'next', top: 5 }, script },
];

async function asked(
  runner: Runner,
  requests: readonly Request[],
  signal = new AbortController().signal,
): Promise<{ readonly answers: (Response | undefined)[]; readonly given: readonly number[] }> {
  const answers: (Response | undefined)[] = new Array(requests.length).fill(undefined);
  const given: number[] = [];
  for await (const [index, response] of runner.answer(requests, signal)) {
    given.push(index);
    answers[index] = response;
  }
  return { answers, given };
}

/** What is wrong with the form of an answer; null when nothing is. */
function malformed(request: Request, response: Response | undefined): string | null {
  if (response === undefined) return 'no answer';
  if (!response.ok) return typeof response.error === 'string' && response.error !== '' ? null : 'a failure without a reason';
  const { want } = request;
  const numbers = response.logprobs ?? [];
  if (numbers.some((v) => v !== null && (!Number.isFinite(v) || v > 1e-6))) return 'a log-probability is not a finite number at or below 0';
  if (want.kind === 'text')
    return typeof response.text === 'string' && response.tokens <= want.maxTokens + 1
      ? null
      : `${response.tokens} tokens where ${want.maxTokens} were allowed`;
  if (want.kind === 'choice')
    return numbers.length === want.options.length ? null : `${numbers.length} log-probabilities for ${want.options.length} options`;
  if (want.kind === 'trace') return numbers.length > 1 ? null : 'no log-probabilities';
  const sorted = numbers.every((v, i) => i === 0 || (v ?? 0) <= (numbers[i - 1] ?? 0));
  return sorted && response.top?.length === numbers.length ? null : 'the next tokens are not in order of their probability';
}

function apart(a: Response | undefined, b: Response | undefined): number | null {
  if (!a?.ok || !b?.ok) return a?.ok === b?.ok ? 0 : null;
  if (a.text !== b.text || a.logprobs?.length !== b.logprobs?.length) return null;
  return Math.max(0, ...(a.logprobs ?? []).map((v, i) => Math.abs((v ?? 0) - (b.logprobs?.[i] ?? 0))));
}

function onceEach(given: readonly number[], count: number): string | null {
  const seen = new Set(given);
  if (given.length !== seen.size) return 'an answer was given twice';
  const strange = given.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (strange !== undefined) return `index ${strange} is not of a request`;
  return seen.size === count ? null : `${seen.size} answers for ${count} requests`;
}

async function sameAgain(
  runner: Runner,
  own: readonly Request[],
  first: readonly (Response | undefined)[],
  tolerance: number,
): Promise<Check> {
  const reversed = await asked(runner, [...own].reverse());
  const again = [...reversed.answers].reverse();
  const differing = own.flatMap((request, i) => {
    const d = apart(first[i], again[i]);
    return d === null || d > tolerance ? [`${request.want.kind}: ${d === null ? 'another answer' : `off by ${d.toExponential(1)}`}`] : [];
  });
  return {
    what: 'the same questions in another order get the same greedy answers',
    ok: differing.length === 0,
    detail: differing.join('; ') || `log-probabilities within ${tolerance}`,
  };
}

async function additive(runner: Runner, tolerance: number): Promise<Check> {
  const what = 'a choice is the difference of two traces';
  if (!runner.wants.includes('choice') || !runner.wants.includes('trace') || runner.identity.runner === 'scripted')
    return { what, ok: null, detail: 'not claimed' };
  const prompt = 'The capital of France is';
  const want = { kind: 'trace' } as const;
  const { answers } = await asked(runner, [
    { to: 'target', prompt, want: { kind: 'choice', options: [' Paris'] } },
    { to: 'target', prompt: `${prompt} Paris`, want },
    { to: 'target', prompt, want },
  ]);
  const [choice, whole, part] = answers.map((answer) =>
    answer?.ok ? (answer.logprobs ?? []).reduce<number>((sum, v) => sum + (v ?? 0), 0) : Number.NaN,
  );
  const gap = Math.abs((choice ?? Number.NaN) - ((whole ?? 0) - (part ?? 0)));
  return { what, ok: gap <= tolerance, detail: `off by ${gap.toExponential(1)}` };
}

async function cutAtStops(runner: Runner, first: Response | undefined): Promise<Check> {
  const what = 'a text ends before a stop string';
  const whole = first?.ok ? first.text : '';
  const stop = whole.trim().slice(1, 3);
  if (stop.length < 2 || runner.identity.runner === 'scripted' || runner.identity.runner === 'replay')
    return { what, ok: null, detail: 'nothing to stop at' };
  const { answers } = await asked(runner, [{ to: 'target', prompt: chat('Name one colour.'), want: text(12, [stop]) }]);
  const [answer] = answers;
  const held = answer?.ok ? answer.text : '';
  return { what, ok: answer?.ok === true && !held.includes(stop), detail: JSON.stringify(held) };
}

async function stopsWhenAsked(runner: Runner): Promise<Check> {
  const what = 'an aborted window ends within ten seconds and loses nothing';
  const stop = new AbortController();
  const many = Array.from({ length: 200 }, (_, i): Request => ({ to: 'target', prompt: chat(`Count to ${i}.`), want: text(64), script }));
  let [count, stopped] = [0, 0];
  for await (const _ of runner.answer(many, stop.signal)) {
    if (++count > 1) continue;
    stopped = Date.now();
    stop.abort();
  }
  const ms = Date.now() - stopped;
  return { what, ok: count > 0 && ms < 10_000, detail: `${ms} ms after the abort, ${count} answers` };
}

export interface ContractOptions {
  /** How far equal log-probabilities may lie apart: 1e-4 for a local model, 0.05 for a server. */
  readonly tolerance?: number;
}

/** Opens a runner twice and checks what every runner promises. Nothing is thrown for a broken promise: read the checks. */
export async function checkRunner(
  module: RunnerModule,
  target: string,
  opened: RunnerOptions,
  { tolerance = 1e-4 }: ContractOptions = {},
): Promise<Check[]> {
  const checks: Check[] = [];
  await using runner = await module.open(target, opened);
  const identity = JSON.parse(JSON.stringify(runner.identity)) as Runner['identity'];
  checks.push({
    what: 'the identity is plain JSON and not empty',
    ok: canonical(identity) === canonical(runner.identity) && Object.keys(identity).length > 1,
    detail: Object.keys(identity).join(', '),
  });
  checks.push({ what: 'it says what it answers', ok: runner.wants.length > 0, detail: runner.wants.join(', ') });
  const own = questions.filter((request) => runner.wants.includes(request.want.kind));
  const { answers, given } = await asked(runner, own);
  const lost = onceEach(given, own.length);
  checks.push({ what: 'every request is answered once', ok: lost === null, detail: lost ?? `${own.length} requests` });
  for (const [i, request] of own.entries()) {
    const fault = malformed(request, answers[i]);
    const failed = answers[i]?.ok === false ? `: ${(answers[i] as { error: string }).error}` : '';
    checks.push({
      what: `${request.want.kind} on ${typeof request.prompt === 'string' ? 'raw text' : 'a conversation'}`,
      ok: fault === null && failed === '',
      detail: fault ?? (failed || 'well formed'),
    });
  }
  checks.push(
    await sameAgain(runner, own, answers, tolerance),
    await additive(runner, tolerance * 10),
    await cutAtStops(runner, answers[0]),
  );
  const nothing = await asked(runner, []);
  checks.push({ what: 'no requests, no answers', ok: nothing.given.length === 0, detail: '' });
  if (runner.wants.includes('text')) checks.push(await stopsWhenAsked(runner));
  await using second = await module.open(target, opened);
  checks.push({
    what: 'opened again it has the same identity',
    ok: identityHash(second.identity) === identityHash(runner.identity),
    detail: '',
  });
  return checks;
}
