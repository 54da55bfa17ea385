import { type JudgedRun, type RuleVerdict, type Verdict, verdictOf } from '../src/kit/verdict.ts';
import { inOrderOfState, reasonText, verdictSentence } from '../src/kit/verdict-text.ts';
import type { Report } from '../src/types.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
/** Text for XML 1.0: characters that it cannot hold are replaced. */
const xml = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .replace(/[&<>"']/g, (c) => escapes[c] ?? c);

function testcase(rule: RuleVerdict, suite: string): string {
  const open = `    <testcase name="${xml(`${rule.about}: ${rule.asks}`)}" classname="${xml(suite)}" time="0"`;
  if (rule.state === 'pass') return `${open}/>`;
  const tag = rule.state === 'fail' ? 'failure' : 'error';
  return `${open}>\n      <${tag} type="${rule.state}" message="${xml(reasonText(rule))}"/>\n    </testcase>`;
}

/** One test case a rule: failed rules are failures, undecided ones errors, so that no viewer shows either as green. */
export function junitOf(verdict: Verdict, finished: string): string {
  const rules = inOrderOfState(verdict.rules);
  const count = (state: RuleVerdict['state']) => rules.filter((rule) => rule.state === state).length;
  const name = `plumbline ${verdict.policy ?? 'checks'}`;
  const totals = `tests="${rules.length}" failures="${count('fail')}" errors="${count('undecided')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    // Attributes as both common schemas take them: the JUnit XSD of the Apache Ant task and Jenkins' junit-10.xsd.
    '<testsuites>',
    `  <testsuite package="plumbline" id="0" name="${xml(name)}" ${totals} skipped="0" time="0" timestamp="${finished.slice(0, 19)}" hostname="localhost">`,
    '    <properties>',
    `      <property name="model" value="${xml(`${verdict.model.name} ${verdict.model.hash}`)}"/>`,
    `      <property name="verdict" value="${xml(verdictSentence(verdict))}"/>`,
    '    </properties>',
    ...rules.map((rule) => testcase(rule, name)),
    '    <system-out/>',
    '    <system-err/>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

export default {
  id: 'junit',
  title: 'A gate’s verdict (or the run’s own checks) as JUnit XML',
  makes: 'junit.xml',
  render: async (run: JudgedRun) => [{ path: 'junit.xml', text: junitOf(verdictOf(run), run.manifest.finished ?? run.manifest.created) }],
} satisfies Report;
