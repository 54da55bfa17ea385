/** What the Hugging Face Hub shows of a model: `.eval_results` YAML, one file a suite, and the model-index block of a model card. */
import type { Estimate, Report, ReportFile, Result, Run } from '../src/types.ts';

/** JSON strings are YAML strings. */
const quoted = (text: string): string => JSON.stringify(text);
const headline = (result: Result): Estimate | undefined =>
  result.estimates.find((estimate) => estimate.group === undefined && estimate.value !== null);

function evalResult({ manifest }: Run, result: Result, estimate: Estimate): string {
  return `${[
    '- dataset:',
    `    id: ${quoted(`plumbline/${result.suite.id}`)}`,
    `    task_id: ${quoted(estimate.metric)}`,
    `    revision: ${quoted(result.suite.version)}`,
    `  value: ${estimate.value}`,
    `  date: ${quoted(manifest.created.slice(0, 10))}`,
    '  source:',
    `    name: ${quoted(`Plumbline ${manifest.plumbline}`)}`,
    `  notes: ${quoted(`${estimate.title}, ${estimate.unit}; 95 % interval ${estimate.interval ? `${estimate.interval.low} to ${estimate.interval.high}` : 'not known'}; control ${result.floor.state}`)}`,
  ].join('\n')}\n`;
}

function modelIndex(run: Run): string {
  const lines = ['---', 'model-index:', `- name: ${quoted(run.manifest.model.name)}`, '  results:'];
  for (const result of run.results) {
    // A score without the ability behind it is none.
    const estimate = result.floor.state === 'not met' || result.invalid !== null ? undefined : headline(result);
    if (!estimate) continue;
    lines.push(
      '  - task:',
      '      type: text-generation',
      '    dataset:',
      `      name: ${quoted(result.suite.title)}`,
      `      type: ${quoted(result.suite.id)}`,
      '    metrics:',
      `    - type: ${quoted(estimate.metric)}`,
      `      name: ${quoted(estimate.title)}`,
      `      value: ${estimate.value}`,
    );
  }
  return `${[...lines, '---'].join('\n')}\n`;
}

function files(run: Run): ReportFile[] {
  const shown = run.results.flatMap((result) => {
    const estimate = result.floor.state === 'not met' || result.invalid !== null ? undefined : headline(result);
    return estimate
      ? [{ path: `hf/.eval_results/${result.suite.id.replace('/', '-')}.yaml`, text: evalResult(run, result, estimate) }]
      : [];
  });
  return [...shown, { path: 'hf/README-model-index.md', text: modelIndex(run) }];
}

export default {
  id: 'hf',
  title: 'Hugging Face .eval_results and model-card block',
  makes: 'hf/',
  render: async (run) => files(run),
} satisfies Report;
