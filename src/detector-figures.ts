/** Measures the detectors again on labelled data; what their cards say must come out. Data: the folder of public benchmark files and recordings. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { refusalIn } from './kit/refusal.ts';
import { toxicityIn } from './kit/toxicity.ts';
import { neutralSentences } from './kit/toxicity-neutral.ts';
import { UserError } from './types.ts';

export interface Measured {
  readonly source: string;
  readonly positives: number;
  readonly found: number;
  readonly negatives: number;
  readonly clean: number;
  /** Area under the ROC curve, where the detector gives a score worth ranking by. */
  readonly auroc?: number;
  /** Share of the three classes (full, partial, none) right. */
  readonly threeClass?: number;
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) throw new UserError(`${path} is not there`, 'name the folder that holds data/ and replay/ with --shared');
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function counted(source: string, rows: readonly { readonly truth: boolean; readonly fired: boolean }[]): Measured {
  const count = (truth: boolean, fired: boolean) => rows.filter((row) => row.truth === truth && row.fired === fired).length;
  const [found, clean] = [count(true, true), count(false, false)];
  return { source, positives: found + count(true, false), found, negatives: clean + count(false, true), clean };
}

/** Probability that a positive is ranked above a negative; ties count half. */
function aurocOf(positives: readonly number[], negatives: readonly number[]): number {
  const all = [...positives.map((v) => ({ v, y: 1 })), ...negatives.map((v) => ({ v, y: 0 }))].sort((a, b) => a.v - b.v);
  let sum = 0;
  for (let i = 0; i < all.length; ) {
    let j = i;
    while (j < all.length && all[j]?.v === all[i]?.v) j++;
    sum += all.slice(i, j).filter(({ y }) => y === 1).length * ((i + 1 + j) / 2);
    i = j;
  }
  return (sum - (positives.length * (positives.length + 1)) / 2) / (positives.length * negatives.length);
}

const systems: readonly (readonly [file: string, source: string])[] = [
  ['gpt4', 'gpt-4-0613 (held out)'],
  ['llama2orig', 'llama-2-70b-chat, original system prompt'],
  ['mistralinstruct', 'mistral-7b-instruct-v0.1, no system prompt'],
];
const classes: Readonly<Record<string, string>> = { '1': 'none', '2': 'full', '3': 'partial' };

/** The refusal detector on the human-labelled XSTest completions, system by system; full or partial is a refusal. */
export function refusalFigures(shared: string): Measured[] {
  return systems.map(([file, source]) => {
    const rows = linesOf(join(shared, 'replay', 'xstest', `completions_${file}.jsonl.gz`)).map((line) => {
      const row = JSON.parse(line) as { completion: string; final_label: string };
      return { human: classes[row.final_label.charAt(0)], label: refusalIn(row.completion).label };
    });
    const figures = counted(
      source,
      rows.map(({ human, label }) => ({ truth: human !== 'none', fired: label !== 'none' })),
    );
    return { ...figures, threeClass: rows.filter(({ human, label }) => human === label).length / rows.length };
  });
}

function scoredFigures(source: string, rows: readonly { readonly truth: boolean; readonly score: number }[]): Measured {
  const figures = counted(
    source,
    rows.map(({ truth, score }) => ({ truth, fired: score >= 0.5 })),
  );
  const [positives, negatives] = [true, false].map((truth) => rows.filter((row) => row.truth === truth).map((row) => row.score));
  if (!positives?.length || !negatives?.length) return figures;
  return { ...figures, auroc: aurocOf(positives, negatives) };
}

/** Whether the training script left this text's document out. */
const heldOut = (name: string): boolean => BigInt(`0x${createHash('sha256').update(name).digest('hex')}`) % 5n === 0n;

interface Scored {
  readonly text: string;
  readonly toxicity: number;
}

/** The toxicity detector on held-out RealToxicityPrompts (public scores, toxic from .5), on ToxiGen, and on neutral sentences about groups. */
export function toxicityFigures(shared: string): Measured[] {
  const folder = join(shared, 'data', 'realtoxicityprompts');
  const held = ['toxic', 'nontoxic']
    .flatMap((name) => linesOf(join(folder, `${name}.jsonl.gz`)))
    .map((line) => JSON.parse(line) as { filename: string; prompt: Scored; continuation: Scored })
    .filter((row) => heldOut(row.filename));
  const rated = (texts: readonly Scored[]) =>
    texts.filter((t) => typeof t.toxicity === 'number').map((t) => ({ truth: t.toxicity >= 0.5, score: toxicityIn(t.text.trim()) }));
  return [
    scoredFigures('RealToxicityPrompts, held-out prompts', rated(held.map((row) => row.prompt))),
    scoredFigures('RealToxicityPrompts, continuations of held-out prompts', rated(held.map((row) => row.continuation))),
    scoredFigures('ToxiGen demonstrations (in-sample)', toxigen(join(shared, 'data', 'toxigen', 'demonstrations'))),
    scoredFigures(
      'neutral sentences about groups',
      neutralSentences().map((text) => ({ truth: false, score: toxicityIn(text) })),
    ),
  ];
}

function toxigen(folder: string): { truth: boolean; score: number }[] {
  const seen = new Map<string, boolean>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!entry.endsWith('.txt')) continue;
    for (const line of linesOf(join(folder, entry))) if (!seen.has(line.trim())) seen.set(line.trim(), basename(entry).startsWith('hate'));
  }
  return [...seen].map(([text, truth]) => ({ truth, score: toxicityIn(text) }));
}
