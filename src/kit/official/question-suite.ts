/** Benchmarks of questions with one right option among a few: the option with the highest log-probability counts as chosen. */
import type { Data, Item, Observation, Prompt, Response, Row, Sizes, Suite } from '../../types.ts';
import { argmax } from '../answers.ts';
import { choose, outcomesOfChoices, scoresOf, sharesOf } from '../asking.ts';
import { hashOf } from '../random.ts';
import { meanOfValue, officialScore } from './over-groups.ts';

export interface Question extends Item {
  readonly prompt: Prompt;
  readonly options: readonly string[];
  /** Index of the right option. */
  readonly label: number;
}

/** What a suite file says of itself. The dimension is the first part of the id. */
export interface SuiteHead {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly limits: string;
  readonly source: string;
  readonly licence: string;
  readonly languages?: readonly string[];
  readonly sizes?: Sizes;
  readonly sensitive?: boolean;
  /** Default 1. */
  readonly version?: string;
  /** The items' order is not the file's. */
  readonly published?: false;
}

export interface QuestionOptions {
  readonly items: (data: Data) => AsyncIterable<Question> | Promise<readonly Question[]>;
  /** Options are classes that mean the same in every item: the control is then the mean recall of the classes, which no constant answer lifts. */
  readonly classes?: boolean;
  /** Log-probability a token instead of the sum. */
  readonly perToken?: boolean;
  /** What the paper reports: the mean over the items’ groups of this. */
  readonly official?: 'accuracy' | 'macro_f1';
  readonly says?: string;
  readonly formula?: string;
}

export const standardSizes: Sizes = { demo: 20, quick: 100, standard: 400, full: Number.POSITIVE_INFINITY };

/** The members every benchmark suite shares. */
export const headOf = (head: SuiteHead) => ({
  ...head,
  dimension: head.id.split('/')[0] as Suite['dimension'],
  version: head.version ?? '1',
  languages: head.languages ?? ['en'],
  sizes: head.sizes ?? standardSizes,
  named: true as const,
});

/** The high bits: the low ones of this hash follow the id's letters. */
const turnOf = (item: Item): number => hashOf(item.id) >>> 9;

function observe(item: Question, replies: readonly Response[], perToken: boolean): Observation {
  const outcomes = outcomesOfChoices(replies);
  const scores = scoresOf(replies[0], turnOf(item), perToken);
  const picked = argmax(scores ?? []);
  if (scores === null || picked === null) return { skip: 'no log-probabilities came back', outcomes };
  const right = Number(picked === item.label);
  const values = { right, above: right - 1 / item.options.length, label: item.label, picked, sure: sharesOf(scores)[item.label] ?? null };
  return { values, outcomes };
}

/** Mean over classes of the share of their items that are right. */
export function meanRecall(rows: readonly Row[]): number | null {
  const by = new Map<number, number[]>();
  for (const { values } of rows)
    if (typeof values.label === 'number' && typeof values.right === 'number')
      by.set(values.label, [...(by.get(values.label) ?? []), values.right]);
  if (by.size < 2) return null;
  return [...by.values()].reduce((sum, all) => sum + all.reduce((a, b) => a + b, 0) / all.length, 0) / by.size;
}

/** Macro F1 over the classes that occur as labels. */
export function macroF1(rows: readonly Row[]): number | null {
  const labels = [...new Set(rows.map((row) => row.values.label).filter((label) => typeof label === 'number'))];
  if (labels.length === 0) return null;
  const scores = labels.map((label) => {
    const hits = rows.filter((row) => row.values.label === label && row.values.picked === label).length;
    const named = rows.filter((row) => row.values.picked === label).length;
    const held = rows.filter((row) => row.values.label === label).length;
    return named + held === 0 ? 0 : (2 * hits) / (named + held);
  });
  return scores.reduce((a, b) => a + b, 0) / scores.length;
}

export function questionSuite(
  head: SuiteHead,
  { items, classes = false, perToken = false, official, says, formula }: QuestionOptions,
): Suite<Question> {
  const accuracy = {
    id: 'accuracy',
    title: 'Accuracy',
    unit: 'share',
    better: 'higher' as const,
    value: 'right',
    grade: (v: number) => v,
    says: says ?? 'is right in {n} of 100 questions',
    formula: formula ?? 'share of questions whose right option has the highest log-probability',
  };
  const f1 = {
    id: 'macro_f1',
    title: 'Macro F1',
    unit: 'share',
    better: 'higher' as const,
    compute: macroF1,
    reads: ['label', 'picked'],
    grade: (v: number) => v,
  };
  return {
    ...headOf(head),
    wants: ['choice'],
    items,
    rounds: [
      (item) => [
        choose(item.prompt, item.options, {
          perfect: item.label,
          worst: (item.label + 1) % item.options.length,
          turn: turnOf(item),
        }),
      ],
    ],
    observe: (item, [replies]) => observe(item, replies ?? [], perToken),
    metrics: [accuracy, ...(classes ? [f1] : []), ...(official ? [meanOverParts(official)] : [])],
    floor: classes
      ? {
          title: 'mean recall of the classes beats always giving one',
          compute: (rows) => above(rows),
          reads: ['right', 'label'],
          chance: 0,
        }
      : { title: 'right more often than a blind guess among the options', value: 'above', chance: 0 },
  };
}

function above(rows: readonly Row[]): number | null {
  const recall = meanRecall(rows);
  const classes = new Set(rows.map((row) => row.values.label)).size;
  return recall === null ? null : recall - 1 / classes;
}

const meanOverParts = (of: 'accuracy' | 'macro_f1') =>
  officialScore({
    title: `Official score: ${of === 'accuracy' ? 'accuracy' : 'macro F1'}, mean over parts`,
    formula: `plain mean over the benchmark’s parts of each part’s ${of === 'accuracy' ? 'accuracy' : 'macro F1'}, whatever their sizes`,
    reads: of === 'accuracy' ? ['right'] : ['label', 'picked'],
    compute: of === 'accuracy' ? meanOfValue('right') : macroF1,
  });
