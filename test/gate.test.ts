/** Gates: policies, three outcomes, baselines, and every output telling the same. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import badge, { badgeOf } from '../reports/badge.ts';
import junit, { junitOf } from '../reports/junit.ts';
import sarif, { sarifOf } from '../reports/sarif.ts';
import { baselineMismatch, checkBaseline } from '../src/decide/baseline.ts';
import { gate } from '../src/decide/gate.ts';
import { policyFor } from '../src/decide/init.ts';
import { parsePolicy, policyJsonSchema } from '../src/decide/policy.ts';
import { exitCodeOf, type RuleVerdict, verdictOf } from '../src/kit/verdict.ts';
import { verdictAnnotations, verdictMarkdown, verdictTerminal } from '../src/kit/verdict-text.ts';
import type { Row } from '../src/types.ts';
import { control, decisionRun, refuses } from './support/decision-run.ts';
import { verdicts } from './support/verdicts.ts';

const root = join(import.meta.dirname, '..');
const rows = (refused: number, n = 300): Row[] =>
  Array.from({ length: n }, (_, i) => ({
    id: `i${i}`,
    group: i % 2 ? 'direct' : 'role play',
    values: { refused: i < refused ? 1 : 0, can: 1 },
    outcomes: ['answered'] as const,
  }));
const suiteOf = () => ({ version: '1', metrics: [refuses] as const, floor: control });
const decide = (text: string, run = decisionRun({ 'safety/harmful': rows(240) }), baseline?: ReturnType<typeof decisionRun>) =>
  gate(run, parsePolicy(text, 'plumbline.yaml'), { suiteOf, ...(baseline && { baseline }) });
const one = (text: string, run?: ReturnType<typeof decisionRun>, baseline?: ReturnType<typeof decisionRun>): RuleVerdict =>
  decide(text, run, baseline).rules[0] as RuleVerdict;

describe('policies', () => {
  const bad = (text: string, message: RegExp) => expect(() => decide(text)).toThrow(message);
  test('typos, unknown names and impossible numbers are errors that name line and nearest word', () => {
    bad('rules:\n  - suite: safety/harmful\n    mim: 0.5\n', /^plumbline\.yaml:2: there is no 'mim' in rules\.0; did you mean 'min'\?$/);
    bad('rule:\n  - suite: x\n', /there is no 'rule' in policy; did you mean 'rules'\?|expected array/);
    bad('rules:\n  - suite: safety/harmfull\n    min: 0.5\n', /has no suite 'safety\/harmfull'; did you mean 'safety\/harmful'\?/);
    bad('rules:\n  - suite: safety/harmful\n    metric: refuse\n    min: 0.5\n', /no metric 'refuse'; did you mean 'refuses'\?/);
    bad('rules:\n  - suite: safety/harmful\n    group: direkt\n    min: 0.5\n', /no group 'direkt'; did you mean 'direct'\?/);
    bad('rules:\n  - dimension: privacy\n    min: 0.5\n', /the run has no suite of privacy/);
    bad('rules:\n  - dimension: savety\n    min: 0.5\n', /expected robustness, privacy/);
    for (const value of ['.nan', '.inf', '-.inf', '"0.5"', '1.2', '-0.1'])
      bad(`rules:\n  - suite: safety/harmful\n    min: ${value}\n`, /^plumbline\.yaml:/);
    bad('rules:\n  - suite: safety/harmful\n', /asks for nothing/);
    bad('rules:\n  - min: 0.5\n', /either a suite or a dimension/);
    bad('rules:\n  - suite: safety/harmful\n    min: 0.6\n    max: 0.5\n', /min 0\.6 is above max 0\.5/);
    bad('rules: []\n', /./);
    bad('rules: [\n', /^plumbline\.yaml: /);
    bad('rules:\n  - suite: safety/harmful\n    outcomes: { emtpy: 0.1 }\n', /emtpy|expected one of answered/);
    bad('rules:\n  - suite: safety/harmful\n    non-inferior: 0\n', /non-inferior/);
  });

  test('a policy may be a section beside settings of run', () => {
    expect(decide('preset: quick\npolicy:\n  rules:\n    - suite: safety/harmful\n      min: 0.5\n').state).toBe('pass');
  });

  test('schemas/policy.schema.json is what the code says (UPDATE=1 renews it), and takes what init writes', () => {
    const path = join(root, 'schemas/policy.schema.json');
    const text = `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
    if (process.env.UPDATE) writeFileSync(path, text);
    expect(readFileSync(path, 'utf8')).toBe(text);
    const validate = new Ajv({ strict: false }).compile(policyJsonSchema());
    expect(validate({ policy: { rules: [{ suite: 'a/b', min: 0.5 }] } })).toBe(true);
    expect(validate({ rules: [{ suite: 'a/b', mim: 0.5 }] })).toBe(false);
  });

  test('what init writes parses, and the run it was written from passes', () => {
    const run = decisionRun({ 'safety/harmful': rows(240), 'privacy/secrets': rows(150) });
    const text = policyFor(run);
    expect(text).toContain('- suite: safety/harmful        # Refuses: grade 0.80 (0.75–0.84), 300 items');
    expect(decide(text, run)).toMatchObject({ state: 'pass' });
    const lame = decisionRun({ 'safety/harmful': rows(240) }, 'a', { floor: 'not met' });
    expect(() => policyFor(lame)).toThrow(/a passes the control of no suite of this run/);
    const half = policyFor({ ...lame, results: [...lame.results, ...run.results.slice(1)] });
    expect(half).toContain('# not able: nothing to hold it to yet');
    expect(half).toContain('# safety: able in 0 of 1');
  });
});

describe('three outcomes', () => {
  const min = (limit: number, more = '') => `rules:\n  - suite: safety/harmful\n    min: ${limit}\n${more}`;
  test('a limit below the interval passes, above fails, inside is undecided with the items that would decide', () => {
    expect(one(min(0.75))).toMatchObject({ state: 'pass', value: 0.8, n: 300, needs: null, line: 2 });
    expect(one(min(0.85))).toMatchObject({ state: 'fail', because: 'grade 0.8 (0.7511–0.8413): breaks the limit' });
    const open = one(min(0.78));
    expect(open).toMatchObject({ state: 'undecided' });
    expect(open.needs).toBeGreaterThan(1500);
    expect(open.needs).toBeLessThan(2500);
    expect(one(min(0.8)).needs).toBeNull();
  });

  test('max turns round, metrics keep their unit, groups are told apart, points decide when asked to', () => {
    expect(one('rules:\n  - suite: safety/harmful\n    metric: refuses\n    max: 0.85\n').state).toBe('pass');
    expect(one('rules:\n  - suite: safety/harmful\n    group: direct\n    min: 0.7\n')).toMatchObject({ state: 'pass', n: 150 });
    expect(one('decide: point\nrules:\n  - suite: safety/harmful\n    min: 0.79\n').state).toBe('pass');
    expect(one('undecided: fail\nrules:\n  - suite: safety/harmful\n    min: 0.78\n')).toMatchObject({ state: 'fail' });
    expect(one('rules:\n  - dimension: safety\n    min: 0.7\n')).toMatchObject({ state: 'pass', about: 'safety' });
  });

  test('invalid answers and failed controls decide nothing but the control', () => {
    const lame = decisionRun({ 'safety/harmful': rows(300) }, 'a', { floor: 'not met' });
    expect(one(min(0.5), lame)).toMatchObject({
      state: 'undecided',
      because: 'not able: the control is not passed (completes harmless twins)',
    });
    expect(one('rules:\n  - suite: safety/harmful\n    floor: met\n', lame)).toMatchObject({ state: 'fail' });
    expect(one(min(0.5), decisionRun({ 'safety/harmful': rows(300) }, 'a', { invalid: '99 % empty' }))).toMatchObject({
      state: 'undecided',
      because: 'INVALID: 99 % empty',
    });
    expect(one('rules:\n  - suite: safety/harmful\n    outcomes: { empty: 0.01 }\n')).toMatchObject({
      state: 'pass',
      because: '0 of 300 answers',
    });
  });

  test('against a baseline: losses by pairs', () => {
    const [base, worse] = [decisionRun({ 'safety/harmful': rows(270) }, 'base'), decisionRun({ 'safety/harmful': rows(240) }, 'worse')];
    const drop = (text: string, run = worse) => one(`rules:\n  - suite: safety/harmful\n    ${text}\n`, run, base);
    expect(drop('max-drop: 0.05')).toMatchObject({ state: 'fail', value: expect.closeTo(0.1, 9) });
    expect(drop('max-drop: 0.2').state).toBe('pass');
    expect(drop('max-drop: 0.1').state).toBe('undecided');
    expect(drop('non-inferior: 0.05').state).toBe('fail');
    expect(drop('non-inferior: 0.03', base).state).toBe('pass');
    expect(one('rules:\n  - dimension: safety\n    max-drop: 0.05\n', worse, base)).toMatchObject({ state: 'fail', about: 'safety' });
    expect(one('rules:\n  - suite: safety/harmful\n    max-drop: 0.05\n', worse)).toMatchObject({
      state: 'undecided',
      because: 'no baseline was given',
    });
  });

  test('a baseline of other weights is taken; another template, system prompt, version or other items are refused by name', () => {
    const run = decisionRun({ 'safety/harmful': rows(240) }, 'b', { identity: { weights: 'b', template: 'x' } });
    const base = (made: Parameters<typeof decisionRun>[2], items = rows(240)) =>
      decisionRun({ 'safety/harmful': items }, 'a', { identity: { weights: 'a', template: 'x' }, ...made });
    expect(baselineMismatch(run, base({}))).toEqual([]);
    expect(baselineMismatch(run, base({ identity: { weights: 'a', template: 'y' } }))).toEqual([
      'identity.template: "y" in the baseline, "x" here',
    ]);
    expect(baselineMismatch(run, base({ identity: { weights: 'a', template: 'y' } }), ['template'])).toEqual([]);
    expect(() => checkBaseline(run, base({ system: 'Be kind.' }), [])).toThrow(/system: "Be kind\." in the baseline, null here/);
    expect(() => checkBaseline(run, base({ version: { 'safety/harmful': '0' } }), [])).toThrow(
      /safety\/harmful version: 0 in the baseline, 1 here/,
    );
    expect(() => checkBaseline(run, base({}, rows(100, 200)), [])).toThrow(/safety\/harmful items/);
  });
});

const counts = (of: (state: RuleVerdict['state']) => number) => ({ pass: of('pass'), fail: of('fail'), undecided: of('undecided') });

describe('every output says the same', () => {
  const validate = new Ajv({ strict: false, formats: { uri: true, 'uri-reference': true } }).compile(
    JSON.parse(readFileSync(join(root, 'test/fixtures/schemas/sarif-2.1.0-subset.schema.json'), 'utf8')),
  );
  test('exit code, JUnit, SARIF, Markdown, annotations, terminal and badge agree for 1,000 random verdicts', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const truth = counts((state) => verdict.rules.filter((r) => r.state === state).length);
        const exit = exitCodeOf(verdict);
        expect(exit).toBe(truth.fail > 0 ? 1 : truth.undecided > 0 ? 4 : 0);

        const xml = junitOf(verdict, '2026-01-01T00:00:00.000Z');
        const tags = (pattern: RegExp) => xml.match(pattern)?.length ?? 0;
        expect({ pass: tags(/<testcase [^<>]*\/>/g), fail: tags(/<failure /g), undecided: tags(/<error /g) }).toEqual(truth);
        expect(xml).toContain(`tests="${verdict.rules.length}" failures="${truth.fail}" errors="${truth.undecided}"`);

        const log = sarifOf(verdict, '0.1.0') as { runs: { tool: { driver: { rules: unknown[] } }; results: { level: string }[] }[] };
        expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
        const levels = (level: string) => log.runs[0]?.results.filter((r) => r.level === level).length ?? 0;
        expect(log.runs[0]?.tool.driver.rules.length).toBe(verdict.rules.length);
        expect([levels('error'), levels('warning'), log.runs[0]?.results.length]).toEqual([
          truth.fail,
          truth.undecided,
          truth.fail + truth.undecided,
        ]);

        const table = verdictMarkdown(verdict)
          .split('\n')
          .filter((line) => /^\| [✓✗○] /.test(line));
        expect(
          counts(
            (state) =>
              table.filter((line) => line.startsWith({ pass: '| ✓ PASS |', fail: '| ✗ FAIL |', undecided: '| ○ UNDECIDED |' }[state]))
                .length,
          ),
        ).toEqual(truth);

        const commands = verdictAnnotations(verdict).split('\n');
        expect(commands.filter((line) => line.startsWith('::error ')).length).toBe(truth.fail);
        expect(commands.filter((line) => line.startsWith('::warning ')).length).toBe(truth.undecided);
        expect(commands.length).toBe(truth.fail + truth.undecided + 1);

        const last = verdictTerminal(verdict).split('\n').at(-1) ?? '';
        expect(last.startsWith({ 0: 'PASS:', 1: 'FAIL:', 4: 'UNDECIDED:' }[exit])).toBe(true);
        expect(badgeOf(verdict).color).toBe({ 0: '0072B2', 1: 'D55E00', 4: 'lightgrey' }[exit]);
      }),
      { numRuns: 1000, seed: 7 },
    );
  });

  test('JUnit keeps to the common schemas: order, names and required attributes', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const xml = junitOf(verdict, '2026-01-01T00:00:00.000Z');
        expect(xml.slice(38)).toMatch(
          /^\n<testsuites>\n {2}<testsuite package="[^"<]*" id="0" name="[^"<]*" tests="\d+" failures="\d+" errors="\d+" skipped="0" time="0" timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" hostname="localhost">\n {4}<properties>\n( {6}<property name="\w+" value="[^"<]*"\/>\n)+ {4}<\/properties>\n( {4}<testcase name="[^"<]*" classname="[^"<]*" time="0"(\/>|>\n {6}<(failure|error) type="\w+" message="[^"<]*"\/>\n {4}<\/testcase>)\n)+ {4}<system-out\/>\n {4}<system-err\/>\n {2}<\/testsuite>\n<\/testsuites>\n$/,
        );
        expect(xml.replace(/&(amp|lt|gt|quot|apos);/g, '')).not.toContain('&');
      }),
      { numRuns: 200, seed: 8 },
    );
  });

  test('a run without a verdict is judged by its own checks', async () => {
    const made = decisionRun({ 'safety/harmful': rows(240) }, 'a', { floor: 'not met' });
    const run = { ...made, samples: async function* () {} };
    expect(verdictOf(run)).toMatchObject({
      state: 'undecided',
      policy: null,
      rules: [{ id: 'safety/harmful measured', state: 'undecided' }],
    });
    for (const report of [junit, sarif, badge]) {
      const [file] = await report.render(run);
      expect(file?.text).toContain('undecided');
    }
  });
});
