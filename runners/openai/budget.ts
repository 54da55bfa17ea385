import { readFileSync } from 'node:fs';
import { type Response, type RunnerOptions, UserError } from '../../src/types.ts';

interface Price {
  /** US dollars (or whatever currency the file is in) per million tokens. */
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
  if (!price || !Number.isFinite(price.input) || !Number.isFinite(price.output))
    throw new UserError(`prices ${path}: no price for '${model}'`, `add "${model}": {"input": …, "output": …}, per million tokens`);
  return price;
}

/** Limits on requests, tokens and money: `maxRequests`, `maxTokens`, `maxCost` with `prices`. */
export async function budgetOf(options: RunnerOptions, model: string) {
  const limit = (name: string) => (options.settings[name] === undefined ? Number.POSITIVE_INFINITY : Number(options.settings[name]));
  const [requests, tokens, cost] = [limit('maxRequests'), limit('maxTokens'), limit('maxCost')];
  for (const [name, value] of Object.entries({ maxRequests: requests, maxTokens: tokens, maxCost: cost }))
    if (!(value > 0)) throw new UserError(`${name}: expected a number above 0`);
  const prices = options.settings.prices;
  if (Number.isFinite(cost) && prices === undefined)
    throw new UserError('maxCost needs prices', '--set prices=prices.json with {"<model>": {"input": …, "output": …}} per million tokens');
  const price = prices === undefined ? null : priceOf(String(prices), model);
  const spent = { asked: 0, input: 0, output: 0 };
  const money = () => (price ? (spent.input * price.input + spent.output * price.output) / 1e6 : 0);
  return {
    /** Why nothing more may be asked; null while there is budget. Counts the request about to be made. */
    over: (): string | null => {
      if (spent.asked >= requests) return `the budget of ${requests} requests is used up`;
      if (spent.input + spent.output >= tokens) return `the budget of ${tokens} tokens is used up`;
      if (money() >= cost) return `the budget of ${cost} is used up`;
      spent.asked++;
      return null;
    },
    spend: (response: Response) => {
      if (!response.ok) return;
      spent.input += response.promptTokens ?? 0;
      spent.output += response.tokens;
    },
    spent: () => ({ 'prompt tokens': spent.input, 'generated tokens': spent.output, ...(price && { money: money() }) }),
  };
}
