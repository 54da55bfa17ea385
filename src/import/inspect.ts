import type { Outcome, Row } from '../types.ts';
import { UserError } from '../types.ts';
import type { Imported, ImportedTask } from './imported.ts';
import { type Fields, filesAt, isFields, numberOf, parsed, readJson, textOf } from './read.ts';
import { unzipped } from './unzip.ts';

/** inspect_ai: .eval archives or JSON logs, one or a folder of them (of one model). */
export async function importInspect(path: string): Promise<Imported> {
  const files = filesAt(path, /\.(?:eval|json)$/);
  const logs = files.map(logOf).filter((log) => log !== null);
  const [first] = logs;
  if (!first)
    throw new UserError(`${path}: there is no log of inspect_ai`, 'expected .eval files or JSON logs (inspect log convert --to json)');
  const models = new Set(logs.map((log) => log.model));
  if (models.size > 1)
    throw new UserError(`${path}: holds logs of ${models.size} models (${[...models].join(', ')})`, 'import one model at a time');
  const trouble = logs.find((log) => log.trouble !== null)?.trouble;
  return {
    tool: 'inspect',
    model: first.model,
    settings: { args: JSON.stringify(first.args) },
    tasks: logs.map(({ task }) => task),
    ...(trouble && { trouble }),
  };
}

interface Log {
  readonly model: string;
  readonly args: unknown;
  readonly task: ImportedTask;
  readonly trouble: string | null;
}

function logOf(file: string): Log | null {
  if (file.endsWith('.eval')) {
    const parts = unzipped(file, (name) => name === 'header.json' || /^samples\/.*\.json$/.test(name));
    const header = parts.find(({ name }) => name === 'header.json');
    if (!header) throw new UserError(`${file}: there is no header.json in it: the evaluation did not finish`, 'import a finished log');
    const samples = parts.filter(({ name }) => name !== 'header.json').map(({ name, text }) => parsed(text, `${file}, ${name}`));
    return read(parsed(header.text, `${file}, header.json`), samples, file);
  }
  const whole = readJson(file);
  return isFields(whole) && isFields(whole.eval) ? read(whole, Array.isArray(whole.samples) ? whole.samples : [], file) : null;
}

function read(header: unknown, samples: readonly unknown[], file: string): Log {
  const spec = isFields(header) && isFields(header.eval) ? header.eval : null;
  if (!isFields(header) || !spec) throw new UserError(`${file}: 'eval' is missing`, 'expected a log of inspect_ai');
  const rows = samples.map((sample, i) => {
    if (!isFields(sample)) throw new UserError(`${file}, sample ${i + 1}: expected a JSON object`);
    return rowOf(sample);
  });
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].filter((id) =>
    rows.some((row) => typeof row.values[id] === 'number'),
  );
  const results = isFields(header.results) ? header.results : {};
  const total = numberOf(results.total_samples);
  const status = textOf(header.status, 'success');
  const error = isFields(header.error) ? textOf(header.error.message) : '';
  return {
    model: textOf(spec.model, 'unknown'),
    args: spec.model_args ?? {},
    trouble: status === 'success' ? null : `${file}: the evaluation ended as '${status}'${error ? `: ${error.slice(0, 200)}` : ''}`,
    task: {
      name: textOf(spec.task, 'task').split('/').at(-1) ?? 'task',
      version: String(spec.task_version ?? 0),
      metrics: names.map((id) => ({
        id,
        better: 'higher',
        share: rows.every((row) => row.values[id] == null || (Number(row.values[id]) >= 0 && Number(row.values[id]) <= 1)),
      })),
      rows: rows.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true })),
      missing: Math.max(0, (total ?? rows.length) - rows.length),
    },
  };
}

const letters: Readonly<Record<string, number>> = { C: 1, P: 0.5, I: 0 };

function valuesOf(scores: unknown): Record<string, number | null> {
  const out: Record<string, number | null> = {};
  for (const [scorer, score] of Object.entries(isFields(scores) ? scores : {})) {
    const value = isFields(score) ? score.value : score;
    if (isFields(value)) for (const [key, part] of Object.entries(value)) out[`${scorer}_${key}`] = scalarOf(part);
    else if (Array.isArray(value)) for (const [i, part] of value.entries()) out[`${scorer}_${i}`] = scalarOf(part);
    else out[scorer] = scalarOf(value);
  }
  return out;
}

const scalarOf = (value: unknown): number | null =>
  typeof value === 'string' ? (letters[value] ?? numberOf(Number(value))) : numberOf(value);

function rowOf(sample: Fields): Row {
  const epoch = numberOf(sample.epoch) ?? 1;
  const id = String(sample.id ?? '');
  const output = isFields(sample.output) ? sample.output : {};
  const first = Array.isArray(output.choices) && isFields(output.choices[0]) ? output.choices[0] : {};
  const text = textOf(output.completion) || textOf(isFields(first.message) ? first.message.content : '');
  const stopped = textOf(first.stop_reason, 'stop');
  const outcome: Outcome = sample.error ? 'error' : text.trim() === '' ? 'empty' : stopped === 'max_tokens' ? 'truncated' : 'answered';
  const values = valuesOf(sample.scores);
  const base = { id: epoch > 1 ? `${id}#${epoch}` : id, cluster: id, values, outcomes: [outcome] };
  return sample.error ? { ...base, skip: 'the sample ended in an error' } : base;
}
