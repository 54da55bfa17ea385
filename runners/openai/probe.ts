import { UserError, type WantKind } from '../../src/types.ts';
import type { Post } from './http.ts';

/** How a server scores given text: prompt echoed with log-probabilities, vLLM's prompt_logprobs, llama.cpp's forced continuation, or not at all. */
export type Scoring = 'echo' | 'prompt_logprobs' | 'grammar' | 'none';

export interface Abilities {
  readonly server: string;
  readonly chat: boolean;
  readonly completions: boolean;
  readonly scoring: Scoring;
  readonly next: boolean;
  readonly fingerprint: string | null;
}

type Body = Readonly<Record<string, unknown>>;
const known = 'The capital of France is Paris.';

export const choiceOf = (body: Body): Body => ((body.choices as readonly Body[] | undefined)?.[0] ?? {}) as Body;

/** The echoed tokens of a completions answer, with their places in the text; null where the server does not echo. */
export function echoed(
  body: Body,
): { readonly tokens: readonly string[]; readonly logprobs: readonly (number | null)[]; readonly offsets: readonly number[] } | null {
  const held = choiceOf(body).logprobs as Body | null | undefined;
  const tokens = held?.tokens as readonly string[] | undefined;
  const logprobs = held?.token_logprobs as readonly (number | null)[] | undefined;
  if (!tokens || !logprobs || tokens.length !== logprobs.length) return null;
  const offsets = (held?.text_offset as readonly number[] | undefined) ?? tokens.map((_, i) => tokens.slice(0, i).join('').length);
  return { tokens, logprobs, offsets };
}

const sensible = (values: readonly (number | null)[]) =>
  values.filter((v) => v !== null).every((v) => Number.isFinite(v) && v <= 1e-6) && values.filter((v) => v !== null).length >= 3;

async function scoringOf(model: string, post: Post, native: Post, signal: AbortSignal): Promise<Scoring> {
  const echo = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, echo: true, logprobs: 1 }, signal);
  const found = echo.ok ? echoed(echo.body) : null;
  if (found?.tokens.join('').startsWith(known.slice(0, 11)) && sensible(found.logprobs.slice(1))) return 'echo';
  const prompt = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, prompt_logprobs: 0 }, signal);
  if (prompt.ok && Array.isArray(choiceOf(prompt.body).prompt_logprobs)) return 'prompt_logprobs';
  const forced = await native(
    '/completion',
    { prompt: 'The capital of France is', n_predict: 8, temperature: 0, n_probs: 1, grammar: 'root ::= " Paris"' },
    signal,
  );
  if (forced.ok && forced.body.content === ' Paris' && Array.isArray(forced.body.completion_probabilities)) return 'grammar';
  return 'none';
}

/** Asks a known text to find out what the server is and what it can do. Throws UserError when it answers nothing. */
export async function probe(
  model: string,
  base: string,
  { post, native }: { readonly post: Post; readonly native: Post },
  signal: AbortSignal,
): Promise<Abilities> {
  const chat = await post(
    '/chat/completions',
    { model, messages: [{ role: 'user', content: 'Say yes.' }], max_tokens: 1, temperature: 0 },
    signal,
  );
  const plain = await post('/completions', { model, prompt: known, max_tokens: 1, temperature: 0, logprobs: 2 }, signal);
  if (!chat.ok && !plain.ok) {
    const hint = /401|403/.test(chat.error)
      ? 'set OPENAI_API_KEY'
      : 'is the server running, and is the model named as it names it? openai:<model>@<url>';
    throw new UserError(`${base} does not answer for the model '${model}': ${chat.error}`, hint, 3);
  }
  const top = plain.ok ? ((choiceOf(plain.body).logprobs as Body | null | undefined)?.top_logprobs as unknown) : undefined;
  const [version, props] = [await native('/version', undefined, signal), await native('/props', undefined, signal)];
  const body = chat.ok ? chat.body : plain.ok ? plain.body : {};
  const named =
    version.ok && typeof version.body.version === 'string'
      ? `vLLM ${version.body.version}`
      : props.ok
        ? `llama.cpp ${String(props.body.build_info ?? '')}`.trim()
        : 'OpenAI-compatible';
  return {
    server: named,
    chat: chat.ok,
    completions: plain.ok,
    scoring: plain.ok ? await scoringOf(model, post, native, signal) : 'none',
    next: Array.isArray(top),
    fingerprint: typeof body.system_fingerprint === 'string' ? body.system_fingerprint : null,
  };
}

/** Kinds of question that such a server can be asked. */
export function wantsOf(abilities: Abilities): WantKind[] {
  const scores = abilities.scoring === 'echo' || abilities.scoring === 'prompt_logprobs';
  return [
    'text',
    ...(abilities.scoring === 'none' ? [] : (['choice'] as const)),
    ...(scores ? (['trace'] as const) : []),
    ...(abilities.next ? (['next'] as const) : []),
  ];
}
