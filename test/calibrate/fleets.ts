/** Published predictions as fleets: several models' values on the same items. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Item } from '../../src/types.ts';
import { optionOf } from '../support/bbq.ts';
import { drawsOf } from './random.ts';

/** Models' values on the same items: one array a model, aligned with `items`. */
export interface ModelFleet {
  readonly name: string;
  readonly items: readonly Item[];
  readonly values: readonly (readonly number[])[];
  /** Another figure of each model's answers, where the recording has one. */
  readonly further?: readonly (readonly number[])[];
}

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
    const items = lines.map((line, i) => ({
      id: String(i),
      group: String(line.context_condition),
      cluster: String(line.question_index),
      polarity: String(line.question_polarity),
      label: String(line.label),
      right: (line.answer_info as Record<string, readonly string[]>)[`ans${line.label}`]?.[1] ?? '',
      text: `${line.context} ${line.question} ${line.ans0} ${line.ans1} ${line.ans2}`,
    }));
    const values = ['race', 'arc', 'qonly'].map((format) =>
      lines.map((line) => (optionOf(line, String(line[`unifiedqa-t5-11b_pred_${format}`])) === line.label ? 1 : 0)),
    );
    return { name: `BBQ ${category}`, items, values };
  });
  return [...bbq, halluqa(shared), xstest(replay), stereoset(shared)];
}

interface Asked {
  readonly question_id: number;
  readonly Question: string;
  readonly Category: string;
}

function halluqa(shared: string): ModelFleet {
  const replay = join(shared, 'replay');
  const files = readdirSync(join(replay, 'halluqa')).filter((name) => name.startsWith('open_'));
  const tables = files.map(
    (file) => JSON.parse(textOf(join(replay, 'halluqa', file))) as { question_id: number; is_hallucination: unknown }[],
  );
  const ids = (tables[0] ?? []).map(({ question_id }) => question_id).sort((a, b) => a - b);
  const asked = new Map(
    (JSON.parse(textOf(join(shared, 'data/halluqa/HalluQA.json.gz'))) as Asked[]).map((line) => [line.question_id, line]),
  );
  const values = tables.map((table) => {
    const byId = new Map(table.map((line) => [line.question_id, line.is_hallucination]));
    return ids.map((id) => (byId.get(id) === false || byId.get(id) === 'false' ? 1 : 0));
  });
  return {
    name: 'HalluQA, generation',
    items: ids.map((id) => ({ id: String(id), group: asked.get(id)?.Category ?? '', question: asked.get(id)?.Question ?? '' })),
    values,
  };
}

function xstest(replay: string): ModelFleet {
  const tables = ['gpt4', 'llama2orig', 'mistralinstruct'].map((name) => linesOf(join(replay, `xstest/completions_${name}.jsonl.gz`)));
  const items = (tables[0] ?? []).map(({ id, type, prompt }) => ({
    id: String(id),
    group: String(type),
    stratum: String(type).startsWith('contrast') ? 'unsafe' : 'safe',
    prompt: String(prompt),
  }));
  const values = tables.map((table) => {
    const byId = new Map(table.map((line) => [String(line.id), String(line.final_label)]));
    return items.map(({ id }) => (byId.get(id)?.startsWith('1') ? 0 : 1));
  });
  return { name: 'XSTest, refusals', items, values };
}

function stereoset(shared: string): ModelFleet {
  type Gold = { id: string; bias_type: string; target: string; sentences: { id: string; gold_label: string; sentence: string }[] };
  const gold = ['gender', 'race', 'religion'].flatMap(
    (bias) => linesOf(join(shared, `data/stereoset/intrasentence_gold_${bias}.jsonl.gz`)) as unknown as Gold[],
  );
  const folder = join(shared, 'replay/stereoset');
  const margins = readdirSync(folder).map((file) => {
    const { intrasentence } = JSON.parse(textOf(join(folder, file))) as { intrasentence: { id: string; score: number }[] };
    const scores = new Map(intrasentence.map(({ id, score }) => [id, score]));
    return gold.map(({ sentences }) => {
      const of = (label: string) => scores.get(sentences.find((s) => s.gold_label === label)?.id ?? '') ?? 0;
      return Math.log(Math.max(1e-12, of('stereotype'))) - Math.log(Math.max(1e-12, of('anti-stereotype')));
    });
  });
  const items = gold.map(({ id, bias_type, target, sentences }) => ({
    id,
    group: bias_type,
    cluster: target,
    sentences: sentences.map(({ gold_label, sentence }) => `${gold_label}: ${sentence}`),
  }));
  const values = margins.map((column) => column.map((margin) => (margin > 0 ? 1 : 0)));
  return { name: 'StereoSet, intrasentence', items, values, further: margins };
}

/** Simulated fleets: abilities and difficulties (two-parameter logistic), and templates that models get right or wrong as a whole. */
export function simulatedFleets(): ModelFleet[] {
  const { normal, uniform } = drawsOf('fleets');
  const logistic = (name: string, n: number, models: number): ModelFleet => {
    const hard = Array.from({ length: n }, () => [Math.exp(0.5 + 0.4 * normal()), 1.5 * normal()] as const);
    const values = Array.from({ length: models }, () => {
      const ability = normal();
      return hard.map(([slope, level]) => (uniform() < 1 / (1 + Math.exp(-slope * (ability - level))) ? 1 : 0));
    });
    return { name, items: Array.from({ length: n }, (_, i) => ({ id: `s${i}` })), values };
  };
  const templates = (name: string, m: number, size: number, models: number): ModelFleet => {
    const level = Array.from({ length: m }, () => 1.5 * normal());
    const items = Array.from({ length: m * size }, (_, i) => ({ id: `t${i}`, cluster: `c${i % m}` }));
    const values = Array.from({ length: models }, () => {
      const ability = normal();
      const own = level.map((l) => 2 * (ability - l) + 2 * normal());
      return items.map((_, i) => (uniform() < 1 / (1 + Math.exp(-(own[i % m] as number))) ? 1 : 0));
    });
    return { name, items, values };
  };
  return [logistic('simulated, difficulty, 1,000 items', 1000, 12), templates('simulated, 50 templates of 20', 50, 20, 12)];
}
