import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { randomOf } from '../../src/kit/random.ts';
import { UserError } from '../../src/types.ts';

export interface HttpOptions {
  readonly dispatcher: Dispatcher;
  readonly base: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxBytes: number;
  readonly seed: number;
  /** Told of every answer's status, for the adaptive concurrency and the counts. */
  readonly seen: (status: number | 'network') => void;
}

/** What a server said: parsed JSON, or why there is none. */
export type Reply =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly status: number | null; readonly error: string };

export type Post = (path: string, body: unknown, signal: AbortSignal) => Promise<Reply>;

const again = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;

/** Seconds or a date, in ms; null when absent or senseless. At most five minutes. */
function retryAfterMs(value: string | null, now: number): number | null {
  if (value === null) return null;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 300_000) : null;
}

/** A server's error body in one line, without mark-up and without the key. */
function brief(text: string, key: string | undefined): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.replace(/<[^>]*>/g, ' ');
  const clean = message.replace(/\s+/g, ' ').trim().slice(0, 300);
  return key ? clean.replaceAll(key, '[key]') : clean;
}

/** Reads a body up to a limit, so that a runaway answer cannot fill the memory. */
async function bodyOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Makes the one function that talks to the server: JSON in, JSON out, with time limit, retries with jittered backoff and Retry-After. */
export async function poster(options: HttpOptions): Promise<Post> {
  const { request } = await import('undici');
  const random = randomOf(`retry ${options.seed}`);
  const { base, key, dispatcher, timeoutMs, retries, maxBytes } = options;
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
  const once = async (path: string, body: unknown, signal: AbortSignal): Promise<Reply & { readonly wait?: number | null }> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const method = body === undefined ? 'GET' : 'POST';
      const answer = await request(`${base}${path}`, {
        method,
        headers,
        dispatcher,
        signal: limit,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await bodyOf(answer.body, maxBytes);
      options.seen(answer.statusCode);
      const after = answer.headers['retry-after'];
      if (answer.statusCode >= 400)
        return {
          ok: false,
          status: answer.statusCode,
          error: `${answer.statusCode}: ${brief(text, key)}`,
          wait: retryAfterMs(typeof after === 'string' ? after : null, Date.now()),
        };
      const value = JSON.parse(text) as unknown;
      if (value === null || typeof value !== 'object' || Array.isArray(value))
        return { ok: false, status: 502, error: 'the answer is no JSON object' };
      return { ok: true, body: value as Record<string, unknown> };
    } catch (error) {
      if (signal.aborted) return { ok: false, status: null, error: 'stopped' };
      options.seen('network');
      const why =
        error instanceof SyntaxError
          ? 'the answer is not JSON'
          : (error as Error).name === 'TimeoutError'
            ? `no answer within ${timeoutMs / 1000} s`
            : (error as Error).message;
      return { ok: false, status: null, error: key ? why.replaceAll(key, '[key]') : why };
    }
  };
  return async (path, body, signal) => {
    for (let attempt = 0; ; attempt++) {
      const reply = await once(path, body, signal);
      if (reply.ok || signal.aborted || attempt >= retries || (reply.status !== null && !again(reply.status))) return reply;
      const backoff = Math.min(60_000, 500 * 2 ** attempt) * (0.5 + random());
      await sleep(reply.wait ?? backoff, undefined, { signal }).catch(() => {});
    }
  };
}

/** Splits `model@url`; the address defaults to OPENAI_BASE_URL, then to the vendor's own. */
export function addressOf(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly model: string; readonly base: string } {
  const at = target.search(/@https?:\/\//);
  const model = at >= 0 ? target.slice(0, at) : target;
  const given = at >= 0 ? target.slice(at + 1) : (env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1');
  if (!URL.canParse(given) || !/^https?:/.test(given))
    throw new UserError(`openai:${target}: '${given}' is no address`, 'openai:<model>@http://127.0.0.1:8080/v1');
  const url = new URL(given);
  url.username = '';
  url.password = '';
  return { model, base: url.href.replace(/\/+$/, '') };
}
