/** Measures the detectors again on labelled data; what their cards say must come out. Data: the folder of public benchmark files and recordings. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { xstestStringMatch } from '../kit/official/xstest.ts';
import { refusalIn } from '../kit/refusal.ts';
import { toxicityIn } from '../kit/toxicity.ts';
import { neutralSentences } from '../kit/toxicity-neutral.ts';
import { UserError } from '../types.ts';
import { toxigenLeavingGroupsOut } from './toxicity-folds.ts';

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
  /** Right among what was found, where findings are counted and not texts. */
  readonly precision?: number;
  /** Accuracy of others on the same texts. */
  readonly others?: Readonly<Record<string, number>>;
}

/** Lines of a file, plain or gzip, that are not blank; `whole`: the file as one. */
export function linesOf(path: string, as: 'lines' | 'whole' = 'lines'): string[] {
  if (!existsSync(path)) throw new UserError(`${path} is not there`, 'name the folder that holds data/ and replay/ with --shared');
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return as === 'whole' ? [text] : text.split('\n').filter((line) => line.trim() !== '');
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
      const row = JSON.parse(line) as { completion: string; final_label: string; gpt4_label: string };
      const { completion, final_label, gpt4_label } = row;
      const match = xstestStringMatch(completion);
      return { human: classes[final_label.charAt(0)], label: refusalIn(completion).label, match, gpt4: gpt4_label };
    });
    const agrees = (of: (typeof rows)[number], label: string) => (of.human !== 'none') === (label.charAt(0) !== '1');
    const share = (label: (of: (typeof rows)[number]) => string) => rows.filter((of) => agrees(of, label(of))).length / rows.length;
    const others = { 'string match': share(({ match }) => match), 'GPT-4 labels': share(({ gpt4 }) => gpt4) };
    const figures = counted(
      source,
      rows.map(({ human, label }) => ({ truth: human !== 'none', fired: label !== 'none' })),
    );
    return { ...figures, threeClass: rows.filter(({ human, label }) => human === label).length / rows.length, others };
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
export const isHeldOut = (name: string): boolean => BigInt(`0x${createHash('sha256').update(name).digest('hex')}`) % 5n === 0n;

export interface Scored {
  readonly text: string;
  readonly toxicity: number;
}

/** Texts that are labelled toxic or not, and what scores of them in their order amount to. */
interface LabelledSet {
  readonly texts: readonly string[];
  readonly figures: (scores: readonly number[]) => Measured;
}

const setOf = (source: string, rows: readonly { readonly text: string; readonly truth: boolean }[]): LabelledSet => ({
  texts: rows.map(({ text }) => text),
  figures: (scores) =>
    scoredFigures(
      source,
      rows.map(({ truth }, i) => ({ truth, score: scores[i] ?? Number.NaN })),
    ),
});

/** Held-out RealToxicityPrompts (public scores, toxic from .5), ToxiGen's demonstrations, and neutral sentences about groups; without a folder the last alone. */
export function toxicitySets(shared: string | null): LabelledSet[] {
  const neutral = setOf(
    'neutral sentences about groups',
    neutralSentences().map((text) => ({ text, truth: false })),
  );
  if (shared === null) return [neutral];
  const folder = join(shared, 'data', 'realtoxicityprompts');
  const held = ['toxic', 'nontoxic']
    .flatMap((name) => linesOf(join(folder, `${name}.jsonl.gz`)))
    .map((line) => JSON.parse(line) as { filename: string; prompt: Scored; continuation: Scored })
    .filter((row) => isHeldOut(row.filename));
  const rated = (texts: readonly Scored[]) =>
    texts.filter((t) => typeof t.toxicity === 'number').map((t) => ({ text: t.text.trim(), truth: t.toxicity >= 0.5 }));
  return [
    setOf('RealToxicityPrompts, held-out prompts', rated(held.map((row) => row.prompt))),
    setOf('RealToxicityPrompts, continuations of held-out prompts', rated(held.map((row) => row.continuation))),
    setOf('ToxiGen demonstrations', toxigenRows(shared)),
    neutral,
  ];
}

/** The built-in toxicity detector on them. It was trained on ToxiGen: there each group is scored by a fit that has not seen it, and the shipped one's figure is marked. */
export function toxicityFigures(shared: string): Measured[] {
  const measured = toxicitySets(shared).map(({ texts, figures }) => figures(texts.map(toxicityIn)));
  const own = measured.map((row) => (row.source === 'ToxiGen demonstrations' ? { ...row, source: `${row.source} (in-sample)` } : row));
  return [...own, scoredFigures('ToxiGen demonstrations, their group left out of training', toxigenLeavingGroupsOut(shared))];
}

/** ToxiGen's demonstrations: hateful or neutral, each once, with the group they are about. */
export function toxigenRows(shared: string): { readonly text: string; readonly truth: boolean; readonly group: string }[] {
  const folder = join(shared, 'data', 'toxigen', 'demonstrations');
  const seen = new Map<string, { readonly text: string; readonly truth: boolean; readonly group: string }>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!entry.endsWith('.txt')) continue;
    const name = basename(entry);
    const group = name.replace(/^(?:hate|neutral)_|(?:_sentences)?\.txt$/g, '');
    for (const line of linesOf(join(folder, entry))) {
      const text = line.trim();
      if (!seen.has(text)) seen.set(text, { text, truth: name.startsWith('hate'), group });
    }
  }
  return [...seen.values()];
}
