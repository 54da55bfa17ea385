/** A run held against a policy: one verdict. Pure. */

import { itemsToDecide } from '../kit/index.ts';
import { modelNameOf, resultIdOf } from '../kit/result.ts';
import { type RuleVerdict, stateOf, type Verdict, type VerdictState } from '../kit/verdict.ts';
import type { Outcome, Result, Suite } from '../types.ts';
import type { RunData } from './compare.ts';
import { type Measure, type Measured, measureOf, resultsOf } from './measure.ts';
import { checkAgainst, type Policy, type Rule } from './policy.ts';

export interface GateOptions {
  readonly baseline?: RunData;
  /** A suite's metrics, for paired rules; null where its code is not at hand. */
  readonly suiteOf: (suiteId: string) => Pick<Suite, 'version' | 'metrics'> | null;
  readonly seed?: number;
  /** Where values and intervals come from; default: the finished run's own. */
  readonly measure?: Measure;
}

/** Decides every condition of the policy. Throws UserError when the policy names what the run does not have. */
export function gate(run: RunData, policy: Policy, options: GateOptions): Verdict {
  checkAgainst(policy, run.results);
  const context: Context = { run, policy, measure: options.measure ?? measureOf(run, options) };
  const rules = policy.rules.flatMap((rule, i) => conditionsOf(rule, context).map((open) => closed(open, policy, i)));
  const named = (data: RunData) => ({ name: modelNameOf(data.manifest.model), hash: data.manifest.model.hash });
  return {
    format: 'plumbline-verdict/1',
    state: stateOf(rules),
    model: named(run),
    policy: policy.path,
    baseline: options.baseline ? named(options.baseline) : null,
    rules: unique(rules),
  };
}

interface Context {
  readonly run: RunData;
  readonly policy: Policy;
  readonly measure: Measure;
}

/** A condition with its measurement, before the policy's word on undecided ones. */
type Open = Omit<RuleVerdict, 'line' | 'id'>;

function closed(open: Open, policy: Policy, index: number): RuleVerdict {
  const line = policy.lines[index] ?? null;
  const id = `${open.about} ${open.asks}`;
  if (open.state !== 'undecided' || policy.undecided === 'undecided') return { ...open, id, line };
  return {
    ...open,
    id,
    line,
    state: policy.undecided,
    because: `${open.because} (undecided; the policy counts it as ${policy.undecided})`,
  };
}

function unique(rules: readonly RuleVerdict[]): RuleVerdict[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const times = (seen.get(rule.id) ?? 0) + 1;
    seen.set(rule.id, times);
    return times === 1 ? rule : { ...rule, id: `${rule.id} (${times})` };
  });
}

function conditionsOf(rule: Rule, context: Context): Open[] {
  const about = [rule.suite ?? rule.dimension, rule.metric, rule.group].filter((part) => part !== undefined).join(' · ');
  const out: Open[] = [];
  const measured = context.measure.value(rule);
  if (rule.min !== undefined) out.push(limited(about, measured, { side: 'min', limit: rule.min, policy: context.policy }));
  if (rule.max !== undefined) out.push(limited(about, measured, { side: 'max', limit: rule.max, policy: context.policy }));
  if (rule['max-drop'] !== undefined) out.push(dropped(about, rule, context, { limit: rule['max-drop'], strict: false }));
  if (rule['non-inferior'] !== undefined) out.push(dropped(about, rule, context, { limit: rule['non-inferior'], strict: true }));
  for (const result of resultsOf(rule, context.run.results)) {
    if (rule.floor !== undefined) out.push(floored(result, context));
    for (const [outcome, limit] of Object.entries(rule.outcomes ?? {}))
      out.push(outcomeWithin(result, outcome as Outcome, { limit: limit as number, context }));
  }
  return out;
}

const shown = (value: number): string => String(Math.round(value * 1e4) / 1e4);
const interval = ({ low, high }: Pick<Measured, 'low' | 'high'>): string =>
  low === null || high === null ? '' : ` (${shown(low)}–${shown(high)})`;

interface Limit {
  readonly side: 'min' | 'max';
  readonly limit: number;
  readonly policy: Pick<Policy, 'decide'>;
}

function limited(about: string, measured: Measured, { side, limit, policy }: Limit): Open {
  const asks = `${side === 'min' ? 'at least' : 'at most'} ${shown(limit)}`;
  const { value, n, unit } = measured;
  const head = { about, asks, value, low: measured.low, high: measured.high, limit, n };
  if (measured.problem !== null || value === null)
    return { ...head, state: 'undecided', because: measured.problem ?? 'no value', needs: null };
  const point = policy.decide === 'point';
  const [low, high] = point ? [value, value] : [measured.low, measured.high];
  if (low === null || high === null)
    return { ...head, state: 'undecided', because: `${shown(value)} ${unit} without an interval`, needs: null };
  const state = sideOf(side === 'min' ? [low - limit, high - limit] : [limit - high, limit - low]);
  const is = `${unit} ${shown(value)}${point ? '' : interval(measured)}`;
  const half = side === 'min' ? value - low : high - value;
  const other = side === 'min' ? high - value : value - low;
  const inside = side === 'min' ? value >= limit : value <= limit;
  const needs = state === 'undecided' ? itemsToDecide(n, inside ? half : other, value - limit) : null;
  const where = { pass: 'keeps the limit', fail: 'breaks the limit', undecided: 'the limit lies inside the interval' }[state];
  return {
    ...head,
    state,
    because: `${is}: ${where}`,
    needs,
  };
}

/** From the interval of "how far on the good side": all ≥ 0 passes, all < 0 fails. */
const sideOf = ([low, high]: readonly [number, number]): VerdictState => (low >= 0 ? 'pass' : high < 0 ? 'fail' : 'undecided');

function dropped(
  about: string,
  rule: Rule,
  context: Context,
  { limit, strict }: { readonly limit: number; readonly strict: boolean },
): Open {
  const asks = strict ? `no worse than the baseline by ${shown(limit)}` : `drop of at most ${shown(limit)}`;
  const found = context.measure.loss(rule);
  const head = { about, asks, value: found.value, low: found.low, high: found.high, limit, n: found.n };
  if (found.problem !== null || found.value === null || found.low === null || found.high === null)
    return { ...head, state: 'undecided', because: found.problem ?? 'no interval', needs: null };
  const point = context.policy.decide === 'point' && !strict;
  // A loss: at most the limit is good. Non-inferiority excludes the margin itself.
  const [low, high] = point ? [found.value, found.value] : [found.low, found.high];
  const state: VerdictState = (strict ? high < limit : high <= limit) ? 'pass' : low > limit ? 'fail' : 'undecided';
  const half = found.value <= limit ? found.high - found.value : found.value - found.low;
  const needs = state === 'undecided' ? itemsToDecide(found.n, half, found.value - limit) : null;
  return { ...head, state, because: `grade lost ${shown(found.value)}${point ? '' : interval(found)} on the same ${found.n} items`, needs };
}

/** A control whose interval reaches below chance fails when all was asked; while more may come, only one that lies below chance does. */
function floored(result: Result, { measure }: Context): Open {
  const { title, chance } = result.floor;
  const { state, value, low, high, n } = measure.floor(result);
  const because =
    result.floor.state === 'not applicable'
      ? 'this suite needs no control'
      : `${title}: ${value === null ? 'nothing could be told' : `${shown(value)}${interval({ low, high })} against chance ${shown(chance ?? 0)}`}`;
  return { about: resultIdOf(result), asks: 'control passed', state, value, low, high, limit: chance, n, because, needs: null };
}

function outcomeWithin(result: Result, outcome: Outcome, asked: { readonly limit: number; readonly context: Context }): Open {
  const { limit, context } = asked;
  const { value, low, high, n } = context.measure.share(result, outcome);
  // The whole run is counted, not sampled: without an interval the count itself decides.
  const state = sideOf([limit - (high ?? value), limit - (low ?? value)]);
  const because = `${result.outcomes[outcome]} of ${result.answers} answers`;
  const head = { about: resultIdOf(result), asks: `${outcome} at most ${shown(limit)}`, value, low, high, limit, n };
  return { ...head, state, because, needs: null };
}
