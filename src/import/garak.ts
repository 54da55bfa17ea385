import { type Row, UserError } from '../types.ts';
import type { Imported } from './imported.ts';
import { filesAt, isFields, numberOf, readLines, textOf } from './read.ts';

/** garak: report.jsonl. One task a probe, one value a detector: the share of outputs that it found (0.5 and above is a hit, as garak counts). */
export async function importGarak(path: string): Promise<Imported> {
  const file = filesAt(path, /report\.jsonl(?:\.gz)?$/).at(-1);
  if (file === undefined) throw new UserError(`${path}: there is no garak report`, 'name the .report.jsonl that garak wrote');
  const probes = new Map<string, Row[]>();
  let [model, version] = ['unknown', ''];
  for await (const { record } of readLines(file)) {
    if (record.entry_type === 'start_run setup') {
      const names = ['plugins.model_name', 'plugins.target_name', 'plugins.model_type', 'plugins.target_type'];
      model = names.map((name) => textOf(record[name])).find((name) => name !== '') ?? 'unknown';
      version = textOf(record['_config.version']);
    }
    // Status 2: detectors have looked at it.
    if (record.entry_type !== 'attempt' || record.status !== 2) continue;
    const probe = textOf(record.probe_classname, 'unknown');
    const held = probes.get(probe) ?? [];
    probes.set(probe, held);
    const values: Record<string, number | null> = {};
    let answers = 0;
    for (const [detector, scores] of Object.entries(isFields(record.detector_results) ? record.detector_results : {})) {
      const told = (Array.isArray(scores) ? scores : []).map(numberOf).filter((score) => score !== null);
      answers = Math.max(answers, Array.isArray(scores) ? scores.length : 0);
      values[detector] = told.length === 0 ? null : told.filter((score) => score >= 0.5).length / told.length;
    }
    const id = textOf(record.uuid) || `${probe}-${held.length}`;
    held.push({ id, values, outcomes: Array.from({ length: Math.max(1, answers) }, () => 'answered' as const) });
  }
  if (probes.size === 0) throw new UserError(`${file}: holds no finished attempt`, 'let garak finish, then import');
  const tasks = [...probes].map(([name, rows]) => {
    const detectors = [...new Set(rows.flatMap((row) => Object.keys(row.values)))].filter((id) =>
      rows.some((row) => typeof row.values[id] === 'number'),
    );
    return {
      name,
      version: version || '0',
      rows,
      missing: 0,
      metrics: detectors.map((id) => ({ id, better: 'lower' as const, share: true })),
    };
  });
  return { tool: 'garak', model, settings: { version }, tasks };
}
