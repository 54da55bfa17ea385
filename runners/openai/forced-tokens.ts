/** Scoring given text by llama.cpp's server, which echoes nothing: each token is forced, and its log-probability before sampling is read. */
import type { Body, Post } from './http.ts';

/** A token as the server cuts it. `partial`: it holds a part of a character, which grammars stumble over. */
export interface Token {
  readonly id: number;
  readonly partial: boolean;
}

/** A text's tokens; an error text when the server does not tell them. */
export async function tokensOf(content: string, native: Post, signal: AbortSignal): Promise<Token[] | string> {
  const reply = await native('/tokenize', { content, add_special: true, parse_special: true, with_pieces: true }, signal);
  if (!reply.ok) return reply.error;
  const tokens = reply.body.tokens as readonly { readonly id?: unknown; readonly piece?: unknown }[] | undefined;
  if (!Array.isArray(tokens) || tokens.some(({ id }) => typeof id !== 'number')) return 'the server did not tell the tokens';
  return tokens.map(({ id, piece }) => ({ id, partial: typeof piece !== 'string' }));
}

/**
 * Log-probabilities of the tokens from place `from` on. A grammar of token ids (`<[7042]>`) leaves the server no other token. Parts of characters are
 * forced one by one by a bias, which sampling alone sees; where the server keeps an unfinished character to itself, the token is looked up among
 * all. An error text when the server does not follow.
 */
export async function forcedTokens(tokens: readonly Token[], from: number, native: Post, signal: AbortSignal): Promise<number[] | string> {
  const ids = tokens.map(({ id }) => id);
  if (!tokens.slice(from).some(({ partial }) => partial)) {
    const wanted = ids.slice(from);
    const entries = await forced(
      ids.slice(0, from),
      wanted.length,
      { grammar: `root ::= ${wanted.map((id) => `<[${id}]>`).join(' ')}` },
      { native, signal },
    );
    if (typeof entries === 'string') return entries;
    const scores = wanted.map((id, i) => (entries[i]?.id === id ? entries[i]?.logprob : undefined));
    return scores.every((score) => typeof score === 'number') ? scores : notFollowed;
  }
  const scores: number[] = [];
  for (let at = from; at < ids.length; at++) {
    const score = await scoreAt(ids, at, { native, signal });
    if (typeof score === 'string') return score;
    scores.push(score);
  }
  return scores;
}

const notFollowed = 'the server did not take the tokens it was told to';

interface Asking {
  readonly native: Post;
  readonly signal: AbortSignal;
}
interface Entry {
  readonly id?: number;
  readonly logprob?: number;
  readonly top_logprobs?: readonly Entry[];
}

async function scoreAt(ids: readonly number[], at: number, asking: Asking): Promise<number | string> {
  const wanted = ids[at];
  const entries = await forced(ids.slice(0, at), 1, { logit_bias: [[wanted, 1e6]] }, asking);
  if (typeof entries === 'string') return entries;
  const [entry] = entries;
  if (entry?.id === wanted && typeof entry?.logprob === 'number') return entry.logprob;
  const stop = await tokensOf('.', asking.native, asking.signal);
  const vocabulary = await vocabularyOf(asking);
  if (typeof stop === 'string' || vocabulary === null) return notFollowed;
  const all = await forced(ids.slice(0, at), 1, { logit_bias: [[stop.at(-1)?.id, 1e6]], n_probs: vocabulary }, asking);
  if (typeof all === 'string') return all;
  return all[0]?.top_logprobs?.find(({ id }) => id === wanted)?.logprob ?? notFollowed;
}

async function vocabularyOf({ native, signal }: Asking): Promise<number | null> {
  const models = await native('/v1/models', undefined, signal);
  const [model] =
    (models.ok ? (models.body.data as readonly { readonly meta?: { readonly n_vocab?: number } }[] | undefined) : undefined) ?? [];
  return model?.meta?.n_vocab ?? null;
}

async function forced(prompt: readonly number[], count: number, by: Body, { native, signal }: Asking): Promise<readonly Entry[] | string> {
  const body = { prompt, n_predict: count, temperature: 0, n_probs: 1, post_sampling_probs: false, cache_prompt: true, ...by };
  const reply = await native('/completion', body, signal);
  if (!reply.ok) return reply.error;
  return (reply.body.completion_probabilities ?? []) as readonly Entry[];
}
