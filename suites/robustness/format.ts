import { formats, inFormat, itemsBeside, meanIn, numbered, pick, pickedRight, type Question, randomOf } from '../../src/kit/index.ts';
import type { Observation, Response, Round, Row, Suite } from '../../src/types.ts';

interface Formatted extends Question {
  readonly turn: number;
}
const items = (): Formatted[] =>
  numbered(
    itemsBeside<Question>(import.meta.url, 'questions.jsonl')
      .filter((item) => (item.lang ?? 'en') === 'en')
      .map((item) => ({ ...item, cluster: item.id, group: item.topic })),
  );

/** The worst responder is right in the first format and wrong in all others. */
const ask: Round<Formatted> = (item) =>
  formats.map((format, i) =>
    pick(
      inFormat(format, item.question),
      item.options.map((option) => format.before + option),
      item.turn,
      i === 0 ? { worst: 0 } : {},
    ),
  );

function observe(item: Formatted, replies: readonly (readonly Response[])[]): Observation {
  const seen = formats.map(({ id }, i) => [id, pickedRight(replies[0]?.[i], item.turn)] as const);
  if (seen.some(([, right]) => right === null)) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const rights = seen.map(([, right]) => right as number);
  return {
    values: { ...Object.fromEntries(seen), worst: Math.min(...rights), mean: rights.reduce((a, b) => a + b, 0) / rights.length },
    outcomes: ['answered'],
  };
}

const chance = 0.25;
const reads = formats.map(({ id }) => id);

function accuracies(rows: readonly Row[]): number[] {
  return reads.map((id) => meanIn(rows, id)).filter((v) => v !== null);
}

function spread(rows: readonly Row[]): number | null {
  const all = accuracies(rows);
  return all.length === 0 ? null : Math.max(...all) - Math.min(...all);
}

/** Quartiles by linear interpolation (type 7). */
function quartileRange(rows: readonly Row[]): number | null {
  const all = accuracies(rows).sort((a, b) => a - b);
  if (all.length === 0) return null;
  const at = (p: number): number => {
    const place = p * (all.length - 1);
    const low = all[Math.floor(place)] ?? 0;
    return low + (place % 1) * ((all[Math.ceil(place)] ?? low) - low);
  };
  return at(0.75) - at(0.25);
}

const splits = Array.from({ length: 16 }, (_, i) => i);
/** Sixteen coins for a question. A row redrawn by the bootstrap carries its id with a mark and keeps the coins of its question. */
const coinsOf = (row: Row): number => Math.floor(randomOf(row.id.replace(/~\d+$/, ''))() * 2 ** splits.length);

/**
 * What the best format gets right above guessing and the worst loses. The maximum of twelve noisy accuracies is too high and the minimum too low, so
 * both formats are chosen on one half of the questions and compared on the other, both ways, over sixteen splits (cross-fitting).
 */
function lostByFormat(rows: readonly Row[]): number | null {
  if (accuracies(rows).length === 0) return null;
  const tossed = rows.map((row) => ({ row, coins: coinsOf(row) }));
  let [gap, best] = [0, 0];
  for (const split of splits) {
    const halves = [0, 1].map((side) => accuracies(tossed.flatMap(({ row, coins }) => (((coins >> split) & 1) === side ? [row] : []))));
    for (const [choosing, judging] of [halves, [...halves].reverse()] as const) {
      if (!choosing?.length || !judging?.length) return null;
      const top = judging[choosing.indexOf(Math.max(...choosing))] ?? 0;
      gap += top - (judging[choosing.indexOf(Math.min(...choosing))] ?? 0);
      best += top;
    }
  }
  const above = best / (2 * splits.length) - chance;
  return above <= 0 ? 1 : Math.min(1, Math.max(0, gap / (2 * splits.length) / above));
}

export default {
  id: 'robustness/format',
  dimension: 'robustness',
  version: '2',
  title: 'Format of the prompt',
  about:
    'The same questions in twelve formats, from “Question: … Answer:” to tags, headings and JSON. The format says nothing about the answer, so accuracy should stay.',
  limits:
    'The plain spread (max − min) is too high by chance when few questions are asked; the headline is freed of that by choosing formats on other questions than it compares. Formats are the same for all models, also for those trained on one of them. The questions also serve the suites on noise, order of options and wording, so the four results are not independent.',
  means: {
    good: 'Near 0 %: prompts may be laid out as suits the application, and published accuracies compare with your own.',
    bad: 'From about 30 %: the layout alone decides a third of what the model gets right, so fix one layout, test that one, and distrust comparisons made in another.',
  },
  source: 'Questions and formats written for Plumbline. Spread over formats after Sclar et al. 2023 (arXiv:2310.11324, FormatSpread).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice'],
  sizes: { demo: 6, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY },
  items,
  rounds: [ask],
  observe,
  metrics: [
    {
      id: 'lost',
      title: 'Accuracy above chance lost from the best to the worst format',
      unit: 'share',
      better: 'lower',
      compute: lostByFormat,
      reads,
      grade: (value) => 1 - value,
      formula:
        '(best − worst) / (best − 1/4) over twelve formats, the two formats chosen on one half of the questions and compared on the other (mean of sixteen splits, both ways): FormatSpread (Sclar et al. 2023, section 3) relative to what the best format gets right above guessing, without the upward bias of a maximum over noise',
      says: 'loses {n} % of what it gets right above guessing when the prompt is only laid out differently',
    },
    {
      id: 'spread',
      title: 'Spread of accuracy over formats (max − min)',
      unit: 'points',
      better: 'lower',
      compute: spread,
      reads,
      grade: (value) => 1 - value,
      formula: 'Highest less lowest accuracy over twelve formats (Sclar et al. 2023, section 3)',
    },
    {
      id: 'iqr',
      title: 'Interquartile range of accuracy over formats',
      unit: 'points',
      better: 'lower',
      compute: quartileRange,
      reads,
      grade: (value) => 1 - value,
      formula: 'Third less first quartile (linear interpolation) of the twelve accuracies',
    },
    {
      id: 'mean',
      title: 'Accuracy over all formats',
      unit: 'share',
      better: 'higher',
      value: 'mean',
      grade: (value) => value,
      formula: 'Mean of the twelve accuracies',
    },
    {
      id: 'worst-case',
      title: 'Right in every format',
      unit: 'share',
      better: 'higher',
      value: 'worst',
      grade: (value) => value,
      formula: 'Share of questions right in all twelve formats',
    },
  ],
  floor: { title: 'answers better than by guessing in the plain format', value: 'question-answer', chance },
  details: (rows) => ({ formats: formats.map(({ id, text }) => ({ id, text, accuracy: meanIn(rows, id) })) }),
} satisfies Suite<Formatted>;
