import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Row, UserError } from '../types.ts';
import type { Imported, ImportedTask } from './imported.ts';
import { type Fields, filesAt, isFields, numberOf, readJson, textOf } from './read.ts';

/** Bookkeeping of HELM, no scores. */
const bookkeeping =
  /^(?:num_|finish_reason|inference_|training_|max_prob|logprob|perplexity|bits_per|batch_size|estimated_|prompt_truncated|runtime|cost)/;
const lower = /toxic|bias|error|violation|refus|ece|attack|stereotyp|disinformation/;

/** HELM: a run folder (run_spec.json beside per_instance_stats.json), or a folder of them of one model. */
export async function importHelm(path: string): Promise<Imported> {
  const files = filesAt(path, /per_instance_stats\.json$/);
  if (files.length === 0)
    throw new UserError(`${path}: there is no per_instance_stats.json`, 'name a run folder of HELM (benchmark_output/runs/<suite>/<run>)');
  const runs = files.map((file) => runOf(file));
  const models = new Set(runs.map(({ model }) => model));
  if (models.size > 1)
    throw new UserError(`${path}: holds runs of ${models.size} models (${[...models].join(', ')})`, 'import one model at a time');
  return { tool: 'helm', model: runs[0]?.model ?? 'unknown', settings: {}, tasks: runs.map(({ task }) => task) };
}

function runOf(file: string): { readonly model: string; readonly task: ImportedTask } {
  const specFile = join(dirname(file), 'run_spec.json');
  if (!existsSync(specFile)) throw new UserError(`${specFile} is missing`, 'a run folder of HELM holds it beside per_instance_stats.json');
  const read = readJson(specFile);
  const spec: Fields = isFields(read) ? read : {};
  const adapter = isFields(spec.adapter_spec) ? spec.adapter_spec : {};
  const entries = readJson(file);
  if (!Array.isArray(entries)) throw new UserError(`${file}: expected a JSON array`);
  const rows = new Map<string, Row>();
  for (const [i, entry] of entries.entries()) {
    if (!isFields(entry) || typeof entry.instance_id !== 'string')
      throw new UserError(`${file}, record ${i + 1}: 'instance_id' is missing`);
    const perturbation = isFields(entry.perturbation) ? textOf(entry.perturbation.name) : '';
    const trial = numberOf(entry.train_trial_index) ?? 0;
    const id = [entry.instance_id, ...(perturbation ? [perturbation] : []), ...(trial > 0 ? [`trial${trial}`] : [])].join('/');
    const values: Record<string, number | null> = { ...rows.get(id)?.values };
    for (const stat of Array.isArray(entry.stats) ? entry.stats : []) {
      if (!isFields(stat) || !isFields(stat.name)) continue;
      const name = textOf(stat.name.name);
      const count = numberOf(stat.count) ?? 0;
      const mean = numberOf(stat.mean) ?? (count > 0 && numberOf(stat.sum) !== null ? Number(stat.sum) / count : null);
      if (name !== '' && !bookkeeping.test(name)) values[name] = mean;
    }
    rows.set(id, { id, cluster: entry.instance_id, ...(perturbation ? { group: perturbation } : {}), values, outcomes: ['answered'] });
  }
  const all = [...rows.values()];
  const names = [...new Set(all.flatMap((row) => Object.keys(row.values)))].filter((id) =>
    all.some((row) => typeof row.values[id] === 'number'),
  );
  const order = ['exact_match', 'quasi_exact_match', 'f1_score'];
  names.sort((a, b) => (order.indexOf(a) + 1 || 9) - (order.indexOf(b) + 1 || 9));
  return {
    model: textOf(adapter.model, 'unknown'),
    task: {
      name: textOf(spec.name, 'run')
        .replace(/,?model=[^,]*/, '')
        .replace(/:$/, ''),
      version: '0',
      rows: all,
      missing: 0,
      metrics: names.map((id) => ({
        id,
        better: lower.test(id) ? 'lower' : 'higher',
        share: all.every((row) => row.values[id] == null || (Number(row.values[id]) >= 0 && Number(row.values[id]) <= 1)),
      })),
    },
  };
}
