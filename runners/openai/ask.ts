import { partThinking } from '../../src/kit/answer-text.ts';
import { saidInTranscript, transcriptOf, transcriptStops } from '../../src/kit/transcript.ts';
import type { Message, Prompt, Request, Response } from '../../src/types.ts';
import { choiceOf, type Said, thoughtApart, usageOf, writtenTokens } from './body.ts';
import { forcedTokens, tokensOf } from './forced-tokens.ts';
import type { Post, Reply } from './http.ts';
import { type Abilities, echoed, offsetsOf, topOf } from './probe.ts';

export interface Asking {
  readonly model: string;
  readonly system: string | undefined;
  readonly abilities: Abilities;
  /** Tokens of thinking beside an answer's own; 0 where the model does not reason. */
  readonly thinkingTokens: number;
  readonly post: Post;
  readonly native: Post;
  /** Whether this answer is to be streamed, and what its first token took. */
  readonly first: { readonly wanted: () => boolean; readonly took: (ms: number) => void };
}

/** What the answer is and what was thought before it. An answer that never closed what the template opened is all thinking. */
function partedOf(content: string, message: Said, open: boolean): { readonly text: string; readonly thinking: string } {
  const apart = thoughtApart(message);
  const parts = partThinking(content, open && apart === null);
  return { text: parts.text ?? '', thinking: apart ?? parts.thinking ?? '' };
}

const fail = (error: string): Response => ({ ok: false, error });
const withSystem = (prompt: readonly Message[], system: string | undefined) =>
  system !== undefined && prompt[0]?.role !== 'system' ? [{ role: 'system' as const, content: system }, ...prompt] : prompt;
/** A prompt as one text: a conversation by the model's template where the server renders it, else as a transcript. Null when the server refuses it. */
async function rawOf(prompt: Prompt, { system, abilities, native }: Asking, signal: AbortSignal): Promise<string | null> {
  if (typeof prompt === 'string') return prompt;
  const messages = withSystem(prompt, system);
  if (!abilities.renders) return transcriptOf(messages);
  const reply = await native('/apply-template', { messages }, signal);
  return reply.ok && typeof reply.body.prompt === 'string' ? reply.body.prompt : null;
}
const noPrompt = 'the server does not render this conversation';
const stopOf = (reason: unknown): 'end' | 'length' | 'filter' =>
  reason === 'length' ? 'length' : reason === 'content_filter' ? 'filter' : 'end';

async function generated(request: Request, asking: Asking, signal: AbortSignal): Promise<Response> {
  const { model, system, abilities, post, first } = asking;
  const { prompt, want } = request;
  if (want.kind !== 'text') return fail('not a text request');
  const chat = typeof prompt !== 'string' && abilities.chat;
  if (!chat && !abilities.completions) return fail('this server continues no raw text (no /completions)');
  const common = { model, max_tokens: want.maxTokens + asking.thinkingTokens, temperature: want.temperature, seed: want.seed };
  const stops = [...(want.stop ?? []), ...(typeof prompt === 'string' || chat ? [] : transcriptStops)].slice(0, 4);
  const stream = abilities.streams && first.wanted();
  const body = {
    ...common,
    ...(stops.length > 0 && { stop: stops }),
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
    ...(chat
      ? { messages: withSystem(prompt, system) }
      : { prompt: typeof prompt === 'string' ? prompt : transcriptOf(withSystem(prompt, system)) }),
  };
  const started = performance.now();
  const reply = await post(chat ? '/chat/completions' : '/completions', body, signal);
  if (!reply.ok) return fail(reply.error);
  if (reply.firstMs !== undefined) first.took(reply.firstMs);
  const choice = choiceOf(reply.body);
  const { message } = choice;
  const content = chat ? message?.content : choice.text;
  if (content === undefined && choice.finish_reason === undefined) return fail('the answer holds no choice');
  const stop = stopOf(choice.finish_reason);
  const { text, thinking } = partedOf(content ?? '', message, asking.thinkingTokens > 0 && stop === 'length');
  return {
    ok: true,
    text,
    ...(thinking !== '' && { thinking }),
    stop,
    ...usageOf(reply.body),
    ms: Math.round(performance.now() - started),
  };
}

interface Traced {
  readonly ids?: readonly number[];
  readonly tokens: readonly string[];
  readonly logprobs: readonly (number | null)[];
  readonly offsets: readonly number[];
}

/** Log-probabilities of a text's own tokens. */
async function traced(text: string, asking: Asking, signal: AbortSignal): Promise<Traced | string> {
  const { model, abilities, post } = asking;
  if (abilities.scoring === 'tokens') {
    const tokens = await tokensOf(text, asking.native, signal);
    if (typeof tokens === 'string') return tokens;
    const scores = tokens.length < 2 ? [] : await forcedTokens(tokens, 1, asking.native, signal);
    if (typeof scores === 'string') return scores;
    return { ids: tokens.map(({ id }) => id), tokens: [], logprobs: tokens.length === 0 ? [] : [null, ...scores], offsets: [] };
  }
  if (abilities.scoring === 'echo') {
    const reply = await post('/completions', { model, prompt: text, max_tokens: 1, temperature: 0, echo: true, logprobs: 1 }, signal);
    const found = reply.ok ? echoed(reply.body) : null;
    if (!found) return reply.ok ? 'the server did not echo the text' : reply.error;
    const end = found.offsets.findIndex((offset) => offset >= text.length);
    const count = end < 0 ? found.tokens.length : end;
    return { tokens: found.tokens.slice(0, count), logprobs: found.logprobs.slice(0, count), offsets: found.offsets.slice(0, count) };
  }
  const reply = await post('/completions', { model, prompt: text, max_tokens: 1, temperature: 0, prompt_logprobs: 0 }, signal);
  return reply.ok ? fromPromptLogprobs(reply, text) : reply.error;
}

function fromPromptLogprobs(reply: Reply & { ok: true }, text: string): Traced | string {
  const entries = choiceOf(reply.body).prompt_logprobs;
  if (!entries) return 'the server gave no prompt_logprobs';
  const tokens: string[] = [];
  const logprobs: (number | null)[] = [];
  for (const entry of entries) {
    const [held] = entry ? Object.values(entry) : [];
    tokens.push(held?.decoded_token ?? '');
    logprobs.push(held?.logprob ?? null);
  }
  // The first entry is null and names no token: its text is what the others leave.
  if (entries[0] === null) tokens[0] = text.slice(0, Math.max(0, text.length - tokens.slice(1).join('').length));
  return { tokens, logprobs, offsets: offsetsOf(tokens) };
}

async function chosen(request: Request, asking: Asking, signal: AbortSignal): Promise<Response> {
  if (request.want.kind !== 'choice') return fail('not a choice');
  const started = performance.now();
  // As lm-evaluation-harness does: trailing white space of the prompt belongs to the option.
  const whole = await rawOf(request.prompt, asking, signal);
  if (whole === null) return fail(noPrompt);
  const prompt = whole.trimEnd();
  const transcript = typeof request.prompt !== 'string' && !asking.abilities.renders;
  const logprobs: number[] = [];
  const optionTokens: number[] = [];
  for (const option of request.want.options) {
    const score = { grammar: forced, tokens: byTokens, echo: scoredBy, prompt_logprobs: scoredBy, none: scoredBy }[
      asking.abilities.scoring
    ];
    const said = transcript ? saidInTranscript(option) : option;
    const scored = await score(prompt, whole.slice(prompt.length) + said, asking, signal);
    if (typeof scored === 'string') return fail(scored);
    logprobs.push(scored.sum);
    optionTokens.push(scored.count);
  }
  return {
    ok: true,
    text: '',
    logprobs,
    optionTokens,
    stop: 'end',
    tokens: optionTokens.reduce((a, b) => a + b, 0),
    ms: Math.round(performance.now() - started),
  };
}

async function scoredBy(
  prompt: string,
  option: string,
  asking: Asking,
  signal: AbortSignal,
): Promise<{ sum: number; count: number } | string> {
  const found = await traced(prompt + option, asking, signal);
  if (typeof found === 'string') return found;
  const from = found.offsets.findIndex((offset, i) => offset + (found.tokens[i]?.length ?? 0) > prompt.length);
  const own = from < 0 ? [] : found.logprobs.slice(from).filter((v) => v !== null);
  return own.length === 0 ? 'the option has no tokens of its own' : { sum: own.reduce((a, b) => a + b, 0), count: own.length };
}

/** llama.cpp's server: the option's tokens, cut as lm-evaluation-harness does, are forced one by one. */
async function byTokens(
  prompt: string,
  option: string,
  asking: Asking,
  signal: AbortSignal,
): Promise<{ sum: number; count: number } | string> {
  const own = await tokensOf(prompt, asking.native, signal);
  if (typeof own === 'string') return own;
  const whole = await tokensOf(prompt + option, asking.native, signal);
  if (typeof whole === 'string') return whole;
  if (own.length === 0) return 'an empty prompt cannot be scored by this server';
  if (whole.length <= own.length) return { sum: 0, count: 0 };
  const scores = await forcedTokens([...own, ...whole.slice(own.length)], own.length, asking.native, signal);
  return typeof scores === 'string' ? scores : { sum: scores.reduce((a, b) => a + b, 0), count: scores.length };
}

/** An older llama.cpp's server: the option is forced by a grammar and its tokens' log-probabilities before sampling are read. */
async function forced(
  prompt: string,
  option: string,
  { native }: Asking,
  signal: AbortSignal,
): Promise<{ sum: number; count: number } | string> {
  const grammar = `root ::= ${JSON.stringify(option)}`;
  const reply = await native(
    '/completion',
    { prompt, n_predict: option.length + 8, temperature: 0, n_probs: 1, post_sampling_probs: false, cache_prompt: true, grammar },
    signal,
  );
  if (!reply.ok) return reply.error;
  const entries = writtenTokens(reply.body);
  if (reply.body.content !== option || !entries) return 'the server did not follow the grammar';
  const own: number[] = [];
  let length = 0;
  for (const { token, logprob } of entries) {
    if (length >= option.length || typeof logprob !== 'number') break;
    own.push(logprob);
    length += token?.length ?? 0;
  }
  return own.length === 0 ? 'the server gave no log-probabilities' : { sum: own.reduce((a, b) => a + b, 0), count: own.length };
}

async function nextOf(request: Request, asking: Asking, signal: AbortSignal): Promise<Response> {
  if (request.want.kind !== 'next') return fail('not a next request');
  const { model, post } = asking;
  const started = performance.now();
  const prompt = await rawOf(request.prompt, asking, signal);
  if (prompt === null) return fail(noPrompt);
  const reply = await post('/completions', { model, prompt, max_tokens: 1, temperature: 0, logprobs: request.want.top }, signal);
  if (!reply.ok) return fail(reply.error);
  const top = topOf(reply.body);
  if (!top) return fail('the server gave no top_logprobs');
  const ranked = [...top].sort((a, b) => b[1] - a[1]).slice(0, request.want.top);
  return {
    ok: true,
    text: '',
    top: ranked.map(([token]) => token),
    logprobs: ranked.map(([, v]) => v),
    stop: 'end',
    tokens: 1,
    ms: Math.round(performance.now() - started),
  };
}

/** Asks the server one request. Failures are answers. */
export async function ask(request: Request, asking: Asking, signal: AbortSignal): Promise<Response> {
  const { kind } = request.want;
  if (kind === 'text') return generated(request, asking, signal);
  if (kind === 'choice') return chosen(request, asking, signal);
  if (kind === 'next') return nextOf(request, asking, signal);
  const started = performance.now();
  const text = await rawOf(request.prompt, asking, signal);
  const found = text === null ? noPrompt : await traced(text, asking, signal);
  if (typeof found === 'string') return fail(found);
  return {
    ok: true,
    text: '',
    logprobs: found.logprobs,
    ...(found.ids && { ids: found.ids }),
    stop: 'end',
    tokens: found.logprobs.length,
    ms: Math.round(performance.now() - started),
  };
}
