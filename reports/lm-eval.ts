/** The run as lm-evaluation-harness would have logged it: results_*.json and samples_*.jsonl, one value a metric. */
import type { Json, Report, ReportFile, Result, Run } from '../src/types.ts';

const stampOf = (created: string): string => created.replace(/Z$/, '').replace(/:/g, '-');
/** An imported task keeps the name it had. */
const taskOf = (id: string): string => (id.split('/').at(-1) ?? id).replace(/^(?:lm-eval|inspect|garak|helm)-/, '');
const own = (result: Result) => result.estimates.filter((estimate) => estimate.group === undefined);

function resultsOf({ manifest, results }: Run): Json {
  const by = <T extends Json>(value: (result: Result) => T): Record<string, T> =>
    Object.fromEntries(results.map((result) => [taskOf(result.suite.id), value(result)]));
  return {
    results: by((result) => ({
      alias: taskOf(result.suite.id),
      ...Object.fromEntries(
        own(result).flatMap(({ metric, value, interval }) => [
          [`${metric},none`, value],
          // A 95 % interval of a normal mean is 1.96 standard errors to either side.
          [`${metric}_stderr,none`, interval ? (interval.high - interval.low) / (2 * 1.959964) : 'N/A'],
        ]),
      ),
    })),
    configs: by((result) => ({ task: taskOf(result.suite.id), metadata: { plumbline: result.suite.id, source: result.suite.source } })),
    versions: by((result) => result.suite.version),
    higher_is_better: by((result) => Object.fromEntries(own(result).map(({ metric, better }) => [metric, better === 'higher']))),
    'n-shot': by(() => 0),
    'n-samples': by((result) => ({ original: result.items + result.missing, effective: result.items + result.missing })),
    config: { model: 'plumbline', model_args: manifest.model.argument },
    model_name: manifest.model.name,
    lm_eval_version: `plumbline ${manifest.plumbline}`,
  };
}

async function* render(run: Run): AsyncGenerator<ReportFile> {
  const stamp = stampOf(run.manifest.created);
  yield { path: `lm-eval/results_${stamp}.json`, text: `${JSON.stringify(resultsOf(run), null, 2)}\n` };
  for (const result of run.results) {
    const metrics = own(result).map(({ metric }) => metric);
    const lines: string[] = [];
    for await (const { row, rounds } of run.samples(result.suite.id)) {
      // A metric may be named otherwise than the value it is the mean of: what was observed is what a sample has.
      const held = [...new Set([...metrics, ...Object.keys(row.values)])].filter((name) => row.values[name] !== undefined);
      const resps = rounds.flatMap(({ responses }) => responses.map((response) => (response?.ok ? response.text : null)));
      const values = Object.fromEntries(held.map((metric) => [metric, row.values[metric] ?? null]));
      lines.push(JSON.stringify({ doc_id: row.id, doc: { id: row.id }, target: null, resps, filter: 'none', metrics: held, ...values }));
    }
    yield { path: `lm-eval/samples_${taskOf(result.suite.id)}_${stamp}.jsonl`, text: lines.map((line) => `${line}\n`).join('') };
  }
}

export default {
  id: 'lm-eval',
  title: 'results and samples in the form of lm-evaluation-harness',
  makes: 'lm-eval/',
  render,
} satisfies Report;
