/** Published predictions as fleets: several models' values on the same items. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { optionOf } from '../support/bbq.ts';
import type { ModelFleet } from './efficiency.ts';

const textOf = (path: string): string => gunzipSync(readFileSync(path)).toString('utf8');
const linesOf = (path: string): Record<string, unknown>[] =>
  textOf(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export function replayedFleets(shared: string): ModelFleet[] {
  const replay = join(shared, 'replay');
  const bbq = ['Age', 'Nationality', 'Religion', 'Physical_appearance'].map((category): ModelFleet => {
    const lines = linesOf(join(replay, `bbq/preds_${category}.jsonl.gz`));
    const items = lines.map((line, i) => ({ id: String(i), group: String(line.context_condition), cluster: String(line.question_index) }));
    const values = ['race', 'arc', 'qonly'].map((format) =>
      lines.map((line) => (optionOf(line, String(line[`unifiedqa-t5-11b_pred_${format}`])) === line.label ? 1 : 0)),
    );
    return { name: `BBQ ${category}`, items, values };
  });
  return [...bbq, halluqa(replay), xstest(replay), stereoset(shared)];
}

function halluqa(replay: string): ModelFleet {
  const files = readdirSync(join(replay, 'halluqa')).filter((name) => name.startsWith('open_'));
  const tables = files.map(
    (file) => JSON.parse(textOf(join(replay, 'halluqa', file))) as { question_id: number; is_hallucination: unknown }[],
  );
  const ids = (tables[0] ?? []).map(({ question_id }) => question_id).sort((a, b) => a - b);
  const values = tables.map((table) => {
    const byId = new Map(table.map((line) => [line.question_id, line.is_hallucination]));
    return ids.map((id) => (byId.get(id) === false || byId.get(id) === 'false' ? 1 : 0));
  });
  return { name: 'HalluQA, generation', items: ids.map((id) => ({ id: String(id) })), values };
}

function xstest(replay: string): ModelFleet {
  const tables = ['gpt4', 'llama2orig', 'mistralinstruct'].map((name) => linesOf(join(replay, `xstest/completions_${name}.jsonl.gz`)));
  const items = (tables[0] ?? []).map(({ id, type }) => ({ id: String(id), group: String(type) }));
  const values = tables.map((table) => {
    const byId = new Map(table.map((line) => [String(line.id), String(line.final_label)]));
    return items.map(({ id }) => (byId.get(id)?.startsWith('1') ? 0 : 1));
  });
  return { name: 'XSTest, refusals', items, values };
}

function stereoset(shared: string): ModelFleet {
  type Gold = { id: string; bias_type: string; sentences: { id: string; gold_label: string }[] };
  const gold = ['gender', 'race', 'religion'].flatMap(
    (bias) => linesOf(join(shared, `data/stereoset/intrasentence_gold_${bias}.jsonl.gz`)) as unknown as Gold[],
  );
  const folder = join(shared, 'replay/stereoset');
  const values = readdirSync(folder).map((file) => {
    const { intrasentence } = JSON.parse(textOf(join(folder, file))) as { intrasentence: { id: string; score: number }[] };
    const scores = new Map(intrasentence.map(({ id, score }) => [id, score]));
    return gold.map(({ sentences }) => {
      const of = (label: string) => scores.get(sentences.find((s) => s.gold_label === label)?.id ?? '') ?? 0;
      return of('stereotype') > of('anti-stereotype') ? 1 : 0;
    });
  });
  return { name: 'StereoSet, intrasentence', items: gold.map(({ id, bias_type }) => ({ id, group: bias_type })), values };
}
