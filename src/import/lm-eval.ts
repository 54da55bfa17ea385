import { basename } from 'node:path';
import { type Json, type Row, UserError } from '../types.ts';
import type { Imported, ImportedTask } from './imported.ts';
import { type Fields, filesAt, isFields, numberOf, readJson, readLines, textOf } from './read.ts';

/** lm-evaluation-harness: a folder (or results file) with results_*.json and the samples_*.jsonl of `--log_samples`. */
export async function importLmEval(path: string): Promise<Imported> {
  const found = filesAt(path, /results[^/\\]*\.json$/).filter((file) => {
    const value = readJson(file);
    return isFields(value) && isFields(value.results);
  });
  const results = found.at(-1);
  if (results === undefined)
    throw new UserError(`${path}: there is no results_*.json of lm-evaluation-harness`, 'name the folder given to --output_path');
  const head = readJson(results) as Fields;
  const config = isFields(head.config) ? head.config : {};
  const folder = found.length > 0 && path === results ? results.slice(0, -basename(results).length) || '.' : path;
  const stamp = /results_(.+)\.json$/.exec(basename(results))?.[1];
  const samples = filesAt(folder, /samples_[^/\\]+\.jsonl(?:\.gz)?$/).filter((file) => stamp === undefined || file.includes(stamp));
  if (samples.length === 0)
    throw new UserError(`${folder}: there are no samples_*.jsonl beside the results`, 'run lm-evaluation-harness with --log_samples');
  const tasks: ImportedTask[] = [];
  for (const file of samples) tasks.push(await taskOf(file, head, stamp));
  return {
    tool: 'lm-eval',
    model: textOf(head.model_name) || textOf(config.model_args) || textOf(head.model_source) || textOf(config.model, 'unknown'),
    settings: {
      model: textOf(config.model),
      modelArgs: JSON.stringify(config.model_args ?? null) as Json,
      version: textOf(head.lm_eval_version),
    },
    tasks,
  };
}

function taskOfName(file: string, stamp: string | undefined): string {
  const name = basename(file)
    .replace(/^samples_/, '')
    .replace(/\.jsonl(?:\.gz)?$/, '');
  return stamp !== undefined && name.endsWith(`_${stamp}`)
    ? name.slice(0, -stamp.length - 1)
    : name.replace(/_\d{4}-\d\d-\d\dT[\d.-]+$/, '');
}

async function taskOf(file: string, head: Fields, stamp: string | undefined): Promise<ImportedTask> {
  const name = taskOfName(file, stamp);
  const rows = new Map<string, Row>();
  const names = new Set<string>();
  for await (const { where, record } of readLines(file)) {
    const id = record.doc_id;
    if (typeof id !== 'number' && typeof id !== 'string')
      throw new UserError(`${where}: 'doc_id' is missing`, 'expected a line of samples_*.jsonl');
    const filter = textOf(record.filter, 'none');
    const metrics = Array.isArray(record.metrics) ? record.metrics.map(String) : [];
    const values: Record<string, number | null> = {};
    for (const metric of metrics) {
      const key = filter === 'none' ? metric : `${metric},${filter}`;
      names.add(key);
      values[key] = numberOf(record[metric]);
    }
    // A task with several filters logs an item once for each.
    const before = rows.get(String(id));
    rows.set(String(id), { id: String(id), values: { ...before?.values, ...values }, outcomes: before?.outcomes ?? ['answered'] });
  }
  const better = isFields(head.higher_is_better) && isFields(head.higher_is_better[name]) ? head.higher_is_better[name] : {};
  const all = [...rows.values()];
  const counted = isFields(head['n-samples']) && isFields(head['n-samples'][name]) ? numberOf(head['n-samples'][name].effective) : null;
  const versions = isFields(head.versions) ? head.versions : {};
  return {
    name,
    version: String(versions[name] ?? '0'),
    metrics: [...names]
      .filter((id) => all.some((row) => typeof row.values[id] === 'number'))
      .map((id) => ({
        id,
        better: better[id.split(',')[0] ?? ''] === false ? 'lower' : 'higher',
        share: all.every((row) => row.values[id] == null || (Number(row.values[id]) >= 0 && Number(row.values[id]) <= 1)),
      })),
    rows: all,
    missing: Math.max(0, (counted ?? all.length) - all.length),
  };
}
