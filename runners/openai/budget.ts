import { readFileSync } from 'node:fs';
import { type RunnerOptions, UserError } from '../../src/types.ts';
import type { Body, Reply } from './http.ts';

interface Price {
  /** In the file's currency, per million tokens. */
  readonly input: number;
  readonly output: number;
}

function priceOf(path: string, model: string): Price {
  let table: Readonly<Record<string, Price>>;
  try {
    table = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Price>;
  } catch (error) {
    throw new UserError(`prices ${path}: ${(error as Error).message}`, '{"<model>": {"input": 0.15, "output": 0.60}}, per million tokens');
  }
  const price = table[model];
  if (!price || !(price.input >= 0) || !(price.output >= 0))
    throw new UserError(`prices ${path}: no price for '${model}'`, `add "${model}": {"input": …, "output": …}, per million tokens`);
  return price;
}

interface Use {
  readonly input: number;
  readonly output: number;
}

/** What a request may use at most, as far as can be told beforehand: a token has three characters or more in nearly all texts. */
function most(body: Body | undefined): Use {
  if (body === undefined) return { input: 0, output: 0 };
  return {
    input: Math.ceil(JSON.stringify(body.messages ?? body.prompt ?? '').length / 3),
    output: Number(body.max_tokens ?? body.n_predict ?? 0),
  };
}

function usedBy(reply: Reply, estimate: Use): Use {
  if (!reply.ok) return { input: 0, output: 0 };
  const { prompt_tokens, completion_tokens } = (reply.body.usage ?? {}) as { prompt_tokens?: number; completion_tokens?: number };
  const native = reply.body as { tokens_evaluated?: number; tokens_predicted?: number };
  return {
    input: prompt_tokens ?? native.tokens_evaluated ?? estimate.input,
    output: completion_tokens ?? native.tokens_predicted ?? estimate.output,
  };
}

/** Limits on HTTP requests, tokens and money: `maxRequests`, `maxTokens`, `maxCost` with `prices`. What is under way counts as what it may use at most. */
export class Budget {
  readonly #limits: { readonly requests: number; readonly tokens: number; readonly cost: number };
  readonly #price: Price | null;
  readonly #spent = { requests: 0, input: 0, output: 0 };
  readonly #held = { input: 0, output: 0, requests: 0 };
  #waiting: (() => void)[] = [];
  #over: string | null = null;

  constructor({ settings }: RunnerOptions, model: string) {
    const limit = (name: string) => (settings[name] === undefined ? Number.POSITIVE_INFINITY : Number(settings[name]));
    this.#limits = { requests: limit('maxRequests'), tokens: limit('maxTokens'), cost: limit('maxCost') };
    if (Number.isFinite(this.#limits.cost) && settings.prices === undefined)
      throw new UserError('--max-cost needs prices', '--prices prices.json with {"<model>": {"input": …, "output": …}} per million tokens');
    this.#price = settings.prices === undefined ? null : priceOf(String(settings.prices), model);
  }

  /** Why nothing more may be asked; null while there is budget. */
  get over(): string | null {
    return this.#over;
  }

  get facts(): { readonly [key: string]: number } {
    const { input, output } = this.#spent;
    return { 'prompt tokens': input, 'generated tokens': output, ...(this.#price && { money: this.#cost(this.#spent) }) };
  }

  /** Whether anything is limited. */
  get limited(): boolean {
    return Object.values(this.#limits).some(Number.isFinite);
  }

  /** Takes leave for one request: null, or why there is none. Waits where the answers under way decide whether there is room. */
  async admit(body: Body | undefined): Promise<string | null> {
    const use = most(body);
    for (;;) {
      if (this.#over !== null) return this.#over;
      const lacks = this.#lacks(use, this.#held);
      if (lacks === null) {
        this.#spent.requests++;
        this.#held.requests++;
        this.#held.input += use.input;
        this.#held.output += use.output;
        return null;
      }
      if (this.#held.requests === 0 || this.#lacks(use, { input: 0, output: 0 }) !== null) {
        this.#over = lacks;
        this.#wake();
        return lacks;
      }
      await new Promise<void>((done) => this.#waiting.push(done));
    }
  }

  settle(body: Body | undefined, reply: Reply): void {
    const use = this.limited ? most(body) : { input: 0, output: 0 };
    const used = usedBy(reply, use);
    if (this.limited) {
      this.#held.requests--;
      this.#held.input -= use.input;
      this.#held.output -= use.output;
    }
    this.#spent.input += used.input;
    this.#spent.output += used.output;
    this.#wake();
  }

  #wake(): void {
    for (const done of this.#waiting.splice(0)) done();
  }

  #cost({ input, output }: Use): number {
    return this.#price ? (input * this.#price.input + output * this.#price.output) / 1e6 : 0;
  }

  #lacks(use: Use, held: Use): string | null {
    const { requests, tokens, cost } = this.#limits;
    const sum = { input: this.#spent.input + held.input + use.input, output: this.#spent.output + held.output + use.output };
    if (this.#spent.requests >= requests) return `the budget of ${requests} requests is used up`;
    if (sum.input + sum.output > tokens)
      return `the budget of ${tokens} tokens is used up (${this.#spent.input + this.#spent.output} spent)`;
    if (this.#cost(sum) > cost) return `the budget of ${cost} is used up (${this.#cost(this.#spent).toFixed(6)} spent)`;
    return null;
  }
}
