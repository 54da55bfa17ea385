import pLimit from 'p-limit';
import { type Request, type Response, type RunnerModule, type RunnerOptions, UserError } from '../../src/types.ts';
import { type Asking, ask } from './ask.ts';
import { budgetOf } from './budget.ts';
import { addressOf, type HttpOptions, poster } from './http.ts';
import { probe, wantsOf } from './probe.ts';

const setting = (options: RunnerOptions, name: string, fallback: number): number => {
  const value = options.settings[name];
  const number = value === undefined ? fallback : Number(value);
  if (!Number.isFinite(number) || number < 0) throw new UserError(`--set ${name}=${String(value)}: expected a number`);
  return number;
};

/** Concurrency that grows while answers come and halves when the server says it is too much (AIMD). */
function adaptive(start: number, most: number) {
  const limit = pLimit(start);
  let good = 0;
  return {
    limit,
    seen: (status: number | 'network') => {
      if (status === 429 || status === 503) {
        limit.concurrency = Math.max(1, Math.floor(limit.concurrency / 2));
        good = 0;
      } else if (typeof status === 'number' && status < 400 && ++good >= limit.concurrency) {
        limit.concurrency = Math.min(most, limit.concurrency + 1);
        good = 0;
      }
    },
  };
}

/** Hands out answers as they come, from a fixed number of pending requests, so that a long window needs no memory for all of them. */
async function* inParallel(
  requests: readonly Request[],
  one: (request: Request) => Promise<Response>,
  { limit }: ReturnType<typeof adaptive>,
  signal: AbortSignal,
) {
  const ready: (readonly [number, Response])[] = [];
  let wake: () => void = () => {};
  let running = 0;
  for (const [index, request] of requests.entries()) {
    running++;
    void limit(async () => (signal.aborted ? null : one(request))).then((response) => {
      if (response) ready.push([index, response]);
      running--;
      wake();
    });
  }
  while (running > 0 || ready.length > 0) {
    const next = ready.shift();
    if (next) yield next;
    else
      await new Promise<void>((done) => {
        wake = done;
        if (ready.length > 0 || running === 0) done();
      });
  }
}

const hidden = 'stopped';

async function open(target: string, options: RunnerOptions) {
  if (options.offline) throw new UserError('openai: needs a network connection, and --offline forbids one', 'name a local file instead');
  const ollama = options.settings.scheme === 'ollama';
  const host = options.env.OLLAMA_HOST ?? '127.0.0.1:11434';
  const env = ollama ? { ...options.env, OPENAI_BASE_URL: `${host.startsWith('http') ? host : `http://${host}`}/v1` } : options.env;
  const { model, base } = addressOf(target, options.settings.baseUrl ? { ...env, OPENAI_BASE_URL: String(options.settings.baseUrl) } : env);
  if (model === '') throw new UserError('openai: names no model', 'openai:<model>@http://127.0.0.1:8080/v1');
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const most = setting(options, 'concurrency', 64);
  const pool = { connections: Math.max(most, 1), keepAliveTimeout: 30_000 };
  const dispatcher = env.HTTP_PROXY || env.HTTPS_PROXY || env.http_proxy || env.https_proxy ? new EnvHttpProxyAgent(pool) : new Agent(pool);
  const flow = adaptive(Math.min(8, most), most);
  const counts = { requests: 0, retried: 0, failed: 0 };
  const seen: HttpOptions['seen'] = (status) => {
    counts.requests++;
    if (status === 'network' || status >= 400) counts.retried++;
    flow.seen(status);
  };
  const http = {
    dispatcher,
    base,
    key: env.OPENAI_API_KEY,
    timeoutMs: setting(options, 'timeout', 120) * 1000,
    retries: setting(options, 'retries', 6),
    maxBytes: 10_000_000,
    seed: options.seed,
    seen,
  };
  const post = await poster(http);
  const native = await poster({ ...http, base: base.replace(/\/v1$/, ''), retries: 1 });
  const quick = {
    post: await poster({ ...http, retries: 1 }),
    native: await poster({ ...http, base: base.replace(/\/v1$/, ''), retries: 0 }),
  };
  const abilities = await probe(model, base, quick, AbortSignal.timeout(180_000));
  options.say(
    `${base}: ${abilities.server}; chat ${abilities.chat ? 'yes' : 'no'}, raw text ${abilities.completions ? 'yes' : 'no'}, scores given text by ${abilities.scoring}`,
  );
  const asking: Asking = { model, system: options.system, abilities, post: watched(post, abilities.fingerprint, options.say), native };
  const budget = await budgetOf(options, model);
  return {
    name: model,
    identity: { runner: 'openai', base, model, scoring: abilities.scoring, system: options.system ?? null },
    protocol: abilities.chat ? ('instruct' as const) : ('base' as const),
    wants: wantsOf(abilities),
    answer: (requests: readonly Request[], signal: AbortSignal) => {
      const stop = new AbortController();
      const both = AbortSignal.any([signal, stop.signal]);
      const one = async (request: Request) => {
        const over = budget.over();
        if (over) {
          if (!stop.signal.aborted) options.say(`${over}; what was answered is kept`);
          stop.abort();
          return { ok: false, error: hidden } as const;
        }
        const response = await ask(request, asking, both);
        if (!response.ok) counts.failed++;
        budget.spend(response);
        return response;
      };
      return answered(inParallel(requests, one, flow, both), both);
    },
    facts: async () => ({
      model: { server: abilities.server, address: base, fingerprint: abilities.fingerprint },
      cost: { ...counts, ...budget.spent() },
    }),
    async [Symbol.asyncDispose]() {
      await dispatcher.close();
    },
  };
}

/** Requests that were stopped are not answers: they stay missing and are asked next time. */
async function* answered(
  from: AsyncIterable<readonly [number, Response]>,
  signal: AbortSignal,
): AsyncGenerator<readonly [number, Response]> {
  for await (const [index, response] of from) {
    if (!response.ok && (response.error === hidden || (signal.aborted && /abort|stopped/.test(response.error)))) continue;
    yield [index, response];
  }
}

/** Warns once when the server's fingerprint changes inside a run. */
function watched(post: Asking['post'], first: string | null, say: (message: string) => void): Asking['post'] {
  let last = first;
  let told = false;
  return async (path, body, signal) => {
    const reply = await post(path, body, signal);
    const now = reply.ok && typeof reply.body.system_fingerprint === 'string' ? reply.body.system_fingerprint : last;
    if (now !== last && last !== null && !told) {
      told = true;
      say(`warning: the server's fingerprint changed from ${last} to ${now}: answers before and after may come from different models`);
    }
    last = now;
    return reply;
  };
}

export default {
  scheme: 'openai',
  title: 'Any OpenAI-compatible server: vLLM, llama.cpp, Ollama, LM Studio, SGLang, TGI, hosted APIs',
  usage: 'openai:<model>@<url>, ollama:<model>; the key from OPENAI_API_KEY',
  open,
} satisfies RunnerModule;
