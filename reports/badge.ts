import { type JudgedRun, type Verdict, verdictOf } from '../src/kit/verdict.ts';
import type { Report } from '../src/types.ts';

/** A shields.io endpoint badge: https://shields.io/badges/endpoint-badge. */
export function badgeOf({ state, rules }: Verdict): { schemaVersion: 1; label: string; message: string; color: string } {
  const of = (wanted: Verdict['state']) => rules.filter((rule) => rule.state === wanted).length;
  const said = {
    pass: { message: `${rules.length} rules hold`, color: '0072B2' },
    fail: { message: `${of('fail')} of ${rules.length} failed`, color: 'D55E00' },
    undecided: { message: `${of('undecided')} of ${rules.length} undecided`, color: 'lightgrey' },
  }[state];
  return { schemaVersion: 1, label: 'trust', ...said };
}

export default {
  id: 'badge',
  title: 'A gate’s verdict (or the run’s own checks) as a badge for shields.io',
  makes: 'badge.json',
  render: async (run: JudgedRun) => [{ path: 'badge.json', text: `${JSON.stringify(badgeOf(verdictOf(run)))}\n` }],
} satisfies Report;
