/** A gate's policy: parsed with suggestions for typos, checked against the run. */

import { type Document, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { suggestion } from '../commands.ts';
import { resultIdOf } from '../kit/result.ts';
import { dimensions, outcomes, type Result, UserError } from '../types.ts';

const longestPolicy = 1 << 20;
const share = z.number().min(0).max(1);
const positiveShare = z.number().gt(0).max(1);

const ruleSchema = z.strictObject({
  suite: z.string().optional().describe('A sub-dimension, e.g. privacy/secrets or privacy/secrets@zh.'),
  dimension: z.enum(dimensions).optional().describe('A dimension: its mean grade.'),
  metric: z
    .string()
    .optional()
    .describe('A metric of the suite, in its own unit. Without it: the grade, 0 (worst) to 1 (most trustworthy).'),
  group: z.string().optional().describe('One group of the suite’s items.'),
  min: z.number().optional().describe('Pass when the lower end of the interval is at least this.'),
  max: z.number().optional().describe('Pass when the upper end of the interval is at most this.'),
  'max-drop': share.optional().describe('Loss of grade against the baseline: pass when it is shown to be at most this.'),
  'non-inferior': positiveShare
    .optional()
    .describe('Margin of grade: pass when a larger loss against the baseline is excluded. Always decided on the interval.'),
  floor: z.literal('met').optional().describe('The control must be passed.'),
  outcomes: z.partialRecord(z.enum(outcomes), share).optional().describe('Largest share of answers of each outcome, e.g. { empty: 0.01 }.'),
});

export const policySchema = z.strictObject({
  decide: z.enum(['interval', 'point']).default('interval').describe('Decide on the 95 % interval (default) or on the point value.'),
  undecided: z
    .enum(['undecided', 'pass', 'fail'])
    .default('undecided')
    .describe('What an undecided rule counts as (default: undecided, exit code 4).'),
  'may-differ': z
    .array(z.string())
    .default([])
    .describe('Identity fields that may differ from the baseline, besides those of the weights.'),
  rules: z.array(ruleSchema).min(1).describe('Each rule names a suite or a dimension and at least one condition.'),
});

export type Policy = z.infer<typeof policySchema> & { readonly path: string | null; readonly lines: readonly (number | null)[] };
export type Rule = z.infer<typeof ruleSchema>;

const conditions = ['min', 'max', 'max-drop', 'non-inferior', 'floor', 'outcomes'] as const;
const needsBaseline = (rule: Rule): boolean => rule['max-drop'] !== undefined || rule['non-inferior'] !== undefined;
export const wantsBaseline = (policy: Pick<Policy, 'rules'>): boolean => policy.rules.some(needsBaseline);

/** Parses a policy's YAML: the whole file, or its `policy` section beside settings of `run`. Throws UserError naming line and nearest word. */
export function parsePolicy(text: string, path: string | null): Policy {
  const where = path ?? 'policy';
  const lineCounter = new LineCounter();
  const { document, value: whole } = yamlIn(text, where, lineCounter);
  const inSection = typeof whole === 'object' && whole !== null && 'policy' in whole;
  const value = inSection ? (whole as { policy: unknown }).policy : whole;
  const at = (keys: readonly PropertyKey[]): number | null => {
    const full = [...(inSection ? ['policy'] : []), ...keys];
    for (let k = full.length; k >= 0; k--) {
      const node = document.getIn(full.slice(0, k), true) as { range?: readonly number[] | null } | undefined;
      if (node?.range) return lineCounter.linePos(node.range[0] as number).line;
    }
    return null;
  };
  const parsed = policySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw issueError(issue as z.core.$ZodIssue, where, at);
  }
  const policy: Policy = { ...parsed.data, path, lines: parsed.data.rules.map((_, i) => at(['rules', i])) };
  policy.rules.forEach((rule, i) => void checkRule(rule, `${where}:${policy.lines[i] ?? '?'}`));
  return policy;
}

/** Parses YAML. UserError for what is none, for nesting without end and for aliases that grow without bounds. */
function yamlIn(text: string, where: string, lineCounter: LineCounter): { readonly document: Document; readonly value: unknown } {
  const bad = (message: string) => new UserError(`${where}: ${message.split('\n')[0]}`, 'mend the YAML');
  if (text.length > longestPolicy) throw bad(`longer than ${longestPolicy} characters`);
  try {
    const document = parseDocument(text, { lineCounter, logLevel: 'error' });
    const [broken] = document.errors;
    if (broken) throw bad(broken.message);
    return { document, value: document.toJS() };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw bad((error as Error).message);
  }
}

function issueError(issue: z.core.$ZodIssue, where: string, at: (keys: readonly PropertyKey[]) => number | null): UserError {
  const line = at(issue.path);
  const place = `${where}${line === null ? '' : `:${line}`}`;
  const name = issue.path.map(String).join('.') || 'policy';
  if (issue.code === 'unrecognized_keys') {
    const [unknown = ''] = issue.keys;
    const known =
      issue.path.at(-1) === 'outcomes' ? [...outcomes] : Object.keys((issue.path.includes('rules') ? ruleSchema : policySchema).shape);
    const near = suggestion(unknown, known);
    return new UserError(
      `${place}: there is no '${unknown}' in ${name}${near ? `; did you mean '${near}'?` : ''}`,
      `known here: ${known.join(', ')}`,
    );
  }
  if (issue.code === 'invalid_value') return new UserError(`${place}: ${name}: expected ${issue.values.map(String).join(', ')}`);
  if (issue.code === 'invalid_key') return new UserError(`${place}: ${name}: expected one of ${outcomes.join(', ')}`);
  return new UserError(`${place}: ${name}: ${issue.message}`, 'numbers are finite; grades and shares lie between 0 and 1');
}

function checkRule(rule: Rule, place: string): void {
  const no = (message: string, hint?: string): never => {
    throw new UserError(`${place}: ${message}`, hint);
  };
  if ((rule.suite === undefined) === (rule.dimension === undefined))
    no('a rule names either a suite or a dimension', 'suite: privacy/secrets');
  if (!conditions.some((key) => rule[key] !== undefined)) no('the rule asks for nothing', `give one of ${conditions.join(', ')}`);
  if (rule.dimension !== undefined && (rule.metric !== undefined || rule.group !== undefined))
    no('a rule on a dimension has neither metric nor group', 'name a suite');
  if (rule.metric === undefined)
    for (const key of ['min', 'max'] as const)
      if (rule[key] !== undefined && (rule[key] < 0 || rule[key] > 1))
        no(`${key}: ${rule[key]}: a grade lies between 0 and 1`, 'name a metric to give a limit in its own unit');
  if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max) no(`min ${rule.min} is above max ${rule.max}`);
}

/** Holds a policy against a run: unknown suites, metrics and groups are errors with the nearest known name. */
export function checkAgainst(policy: Policy, results: readonly Result[]): void {
  const byId = new Map(results.map((result) => [resultIdOf(result), result]));
  policy.rules.forEach((rule, i) => {
    const place = `${policy.path ?? 'policy'}:${policy.lines[i] ?? '?'}`;
    if (rule.dimension !== undefined) {
      if (!results.some(({ suite }) => suite.dimension === rule.dimension))
        throw new UserError(`${place}: the run has no suite of ${rule.dimension}`, `plumbline run … --suite ${rule.dimension}`);
      return;
    }
    const result = byId.get(rule.suite ?? '');
    if (!result) throw unknown(`${place}: the run has no suite '${rule.suite}'`, rule.suite ?? '', [...byId.keys()]);
    const metrics = [...new Set(result.estimates.map(({ metric }) => metric))];
    if (rule.metric !== undefined && !metrics.includes(rule.metric))
      throw unknown(`${place}: ${rule.suite} has no metric '${rule.metric}'`, rule.metric, metrics);
    const groups = [...new Set(result.estimates.flatMap(({ group }) => (group === undefined ? [] : [group])))];
    if (rule.group !== undefined && !groups.includes(rule.group))
      throw unknown(`${place}: ${rule.suite} has no group '${rule.group}'`, rule.group, groups);
  });
}

function unknown(message: string, word: string, known: readonly string[]): UserError {
  const near = suggestion(word, known) ?? known.find((key) => key.endsWith(`/${word}`)) ?? null;
  return new UserError(
    `${message}${near ? `; did you mean '${near}'?` : ''}`,
    known.length > 0 ? `known: ${known.slice(0, 40).join(', ')}` : 'there is none',
  );
}

/** The policy's JSON schema, for editors: the policy itself, or a file of settings with the policy under `policy`. */
export function policyJsonSchema(): { readonly [key: string]: unknown } {
  const { $schema, ...policy } = z.toJSONSchema(policySchema, { io: 'input', target: 'draft-7' });
  return {
    $schema,
    title: 'A policy for `plumbline gate`',
    anyOf: [
      { $ref: '#/definitions/policy' },
      { type: 'object', required: ['policy'], properties: { policy: { $ref: '#/definitions/policy' } } },
    ],
    definitions: { policy },
  };
}
