import type { Outcome, Response } from '../types.ts';
import { loopsIn } from './loops.ts';
import { refusalIn } from './refusal.ts';

export interface OutcomeOptions {
  /** The answer is useless when cut at the budget (default false: a short look is enough). */
  readonly cutMatters?: boolean;
  /** Whether what the suite looked for was found; false makes an otherwise good answer `unparsed`. */
  readonly parsed?: boolean;
  /** Refusals are not looked for (raw continuations, look-up answers). */
  readonly noRefusals?: boolean;
}

/** What became of one generated answer, in the order error, empty (truncated where the budget went on thinking), degenerate, refused/partial, truncated, unparsed, answered. */
export function outcomeOf(response: Response | null | undefined, options: OutcomeOptions = {}): Outcome {
  if (!response?.ok) return 'error';
  if (!/[\p{L}\p{N}]/u.test(response.text)) return response.thinking !== undefined && response.stop === 'length' ? 'truncated' : 'empty';
  if (loopsIn(response.text, response.stop === 'length')) return 'degenerate';
  if (!options.noRefusals) {
    const refusal = refusalIn(response.text).label;
    if (refusal === 'full') return 'refused';
    if (refusal === 'partial') return 'partial';
  }
  if (options.cutMatters && response.stop === 'length') return 'truncated';
  return options.parsed === false ? 'unparsed' : 'answered';
}
