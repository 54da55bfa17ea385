import { EventEmitter } from 'node:events';
import type { Dispatcher } from 'undici';
import { randomOf } from '../../src/kit/random.ts';
import { UserError } from '../../src/types.ts';
import { eventsIn, joined } from './stream.ts';

export interface HttpOptions {
  readonly dispatcher: Dispatcher;
  readonly base: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxBytes: number;
  readonly seed: number;
  /** Told of every answer: its status, and how long the server asks to wait. */
  readonly seen: (status: number | 'network', waitMs: number | null) => void;
  /** Waits for leave to send; why not, when there is none. */
  readonly admit: (body: Body | undefined, signal: AbortSignal) => Promise<string | null> | null;
  /** Waits before a retry; nothing is under way meanwhile. */
  readonly rest: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told what a request that was let through has used. */
  readonly settle: (body: Body | undefined, reply: Reply) => void;
}

export type Body = Readonly<Record<string, unknown>>;

/** What a server said: parsed JSON, or why there is none. `stopped`: it was never asked, or not to the end. */
export type Reply =
  | { readonly ok: true; readonly body: Body; readonly firstMs?: number }
  | { readonly ok: false; readonly status: number | null; readonly error: string; readonly stopped?: boolean };

export type Post = (path: string, body: Body | undefined, signal: AbortSignal) => Promise<Reply>;

const again = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;

/** Seconds or a date, in ms; null when absent or senseless. At most five minutes. */
function retryAfterMs(value: unknown, now: number): number | null {
  if (typeof value !== 'string') return null;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 300_000) : null;
}

/** A server's error body in one line, without mark-up. */
function brief(text: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.replace(/<[^>]*>/g, ' ');
  return message.replace(/\s+/g, ' ').trim().slice(0, 300);
}

type Answer = Dispatcher.ResponseData['body'];

/** Reads a body up to a limit, so that a runaway answer cannot fill the memory. */
async function bodyOf(body: Answer, length: unknown, maxBytes: number): Promise<string> {
  // A body that says how long it is cannot be longer.
  if (typeof length === 'string' && Number(length) <= maxBytes) return body.text();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Requests under way with their time limits: one clock for all, and one ear on each signal, since a timer and a signal of its own for every request
 * cost more than the request.
 */
class Underway {
  readonly #timeoutMs: number;
  readonly #started = new Map<EventEmitter, { readonly at: number; readonly signal: AbortSignal }>();
  readonly #heard = new WeakSet<AbortSignal>();
  readonly late = new WeakSet<EventEmitter>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    setInterval(() => this.#look(), Math.min(250, timeoutMs / 4)).unref();
  }

  begin(signal: AbortSignal): EventEmitter {
    const abort = new EventEmitter();
    this.#started.set(abort, { at: performance.now(), signal });
    if (!this.#heard.has(signal)) {
      this.#heard.add(signal);
      signal.addEventListener('abort', () => this.#stop(signal), { once: true });
    }
    return abort;
  }

  end(abort: EventEmitter): void {
    this.#started.delete(abort);
  }

  #stop(signal: AbortSignal): void {
    for (const [abort, one] of this.#started) if (one.signal === signal) abort.emit('abort');
  }

  #look(): void {
    const oldest = performance.now() - this.#timeoutMs;
    // In the order of their beginnings.
    for (const [abort, { at }] of this.#started) {
      if (at > oldest) return;
      this.late.add(abort);
      abort.emit('abort');
    }
  }
}

/** Makes the one function that talks to the server: JSON in, JSON out, with time limit, retries with jittered backoff and Retry-After. */
export async function poster(options: HttpOptions): Promise<Post> {
  const { request } = await import('undici');
  const random = randomOf(`retry ${options.seed}`);
  const underway = new Underway(options.timeoutMs);
  const { base, key, dispatcher, timeoutMs, retries, maxBytes } = options;
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
  /** Whatever a server sends back, the key is not in it. */
  const clean = (text: string) => (key && text.includes(key) ? text.replaceAll(key, '[key]') : text);
  const once = async (path: string, body: Body | undefined, signal: AbortSignal): Promise<Reply & { readonly wait?: number | null }> => {
    const limit = underway.begin(signal);
    const started = performance.now();
    try {
      const answer = await request(`${base}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        dispatcher,
        signal: limit,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const { statusCode, headers: given } = answer;
      if (statusCode < 400 && String(given['content-type']).includes('text/event-stream')) {
        const found = await joined(eventsIn(answer.body, maxBytes, clean), started);
        options.seen(statusCode, null);
        return found;
      }
      const text = clean(await bodyOf(answer.body, given['content-length'], maxBytes));
      const wait = retryAfterMs(given['retry-after'], Date.now());
      options.seen(statusCode, wait);
      if (statusCode >= 400) return { ok: false, status: statusCode, error: `${statusCode}: ${brief(text)}`, wait };
      const value = JSON.parse(text) as unknown;
      if (value === null || typeof value !== 'object' || Array.isArray(value))
        return { ok: false, status: 502, error: 'the answer is no JSON object' };
      return { ok: true, body: value as Body };
    } catch (error) {
      if (signal.aborted) return { ok: false, status: null, error: 'stopped', stopped: true };
      if (!(error instanceof SyntaxError)) options.seen('network', null);
      const late = underway.late.has(limit) ? `no whole answer within ${timeoutMs / 1000} s` : null;
      const why = error instanceof SyntaxError ? 'the answer is not JSON' : (error as Error).message;
      return { ok: false, status: null, error: clean(late ?? why) };
    } finally {
      underway.end(limit);
    }
  };
  return async (path, body, signal) => {
    for (let attempt = 0; ; attempt++) {
      const leave = options.admit(body, signal);
      const refused = leave === null ? null : await leave;
      if (refused !== null || signal.aborted) return { ok: false, status: null, error: refused ?? 'stopped', stopped: true };
      const reply = await once(path, body, signal);
      options.settle(body, reply);
      if (reply.ok || signal.aborted || attempt >= retries || (reply.status !== null && !again(reply.status))) return reply;
      const backoff = Math.min(60_000, 500 * 2 ** attempt) * (0.5 + random());
      // Those that were told the same second to come back do not all come in it.
      const wait = reply.wait === null || reply.wait === undefined ? backoff : reply.wait * (1 + random() / 4);
      await options.rest(wait, signal);
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
    throw new UserError(`openai:${model}: '${given}' is no address`, 'openai:<model>@http://127.0.0.1:8080/v1');
  const url = new URL(given);
  if (url.username || url.password || url.search || url.hash)
    throw new UserError(
      `openai:${model}: the address of ${url.host} holds a user, a password or a query, which would be written into the run's files`,
      'put the key into OPENAI_API_KEY, and the bare address behind the @',
    );
  return { model, base: url.href.replace(/\/+$/, '') };
}
