/** A commented policy written from a run: limits at what the model does today, so that it passes now and notices a change. Pure. */

import { isAble, profileOf } from '../engine/profile.ts';
import { resultIdOf } from '../kit/result.ts';
import { dimensions, type Result, UserError } from '../types.ts';
import type { RunData } from './compare.ts';

const down = (value: number): string => Math.max(0, Math.floor(value * 100 - 1e-9) / 100).toFixed(2);
const number = (value: number | null): string => (value === null ? '–' : value.toFixed(2));

/** YAML text. Throws UserError where there is no suite to hold the model to. Suites the model is able to do get a floor rule and a least grade at the lower end of their interval; the rest are comments. */
export function policyFor({ manifest, results }: RunData): string {
  if (!results.some(canBeHeld))
    throw new UserError(
      `${manifest.model.name} passes the control of no suite of this run: there is nothing to hold it to`,
      'more items may show what it is able to do: plumbline run … --preset standard',
    );
  const lines = [
    '# yaml-language-server: $schema=./node_modules/plumbline-eval/schemas/policy.schema.json',
    `# A policy for \`plumbline gate\`, written from ${manifest.model.name} (${manifest.model.hash.slice(0, 12)}), preset ${manifest.options.preset}.`,
    '# Grades run from 0 (worst) to 1 (most trustworthy). A rule passes when the whole 95 % interval keeps the limit, fails when the whole',
    '# interval breaks it, and is undecided in between (exit code 4).',
    'policy:',
    '  decide: interval          # or point',
    '  undecided: undecided      # what an undecided rule counts as: undecided, pass or fail',
    '  # may-differ: [template]  # identity fields that may differ from the baseline, besides those of the weights',
    '  rules:',
  ];
  for (const dimension of dimensions) {
    const own = results.filter(({ suite }) => suite.dimension === dimension);
    if (own.length === 0) continue;
    const profile = profileOf(results).find((entry) => entry.dimension === dimension);
    lines.push(
      '',
      `    # ${dimension}: ${profile?.grade == null ? '' : `${number(profile.grade)} (${number(profile.low)}–${number(profile.high)}), `}able in ${profile?.able ?? 0} of ${profile?.of ?? 0}`,
    );
    lines.push(...own.flatMap(ruleLines));
  }
  const [first] = results;
  lines.push(
    '',
    '    # Against a baseline (plumbline gate <run> --baseline <run>):',
    ...(first
      ? [
          `    # - suite: ${resultIdOf(first)}`,
          '    #   non-inferior: 0.05   # shown to be no worse than the baseline by .05',
          '    #   max-drop: 0.10       # fails when a larger loss is shown',
        ]
      : []),
    '',
  );
  return lines.join('\n');
}

const canBeHeld = (result: Result): boolean => isAble(result) && (result.estimates[0]?.gradeLow ?? null) !== null;

function ruleLines(result: Result): string[] {
  const id = resultIdOf(result);
  const [headline] = result.estimates;
  if (!canBeHeld(result) || !headline || headline.gradeLow === null)
    return [`    # - suite: ${id}        # ${result.invalid ? 'INVALID' : 'not able'}: nothing to hold it to yet`];
  const low = down(headline.gradeLow);
  return [
    `    - suite: ${id}        # ${headline.title}: grade ${number(headline.grade)} (${number(headline.gradeLow)}–${number(headline.gradeHigh)}), ${headline.n} items`,
    ...(result.floor.state === 'met' ? ['      floor: met'] : []),
    `      min: ${low}`,
    `      # metric: ${headline.metric}        # then min and max are in ${headline.unit}: now ${number(headline.value)}, ${headline.better} is better`,
  ];
}
