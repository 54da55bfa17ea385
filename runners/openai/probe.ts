import { partThinking } from '../../src/kit/answer-text.ts';
import { UserError, type WantKind } from '../../src/types.ts';
import { choiceOf, type Said, thoughtApart, writtenTokens } from './body.ts';
import { forcedTokens, tokensOf } from './forced-tokens.ts';
import type { Body, Post } from './http.ts';

/**
 * How a server scores given text: prompt echoed with log-probabilities (OpenAI's old completions, vLLM), vLLM's prompt_logprobs, llama.cpp's
 * continuation forced token by token, its continuation forced by letters (older builds), or not at all.
 */
export type Scoring = 'echo' | 'prompt_logprobs' | 'tokens' | 'grammar' | 'none';

export interface Abilities {
  readonly server: string;
  readonly chat: boolean;
  readonly completions: boolean;
  readonly scoring: Scoring;
  readonly next: boolean;
  /** Renders conversations with the model's own template (llama.cpp's /apply-template): else scored conversations are plain transcripts. */
  readonly renders: boolean;
  /** Answered with thinking apart, or begun it. */
  readonly reasons: boolean;
  /** Streams, so that the time to the first token can be told. */
  readonly streams: boolean;
  readonly fingerprint: string | null;
  readonly model: string | null;
}

const known = 'The capital of France is Paris.';

/** The echoed tokens of a completions answer, with their places in the text; null where the server does not echo. */
export function echoed(
  body: Body,
): { readonly tokens: readonly string[]; readonly logprobs: readonly (number | null)[]; readonly offsets: readonly number[] } | null {
  const { tokens, token_logprobs: logprobs, text_offset: offsets } = choiceOf(body).logprobs ?? {};
  if (!tokens || !logprobs || tokens.length !== logprobs.length) return null;
  return { tokens, logprobs, offsets: offsets ?? offsetsOf(tokens) };
}

/** Where each token starts in the text that they make together. */
export function offsetsOf(tokens: readonly string[]): number[] {
  let at = 0;
  return tokens.map((token) => {
    at += token.length;
    return at - token.length;
  });
}

/** The likeliest next tokens of a completions answer, in either of the two forms; null where there are none. */
export function topOf(body: Body): readonly (readonly [token: string, logprob: number])[] | null {
  const held = choiceOf(body).logprobs;
  const old = held?.top_logprobs?.[0];
  if (old) return Object.entries(old);
  return held?.content?.[0]?.top_logprobs?.map(({ token, logprob }) => [token, logprob] as const) ?? null;
}

function thinks(message: Said): boolean {
  if (thoughtApart(message) !== null) return true;
  return typeof message?.content === 'string' && partThinking(message.content, false).thinking !== null;
}

const sensible = (values: readonly (number | null)[]) =>
  values.filter((v) => v !== null).every((v) => Number.isFinite(v) && v <= 1e-6) && values.filter((v) => v !== null).length >= 3;

async function scoringOf(model: string, post: Post, native: Post, signal: AbortSignal): Promise<Scoring> {
  const echo = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, echo: true, logprobs: 1 }, signal);
  const found = echo.ok ? echoed(echo.body) : null;
  if (found?.tokens.join('').startsWith(known.slice(0, 11)) && sensible(found.logprobs.slice(1))) return 'echo';
  const prompt = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, prompt_logprobs: 0 }, signal);
  if (prompt.ok && choiceOf(prompt.body).prompt_logprobs) return 'prompt_logprobs';
  const tokens = await tokensOf(known, native, signal);
  if (typeof tokens !== 'string' && tokens.length >= 4) {
    const scores = await forcedTokens(tokens, tokens.length - 2, native, signal);
    if (typeof scores !== 'string') return 'tokens';
  }
  const letters = await native(
    '/completion',
    { prompt: 'The capital of France is', n_predict: 8, temperature: 0, n_probs: 1, grammar: 'root ::= " Paris"' },
    signal,
  );
  if (letters.ok && letters.body.content === ' Paris' && writtenTokens(letters.body) !== null) return 'grammar';
  return 'none';
}

async function nameOf(native: Post, signal: AbortSignal): Promise<string> {
  const version = await native('/version', undefined, signal);
  if (version.ok && typeof version.body.version === 'string') return `vLLM ${version.body.version}`;
  const props = await native('/props', undefined, signal);
  if (props.ok) return `llama.cpp ${String(props.body.build_info ?? '')}`.trim();
  const ollama = await native('/api/version', undefined, signal);
  if (ollama.ok && typeof ollama.body.version === 'string') return `Ollama ${ollama.body.version}`;
  const info = await native('/get_server_info', undefined, signal);
  if (info.ok) return `SGLang ${String(info.body.version ?? '')}`.trim();
  const tgi = await native('/info', undefined, signal);
  if (tgi.ok && tgi.body.router !== undefined) return `TGI ${String(tgi.body.version ?? '')}`.trim();
  return 'OpenAI-compatible';
}

/** Asks a known text to find out what the server is and what it can do. Throws UserError when it answers nothing. */
export async function probe(
  model: string,
  base: string,
  { post, native }: { readonly post: Post; readonly native: Post },
  signal: AbortSignal,
): Promise<Abilities> {
  const hello = [{ role: 'user', content: 'Say yes.' }];
  const chat = await post('/chat/completions', { model, messages: hello, max_tokens: 1, temperature: 0 }, signal);
  const plain = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, logprobs: 2 }, signal);
  if (!chat.ok && !plain.ok) {
    const hint = /^40[13]/.test(chat.error)
      ? 'set OPENAI_API_KEY'
      : 'is the server running, and is the model named as it names it? openai:<model>@<url>';
    throw new UserError(`${base} does not answer for the model '${model}': ${chat.error}`, hint, 3);
  }
  const body = chat.ok ? chat.body : plain.ok ? plain.body : {};
  const streamed = { model, max_tokens: 1, temperature: 0, stream: true, stream_options: { include_usage: true } };
  const stream = chat.ok
    ? await post('/chat/completions', { ...streamed, messages: hello }, signal)
    : await post('/completions', { ...streamed, prompt: known }, signal);
  const rendered = await native('/apply-template', { messages: hello }, signal);
  return {
    server: await nameOf(native, signal),
    chat: chat.ok,
    completions: plain.ok,
    scoring: plain.ok ? await scoringOf(model, post, native, signal) : 'none',
    next: plain.ok && topOf(plain.body) !== null,
    renders: rendered.ok && typeof rendered.body.prompt === 'string',
    reasons: chat.ok && thinks(choiceOf(chat.body).message),
    streams: stream.ok && stream.firstMs !== undefined,
    fingerprint: typeof body.system_fingerprint === 'string' ? body.system_fingerprint : null,
    model: typeof body.model === 'string' ? body.model : null,
  };
}

const scores = (scoring: Scoring) => scoring === 'echo' || scoring === 'prompt_logprobs' || scoring === 'tokens';

/** Kinds of question that such a server can be asked. */
export function wantsOf({ scoring, next }: Abilities): WantKind[] {
  return [
    'text',
    ...(scoring === 'none' ? [] : (['choice'] as const)),
    ...(scores(scoring) ? (['trace'] as const) : []),
    ...(next ? (['next'] as const) : []),
  ];
}

/** What would make the other kinds possible. */
export const remedy =
  'log-probabilities of given text come from vLLM (`vllm serve <model>`), from llama.cpp (`llama-server -m model.gguf`), or from the model file itself: plumbline run model.gguf';
