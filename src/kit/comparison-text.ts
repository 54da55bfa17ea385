/** A comparison as Markdown and for a terminal. Pure. */
import type { ComparedRun, Comparison, Conclusion, Costs, Difference, PairComparison, SuiteDifference } from './comparison.ts';

const order: readonly Conclusion[] = ['worse', 'better', 'undecided', 'not worse', 'not able'];
const mark: Readonly<Record<Conclusion, string>> = { worse: '▼', better: '▲', undecided: '○', 'not worse': '=', 'not able': '░' };

/** `−.14`, `+.02`: two decimals with their sign. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2).replace(/^0/, '');
  return `${value < -0.005 ? '−' : value > 0.005 ? '+' : '±'}${text}`;
}

/** `−.14 (−.19…−.09)`. */
export function differenceText(difference: Difference | null): string {
  if (!difference) return '–';
  const { value, low, high } = difference;
  return low === null || high === null ? signed(value) : `${signed(value)} (${signed(low)}…${signed(high)})`;
}

/** Worst first, then what could not be told. */
export function inOrder(suites: readonly SuiteDifference[]): SuiteDifference[] {
  return [...suites].sort(
    (a, b) => order.indexOf(a.conclusion) - order.indexOf(b.conclusion) || (a.difference?.value ?? 0) - (b.difference?.value ?? 0),
  );
}

const conclusionText = (suite: SuiteDifference, margin: number): string =>
  ({
    worse: 'worse',
    better: 'better',
    undecided: `undecided${suite.detectable === null ? '' : ` (shows losses from ${suite.detectable.toFixed(2)})`}`,
    'not worse': `no worse than ${margin}`,
    'not able': suite.before.able ? 'no longer able' : `not able${suite.after.able ? ' before' : ''}`,
  })[suite.conclusion];

const flipsText = ({ flips }: SuiteDifference): string =>
  flips.worse.length + flips.better.length === 0 ? '' : `${flips.worse.length} to the worse, ${flips.better.length} back`;

const megabytes = (bytes: number | null): string => (bytes === null ? '–' : `${Math.round(bytes / 1e6)} MB`);
const rate = (value: number | null): string => (value === null ? '–' : `${Math.round(value)}`);

/** Lines of cost, one per run: what was gained for the change. */
function costLines(runs: readonly ComparedRun[]): string[][] {
  const has = (key: keyof Costs) => runs.some(({ cost }) => cost[key] !== null);
  const columns: [keyof Costs, string, (cost: Costs) => string][] = [
    ['fileBytes', 'file', (c) => megabytes(c.fileBytes)],
    ['peakBytes', 'peak memory', (c) => megabytes(c.peakBytes)],
    ['loadMs', 'load', (c) => (c.loadMs === null ? '–' : `${(c.loadMs / 1000).toFixed(1)} s`)],
    ['firstTokenMs', 'first token', (c) => (c.firstTokenMs === null ? '–' : `${Math.round(c.firstTokenMs)} ms`)],
    ['tokensInPerSecond', 'tokens/s in', (c) => rate(c.tokensInPerSecond)],
    ['tokensOutPerSecond', 'tokens/s out', (c) => rate(c.tokensOutPerSecond)],
  ];
  const used = columns.filter(([key]) => has(key));
  if (used.length === 0) return [];
  return [['', ...used.map(([, title]) => title)], ...runs.map(({ letter, cost }) => [letter, ...used.map(([, , show]) => show(cost))])];
}

const table = (lines: readonly (readonly string[])[]): string => {
  const [head = [], ...rest] = lines;
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rest.map(row)].join('\n');
};

export function comparisonMarkdown(comparison: Comparison): string {
  const { runs, pairs, margin } = comparison;
  const parts = [
    `# Comparison`,
    runs.map((run) => `- **${run.letter}** ${run.name} \`${run.hash.slice(0, 12)}\` (${run.protocol})`).join('\n'),
  ];
  const costs = costLines(runs);
  if (costs.length > 0) parts.push(table(costs));
  for (const pair of pairs) parts.push(...pairMarkdown(pair, margin));
  parts.push(
    `_Grades run from 0 (worst) to 1 (most trustworthy). Differences are of the same items; intervals are 95 %; "worse" and "better" hold after Holm's correction over the sub-dimensions of a pair._`,
  );
  return `${parts.join('\n\n')}\n`;
}

function pairMarkdown(pair: PairComparison, margin: number): string[] {
  const head = ['', 'sub-dimension', 'A', pair.after, 'difference of grade', 'p (Holm)', 'flips', 'verdict'];
  const grade = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  const lines = inOrder(pair.suites).map((suite) => [
    mark[suite.conclusion],
    `${suite.dimension} / ${suite.title}${suite.lang === 'en' ? '' : ` (${suite.lang})`}`,
    grade(suite.before.grade),
    grade(suite.after.grade),
    differenceText(suite.difference),
    suite.adjusted === null ? '–' : suite.adjusted < 0.001 ? '< .001' : suite.adjusted.toFixed(3).replace(/^0/, ''),
    flipsText(suite),
    conclusionText(suite, margin),
  ]);
  const parts = [`## A against ${pair.after}`, pair.summary];
  if (pair.warnings.length > 0) parts.push(pair.warnings.map((line) => `> ${line}`).join('\n>\n'));
  parts.push(table([head, ...lines]), besideMarkdown(pair));
  const flipped = pair.suites.filter(({ flips, sensitive }) => !sensitive && flips.worse.length + flips.better.length > 0);
  if (flipped.length > 0) parts.push(`### Items that changed sides`, flipped.map(flipLines).join('\n'));
  if (pair.differs.length > 0) parts.push(`### What differs`, pair.differs.map((line) => `- \`${line}\``).join('\n'));
  if (pair.left.length > 0) parts.push(`### Not compared`, pair.left.map(({ id, why }) => `- ${id}: ${why}`).join('\n'));
  return parts;
}

function flipLines({ id, flips }: SuiteDifference): string {
  const list = (items: readonly { readonly item: string }[]) => {
    const more = items.length > 10 ? ` and ${items.length - 10} more` : '';
    return `${items
      .slice(0, 10)
      .map(({ item }) => `\`${item}\``)
      .join(', ')}${more}`;
  };
  const sides = [flips.worse.length > 0 ? `worse ${list(flips.worse)}` : '', flips.better.length > 0 ? `better ${list(flips.better)}` : ''];
  return `- ${id}: ${sides.filter((side) => side !== '').join('; ')}`;
}

/** Quality and drift beside trust. */
function besideLines(pair: PairComparison): string[] {
  const lines: string[] = [];
  const { knowledge, controls } = pair.quality;
  if (knowledge) lines.push(`Quality (knowledge) ${differenceText(knowledge)}`);
  if (controls) lines.push(`Controls (what it can do at all) ${differenceText(controls)}`);
  const worse = pair.counts.worse > 0;
  const held = [knowledge, controls].some((d) => d && (d.low ?? -1) > -0.03);
  if (worse && held) lines.push('Quality did not warn: trust fell where quality held.');
  const { drift } = pair;
  if (drift)
    lines.push(
      `Next-token distributions on a fixed text: KL ${drift.kl.toFixed(3)} nats (${drift.klLow.toFixed(3)}–${drift.klHigh.toFixed(3)}), same first choice ${(100 * drift.agreement).toFixed(1)} % of ${drift.positions}`,
    );
  return lines;
}

const besideMarkdown = (pair: PairComparison): string =>
  besideLines(pair)
    .map((line) => `- ${line}`)
    .join('\n');

/** For a terminal of `width` columns. */
export function comparisonTerminal(comparison: Comparison, width = 80): string {
  const { runs, pairs, margin } = comparison;
  const lines = [`Compare  ${runs.map(({ letter, name }) => `${letter} ${name}`).join('   ')}`];
  for (const pair of pairs) {
    const n = pair.suites.reduce((sum, suite) => sum + suite.n, 0);
    lines.push('', `A against ${pair.after}: same ${n} items · Holm over ${pair.suites.length} · margin ${margin}`);
    for (const warning of pair.warnings) lines.push(`! ${warning}`);
    const room = Math.max(18, width - 50);
    for (const suite of inOrder(pair.suites)) {
      const name = suite.id.length > room ? `${suite.id.slice(0, room - 1)}…` : suite.id.padEnd(room);
      const flips = flipsText(suite);
      lines.push(
        `${mark[suite.conclusion]} ${name} ${differenceText(suite.difference).padEnd(20)} ${conclusionText(suite, margin)}${suite.conclusion === 'worse' && flips ? `; ${flips}` : ''}`,
      );
    }
    for (const line of besideLines(pair)) lines.push(line);
    for (const { id, why } of pair.left) lines.push(`not compared: ${id} (${why})`);
    lines.push(pair.summary);
  }
  const costs = costLines(runs);
  if (costs.length > 0) lines.push('', ...aligned(costs));
  return lines.join('\n');
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines.map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '));
}
