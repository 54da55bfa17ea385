/** A summary in Markdown for pull requests, step summaries and wikis. */
import { markdownCell as cell, markdownText as plain } from '../src/kit/markdown.ts';
import { runView } from '../src/kit/page-run.ts';
import { words } from '../src/kit/words.ts';
import type { Report, ReportOptions, Run } from '../src/types.ts';

/** A table: every cell is made plain text. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(' | ')} |`);

export function markdownOf(run: Run, options: ReportOptions): string {
  const w = words(options.lang);
  const view = runView(run, w);
  const lines = [
    `## ${plain(view.model)}`,
    '',
    plain([...view.line, view.hash.slice(0, 12)].join(' · ')),
    '',
    plain(view.summary.join(' · ')),
    '',
  ];
  for (const banner of view.banners)
    lines.push(`> **${plain(banner.title)}** ${plain(banner.text)}`, ...banner.links.map((l) => `> - ${plain(`${l.text}: ${l.why}`)}`), '');
  const grade = (able: boolean, text: string, word: string) => (able ? text : word);
  lines.push(
    ...table(
      [w.dimension, w.grade, w.interval, w.able, ''],
      view.dims.map((d) => [d.word, grade(d.able, d.grade, w.notAble), d.interval, d.ableText, d.sentence]),
    ),
    '',
    `<details><summary>${w.sub}</summary>`,
    '',
    ...table(
      [w.dimension, w.sub, w.grade, w.interval, w.n, ''],
      view.dims.flatMap((d) =>
        d.suites.map((s) => [d.word, `${s.title}${s.lang ? ` (${s.lang})` : ''}`, s.stateWord || s.grade, s.interval, s.n, s.says]),
      ),
    ),
    '',
    '</details>',
    '',
    `${w.outcomes}: ${plain(view.outcomesSay || w.none)}`,
    '',
    `${w.repeat}:`,
    '',
    ...plain(view.command, true)
      .split('\n')
      .map((line) => `    ${line}`),
    '',
  );
  return lines.join('\n');
}

export default {
  id: 'markdown',
  title: 'Summary in Markdown',
  makes: 'report.md',
  render: async (run, options) => [{ path: 'report.md', text: markdownOf(run, options) }],
} satisfies Report;
