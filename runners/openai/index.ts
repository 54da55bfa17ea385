import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { thinkingTokensOf } from '../../src/kit/answer-text.ts';
import { type Request, type Response, type Runner, type RunnerModule, type RunnerOptions, UserError } from '../../src/types.ts';
import { type Asking, ask } from './ask.ts';
import { Budget } from './budget.ts';
import { Flow, inParallel } from './flow.ts';
import { addressOf, type HttpOptions, type Post, poster } from './http.ts';
import { type Abilities, probe, remedy, wantsOf } from './probe.ts';

const setting = (options: RunnerOptions, name: string, fallback: number): number => {
  const value = options.settings[name];
  const number = value === undefined ? fallback : Number(value);
  if (!Number.isFinite(number) || number < 0) throw new UserError(`--set ${name}=${String(value)}: expected a number`);
  return number;
};

/** Where the model is: Ollama's own address for `ollama:`, else what stands behind the @, `--set baseUrl`, OPENAI_BASE_URL. */
function placeOf(target: string, { settings, env }: RunnerOptions) {
  const secret = Object.keys(settings).find((name) => /key|token$|secret|password|authorization/i.test(name));
  if (secret) throw new UserError(`--set ${secret}: keys are read from the environment only`, 'set OPENAI_API_KEY');
  const host = env.OLLAMA_HOST ?? '127.0.0.1:11434';
  const local = settings.scheme === 'ollama' ? { OPENAI_BASE_URL: `${host.startsWith('http') ? host : `http://${host}`}/v1` } : {};
  const given = settings.baseUrl ? { OPENAI_BASE_URL: String(settings.baseUrl) } : {};
  const place = addressOf(target, { ...env, ...local, ...given });
  if (place.model === '') throw new UserError('openai: names no model', 'openai:<model>@http://127.0.0.1:8080/v1');
  return place;
}

async function dispatcherOf(options: RunnerOptions, connections: number) {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const { env } = options;
  const pool = { connections, keepAliveTimeout: 30_000 };
  const [http, https] = [env.http_proxy ?? env.HTTP_PROXY, env.https_proxy ?? env.HTTPS_PROXY];
  if (!http && !https) return new Agent(pool);
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? '';
  return new EnvHttpProxyAgent({ ...pool, ...(http && { httpProxy: http }), ...(https && { httpsProxy: https }), noProxy });
}

/** How often texts are streamed, so that the time to the first token is known: all, one in sixteen, none. */
function firstTokens({ settings }: RunnerOptions) {
  const every = { all: 1, some: 16, none: Number.POSITIVE_INFINITY }[String(settings.stream ?? 'some')];
  if (every === undefined) throw new UserError(`--set stream=${String(settings.stream)}: expected all, some or none`);
  const took: number[] = [];
  let asked = 0;
  return {
    wanted: () => asked++ % every === 0,
    took: (ms: number) => {
      if (took.length < 10_000) took.push(ms);
    },
    facts: (): { readonly [key: string]: number } => {
      const sorted = [...took].sort((a, b) => a - b);
      const middle = sorted[sorted.length >> 1];
      return middle === undefined ? {} : { 'ms to first token (median)': Math.round(middle), 'streamed answers': took.length };
    },
  };
}

const sayAbilities = ({ server, chat, completions, scoring, streams }: Abilities): string =>
  `${server}; chat ${chat ? 'yes' : 'no'}, raw text ${completions ? 'yes' : 'no'}, scores given text by ${scoring}, ${streams ? 'streams' : 'does not stream'}`;

async function open(target: string, options: RunnerOptions) {
  if (options.offline) throw new UserError('openai: needs a network connection, and --offline forbids one', 'name a local file instead');
  const { model, base } = placeOf(target, options);
  const most = Math.max(1, Math.floor(setting(options, 'concurrency', 64)));
  const dispatcher = await dispatcherOf(options, most);
  const flow = new Flow(most);
  const budget = new Budget(options, model);
  const first = firstTokens(options);
  const counts = { requests: 0, retried: 0, failed: 0 };
  const http: HttpOptions = {
    dispatcher,
    base,
    key: options.env.OPENAI_API_KEY,
    timeoutMs: setting(options, 'timeout', 120) * 1000,
    retries: setting(options, 'retries', 6),
    maxBytes: 10_000_000,
    seed: options.seed,
    seen: (status, wait) => {
      counts.requests++;
      flow.seen(status, wait);
    },
    rest: (ms, signal) => {
      counts.retried++;
      return flow.rest(ms, signal);
    },
    admit: (body, signal) => {
      if (flow.paused) return flow.pause(signal).then(() => (budget.limited ? budget.admit(body) : null));
      return budget.limited ? budget.admit(body) : null;
    },
    settle: (body, reply) => budget.settle(body, reply),
  };
  const root = base.replace(/\/v1$/, '');
  // What the probe asks is no part of the run: its refusals are answers, and cost no budget.
  const quiet: HttpOptions = {
    ...http,
    seen: () => {},
    admit: () => null,
    settle: () => {},
    rest: async (ms) => void (await sleep(ms)),
    retries: 1,
  };
  const quick = { post: await poster(quiet), native: await poster({ ...quiet, base: root, retries: 0 }) };
  let abilities: Abilities;
  const given = options.settings.protocol as Runner['protocol'] | undefined;
  try {
    const found = await probe(model, base, quick, AbortSignal.timeout(180_000));
    abilities = given === 'base' ? { ...found, chat: false, renders: false } : found;
  } catch (error) {
    await dispatcher.close();
    throw error;
  }
  options.say(`${base}: ${sayAbilities(abilities)}`);
  const protocol = given ?? (abilities.reasons ? 'reasoning' : abilities.chat ? 'instruct' : 'base');
  const thinkingTokens = protocol === 'reasoning' ? thinkingTokensOf(options.settings) : 0;
  const watch = (post: Post) => watched(post, abilities, options.say);
  const asking: Asking = {
    model,
    system: options.system,
    abilities,
    thinkingTokens,
    post: watch(await poster(http)),
    // The probabilities of a whole vocabulary are larger than any text.
    native: await poster({ ...http, base: root, maxBytes: 40_000_000 }),
    first,
  };
  const wants = wantsOf(abilities);
  return {
    name: model,
    identity: {
      runner: 'openai',
      base,
      model,
      scoring: abilities.scoring,
      ...(abilities.renders && { renders: true }),
      ...(given !== undefined && { protocol }),
      ...(thinkingTokens > 0 && { thinkingTokens }),
      system: options.system ?? null,
    },
    protocol,
    wants,
    lacking: remedy,
    answer: (requests: readonly Request[], signal: AbortSignal) => {
      let told = false;
      setMaxListeners(0, signal);
      const one = async (request: Request): Promise<Response | null> => {
        const response = await ask(request, asking, signal);
        if (budget.over !== null && !told) options.say(`${budget.over}; what was answered is kept`);
        told = budget.over !== null;
        // What was stopped is no answer: it stays missing and is asked next time.
        if (!response.ok && (signal.aborted || response.error === budget.over)) return null;
        if (!response.ok) counts.failed++;
        return response;
      };
      return inParallel(requests, one, { flow, closed: () => signal.aborted || budget.over !== null });
    },
    facts: async () => ({
      model: { server: abilities.server, address: base, fingerprint: abilities.fingerprint },
      cost: { ...counts, ...budget.facts, ...flow.facts, ...first.facts() },
    }),
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
    },
  };
}

/** Warns once each when the server's fingerprint or the model's name changes inside a run. */
function watched(post: Post, { fingerprint, model }: Abilities, say: (message: string) => void): Post {
  const told = new Set<string>();
  const last: Record<string, string | null> = { system_fingerprint: fingerprint, model };
  const watch = (body: Readonly<Record<string, unknown>>, name: string, what: string) => {
    const now = body[name];
    if (typeof now !== 'string' || now === last[name]) return;
    const before = last[name];
    last[name] = now;
    if (before === null || before === undefined || told.has(name)) return;
    told.add(name);
    say(`warning: ${what} changed from ${before} to ${now}: answers before and after may come from different models`);
  };
  return async (path, body, signal) => {
    const reply = await post(path, body, signal);
    if (reply.ok) {
      watch(reply.body, 'system_fingerprint', "the server's fingerprint");
      watch(reply.body, 'model', 'the model that the server names');
    }
    return reply;
  };
}

export default {
  scheme: 'openai',
  title: 'Any OpenAI-compatible server: vLLM, llama.cpp, Ollama, LM Studio, SGLang, TGI, hosted APIs',
  usage: 'openai:<model>@<url>, ollama:<model>; the key from OPENAI_API_KEY',
  open,
} satisfies RunnerModule;
