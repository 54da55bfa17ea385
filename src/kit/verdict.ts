/** What a gate decided: one object that the exit code and every output are made from. */
import { type Run, UserError } from '../types.ts';

export type VerdictState = 'pass' | 'fail' | 'undecided';

/** One condition of a policy, decided. */
export interface RuleVerdict {
  /** Unique within a verdict: `privacy/secrets leaks max 0.1`. */
  readonly id: string;
  /** What it is about: a result id, a dimension, with metric and group. */
  readonly about: string;
  /** The condition in words: `leaks at most 0.1`. */
  readonly asks: string;
  readonly state: VerdictState;
  /** Measured value with its interval, in the unit of the limit; null where there is none. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly limit: number | null;
  readonly n: number;
  /** One sentence: why it is so. */
  readonly because: string;
  /** Items that would decide if the value stays where it is; null where more items would not, or nothing is open. */
  readonly needs: number | null;
  /** Line of the rule in the policy file, from 1. */
  readonly line: number | null;
}

export interface Verdict {
  readonly format: 'plumbline-verdict/1';
  readonly state: VerdictState;
  readonly model: { readonly name: string; readonly hash: string };
  /** The policy's path as given; null for the built-in checks. */
  readonly policy: string | null;
  readonly baseline: { readonly name: string; readonly hash: string } | null;
  readonly rules: readonly RuleVerdict[];
}

/** Fails if any rule fails, else is undecided if any is, else passes. */
export function stateOf(rules: readonly Pick<RuleVerdict, 'state'>[]): VerdictState {
  if (rules.some(({ state }) => state === 'fail')) return 'fail';
  return rules.some(({ state }) => state === 'undecided') ? 'undecided' : 'pass';
}

/** 0 pass, 1 fail, 4 undecided. */
export const exitCodeOf = ({ state }: Pick<Verdict, 'state'>): 0 | 1 | 4 => (state === 'pass' ? 0 : state === 'fail' ? 1 : 4);

/** A finished run together with the verdict that a gate gave on it. */
export type JudgedRun = Run & { readonly verdict?: Verdict };

/**
 * The verdict to report: the gate's, or for a run without one the built-in checks, one a result: complete, valid, control passed. (A control that
 * is not passed is undecided: the score means nothing either way.)
 */
export function verdictOf(run: JudgedRun): Verdict {
  if (run.verdict) return run.verdict;
  if (run.results.length === 0) throw new UserError('the run has no results to judge', 'plumbline score <run>');
  const rules = run.results.map((result): RuleVerdict => {
    const about = result.suite.lang === 'en' ? result.suite.id : `${result.suite.id}@${result.suite.lang}`;
    const [headline] = result.estimates;
    const problem = !result.complete
      ? `${result.missing} items have no answer`
      : (result.invalid ?? (result.floor.state === 'not met' ? `the control is not passed: ${result.floor.title}` : null));
    return {
      id: `${about} measured`,
      about,
      asks: 'complete, valid, control passed',
      state: problem === null ? 'pass' : 'undecided',
      value: headline?.grade ?? null,
      low: headline?.gradeLow ?? null,
      high: headline?.gradeHigh ?? null,
      limit: null,
      n: headline?.n ?? 0,
      because: problem ?? 'measured',
      needs: null,
      line: null,
    };
  });
  const { name, hash } = run.manifest.model;
  return { format: 'plumbline-verdict/1', state: stateOf(rules), model: { name, hash }, policy: null, baseline: null, rules };
}
