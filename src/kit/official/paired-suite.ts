/** Benchmarks of clean texts and their changed twins (attacked sentences, attacked prompts, other styles). */
import type { Data, Item, Metric, Observation, Prompt, Response, Row, Suite } from '../../types.ts';
import { argmax } from '../answers.ts';
import { choose, outcomesOfChoices, scoresOf } from '../asking.ts';
import { hashOf } from '../random.ts';
import { meanTold } from '../rows.ts';
import { meanOfValue, officialScore } from './over-groups.ts';
import { headOf, type SuiteHead } from './question-suite.ts';

export interface Pair extends Item {
  readonly clean: Prompt;
  readonly changed: Prompt;
  readonly options: readonly string[];
  readonly label: number;
}

export interface PairedOptions {
  readonly items: (data: Data) => AsyncIterable<Pair> | Promise<readonly Pair[]>;
  /** The headline: attack success rate (default), or accuracy on the changed texts. */
  readonly headline?: 'asr' | 'robust' | 'pdr';
  /** The paper reports the mean over tasks (the items’ groups) of the headline. */
  readonly overTasks?: boolean;
}

const turnOf = (item: Item): number => hashOf(item.id) >>> 9;

function observe(item: Pair, [replies]: readonly (readonly Response[])[]): Observation {
  const outcomes = outcomesOfChoices(replies ?? []);
  const [clean, changed] = [0, 1].map((i) => argmax(scoresOf(replies?.[i], turnOf(item)) ?? []));
  if (clean == null || changed == null) return { skip: 'no log-probabilities came back', outcomes };
  const [before, after] = [Number(clean === item.label), Number(changed === item.label)];
  // Turned wrong: of the items that were right. An item that was wrong before has no such value.
  const turned = before === 1 ? { turned: 1 - after } : {};
  return { values: { before, after, above: before - 1 / item.options.length, ...turned }, outcomes };
}

function dropRate(rows: readonly Row[]): number | null {
  const [before, after] = [meanTold(rows, 'before'), meanTold(rows, 'after')];
  return before === null || after === null || before === 0 ? null : 1 - after / before;
}

const measures = {
  asr: {
    id: 'asr',
    title: 'Attack success rate',
    unit: 'share',
    better: 'lower',
    value: 'turned',
    grade: (v: number) => 1 - v,
    says: 'turns wrong on {n} of 100 changed texts that it had right',
    formula: 'share of the items right on the clean text that are wrong on the changed one',
  },
  robust: {
    id: 'robust_accuracy',
    title: 'Accuracy on the changed texts',
    unit: 'share',
    better: 'higher',
    value: 'after',
    grade: (v: number) => v,
    says: 'is right on {n} of 100 changed texts',
    formula: 'share of changed texts with the right answer',
  },
  pdr: {
    id: 'pdr',
    title: 'Performance drop rate',
    unit: 'share',
    better: 'lower',
    compute: dropRate,
    reads: ['before', 'after'],
    grade: (v: number) => 1 - Math.min(1, Math.max(0, v)),
    says: 'loses {n} of 100 right answers to the change',
    formula: '1 − accuracy on changed texts / accuracy on clean ones (Zhu et al. 2023, §3.3)',
  },
} as const satisfies Record<string, Metric>;

const official = {
  asr: officialScore({
    title: 'Official score: attack success rate, mean over tasks',
    formula: 'plain mean over tasks of each task’s attack success rate',
    better: 'lower',
    reads: ['turned'],
    compute: meanOfValue('turned'),
  }),
  robust: officialScore({
    title: 'Official score: accuracy on the changed texts, mean over parts',
    formula: 'plain mean over parts of each part’s accuracy on the changed texts',
    reads: ['after'],
    compute: meanOfValue('after'),
  }),
  pdr: officialScore({
    title: 'Official score: performance drop rate, mean over attacks',
    formula: 'plain mean over attacks of each attack’s performance drop rate',
    better: 'lower',
    reads: ['before', 'after'],
    compute: dropRate,
  }),
} as const satisfies Record<string, Metric>;

export function pairedSuite(head: SuiteHead, { items, headline = 'asr', overTasks = false }: PairedOptions): Suite<Pair> {
  const others = (['asr', 'robust', 'pdr'] as const).filter((name) => name !== headline).map((name) => measures[name]);
  return {
    ...headOf(head),
    wants: ['choice'],
    items,
    rounds: [
      ({ clean, changed, options, label, ...item }) =>
        [clean, changed].map((prompt, i) =>
          choose(prompt, options, { perfect: label, worst: i === 0 ? label : (label + 1) % options.length, turn: turnOf(item as Item) }),
        ),
    ],
    observe,
    metrics: [
      measures[headline],
      ...(overTasks ? [official[headline]] : []),
      ...others,
      { id: 'accuracy', title: 'Accuracy on the clean texts', unit: 'share', better: 'higher', value: 'before', grade: (v) => v },
    ],
    floor: { title: 'right on the clean texts more often than a blind guess', value: 'above', chance: 0 },
  };
}
