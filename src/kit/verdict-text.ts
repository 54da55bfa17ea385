/** A verdict for a terminal, as Markdown, and as GitHub workflow commands. Pure. */
import type { RuleVerdict, Verdict, VerdictState } from './verdict.ts';

const words: Readonly<Record<VerdictState, string>> = { pass: 'PASS', fail: 'FAIL', undecided: 'UNDECIDED' };
const marks: Readonly<Record<VerdictState, string>> = { pass: '✓', fail: '✗', undecided: '○' };

export const needsText = ({ needs, n }: Pick<RuleVerdict, 'needs' | 'n'>): string =>
  needs === null ? '' : `about ${needs.toLocaleString('en-US')} items would decide (${n.toLocaleString('en-US')} now)`;

/** `FAIL: 1 of 9 rules failed, 2 undecided`. */
export function verdictSentence({ state, rules }: Verdict): string {
  const count = (of: VerdictState) => rules.filter((rule) => rule.state === of).length;
  const parts = [
    count('fail') > 0 ? `${count('fail')} of ${rules.length} rules failed` : '',
    count('undecided') > 0 ? `${count('undecided')} of ${rules.length} undecided` : '',
  ].filter((part) => part !== '');
  return `${words[state]}: ${parts.length === 0 ? `all ${rules.length} rules hold` : parts.join(', ')}`;
}

/** Why, with what would decide. */
export function reasonText(rule: RuleVerdict): string {
  const needs = needsText(rule);
  return needs === '' ? rule.because : `${rule.because}; ${needs}`;
}

const order: readonly VerdictState[] = ['fail', 'undecided', 'pass'];
/** Failed rules first. */
export const inOrderOfState = (rules: readonly RuleVerdict[]): RuleVerdict[] =>
  [...rules].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));

export function verdictTerminal(verdict: Verdict, options: { readonly colour: boolean } = { colour: false }): string {
  const codes: Readonly<Record<VerdictState, string>> = { pass: '32', fail: '31', undecided: '33' };
  const paint = (state: VerdictState, text: string) => (options.colour ? `\u001b[${codes[state]}m${text}\u001b[0m` : text);
  const lines = inOrderOfState(verdict.rules).flatMap((rule) => [
    `${paint(rule.state, `${marks[rule.state]} ${words[rule.state].padEnd(9)}`)} ${rule.about}: ${rule.asks}`,
    `            ${reasonText(rule)}`,
  ]);
  const against = verdict.baseline ? ` against ${verdict.baseline.name}` : '';
  return [`${verdict.model.name}${against}`, ...lines, paint(verdict.state, verdictSentence(verdict))].join('\n');
}

const cell = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replace(/\s*\n\s*/g, ' ');

/** For `$GITHUB_STEP_SUMMARY` and pull requests; the first line is a marker by which a comment is found again. */
export function verdictMarkdown(verdict: Verdict): string {
  const against = verdict.baseline ? ` against ${cell(verdict.baseline.name)} \`${verdict.baseline.hash.slice(0, 12)}\`` : '';
  const lines = inOrderOfState(verdict.rules).map(
    (rule) => `| ${marks[rule.state]} ${words[rule.state]} | ${cell(rule.about)} | ${cell(rule.asks)} | ${cell(reasonText(rule))} |`,
  );
  return [
    '<!-- plumbline-gate -->',
    `## Plumbline: ${verdictSentence(verdict)}`,
    '',
    `${cell(verdict.model.name)} \`${verdict.model.hash.slice(0, 12)}\`${against}`,
    '',
    '| | what | asked | found |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** `::error …` for each failed rule, `::warning …` for each undecided one; '' when all hold. */
export function verdictAnnotations(verdict: Verdict): string {
  return inOrderOfState(verdict.rules)
    .filter(({ state }) => state !== 'pass')
    .map((rule) => {
      const file =
        verdict.policy === null ? '' : `file=${escapeProperty(verdict.policy)},${rule.line === null ? '' : `line=${rule.line},`}`;
      const title = escapeProperty(`${words[rule.state]} ${rule.about}: ${rule.asks}`);
      return `::${rule.state === 'fail' ? 'error' : 'warning'} ${file}title=${title}::${escapeData(reasonText(rule))}\n`;
    })
    .join('');
}
