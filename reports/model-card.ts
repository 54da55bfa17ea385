/** A block for a model's card on the Hugging Face hub: `model-index` front matter and a section of Markdown. */

import { markdownCell as cell, markdownText as plain } from '../src/kit/markdown.ts';
import { visible } from '../src/kit/page.ts';
import { runView } from '../src/kit/page-run.ts';
import { stateOf } from '../src/kit/page-suite.ts';
import { resultIdOf } from '../src/kit/result.ts';
import { dayOf, words } from '../src/kit/words.ts';
import type { Report, ReportOptions, Result, Run } from '../src/types.ts';

/** A JSON string is a YAML double-quoted scalar (YAML 1.2, section 1.3). */
const yaml = (text: string) => JSON.stringify(visible(text).replace(/\n/g, ' '));

function entry(result: Result): string[] {
  const head = result.estimates[0];
  if (stateOf(result) !== 'able' || !head || head.value === null) return [];
  const range = head.interval
    ? ` (95 % interval ${head.interval.low.toFixed(4)} to ${head.interval.high.toFixed(4)}, ${head.interval.method})`
    : '';
  return [
    '  - task:',
    '      type: text-generation',
    '    dataset:',
    `      name: ${yaml(`Plumbline ${result.suite.title}`)}`,
    `      type: ${yaml(`plumbline/${resultIdOf(result)}`)}`,
    `      revision: ${yaml(`${result.suite.version} ${result.suite.items.slice(0, 16)}`)}`,
    '    metrics:',
    `    - name: ${yaml(`${head.title} (${head.unit}, ${head.better} is better)${range}`)}`,
    `      type: ${yaml(head.metric)}`,
    `      value: ${Number(head.value.toPrecision(6))}`,
    '      verified: false',
  ];
}

function frontMatter({ manifest, results }: Run): string[] {
  const entries = results.flatMap(entry);
  if (entries.length === 0) return [];
  return ['---', 'model-index:', `- name: ${yaml(manifest.model.name)}`, '  results:', ...entries, '---', ''];
}

export function modelCardOf(run: Run, options: ReportOptions): string {
  const w = words(options.lang);
  const view = runView(run, w);
  const table = view.dims.map(
    (d) => `| ${[d.word, d.able ? d.grade : d.state, d.interval, d.ableText, d.sentence].map(cell).join(' | ')} |`,
  );
  return [
    ...frontMatter(run),
    `## ${w.trustProfile}`,
    '',
    `${plain(view.summary.join(' · '))} · ${plain(`${w.preset} ${run.manifest.options.preset}, ${dayOf(run.manifest.created)}, plumbline ${run.manifest.plumbline}`)}`,
    '',
    ...view.banners.flatMap((b) => [`> **${plain(b.title)}** ${plain(b.text)}`, '']),
    `| ${[w.dimension, w.grade, w.interval, w.able, w.weakest].join(' | ')} |`,
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
    plain(w.legendText),
    '',
    `${w.repeat}:`,
    '',
    `    ${plain(view.command, true)}`,
    '',
  ].join('\n');
}

export default {
  id: 'model-card',
  title: 'Block for a Hugging Face model card',
  makes: 'model-card.md',
  render: async (run, options) => [{ path: 'model-card.md', text: modelCardOf(run, options) }],
} satisfies Report;
