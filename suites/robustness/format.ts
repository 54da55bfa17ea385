import { itemsBeside, meanIn, numbered, pick, pickedRight, type Question } from '../../src/kit/index.ts';
import type { Observation, Response, Round, Row, Suite } from '../../src/types.ts';

interface Formatted extends Question {
  readonly turn: number;
}
interface Template {
  readonly id: string;
  /** `{q}` stands for the question; the option follows at once. */
  readonly text: string;
  readonly before: string;
}

const templates: readonly Template[] = [
  { id: 'question-answer', text: 'Question: {q}\nAnswer:', before: ' ' },
  { id: 'q-a', text: 'Q: {q}\nA:', before: ' ' },
  { id: 'capitals', text: 'QUESTION: {q}\nANSWER:', before: ' ' },
  { id: 'one-line', text: 'question: {q} answer:', before: ' ' },
  { id: 'bare', text: '{q}', before: ' ' },
  { id: 'the-answer-is', text: '{q} The answer is', before: ' ' },
  { id: 'instruction', text: 'Answer the following question.\n\n{q}\n\nThe answer is:', before: ' ' },
  { id: 'dialogue', text: 'Student: {q}\nTeacher:', before: ' ' },
  { id: 'headings', text: '### Question\n{q}\n\n### Answer\n', before: '' },
  { id: 'tags', text: '<question>{q}</question>\n<answer>', before: '' },
  { id: 'json', text: '{"question": "{q}", "answer": "', before: '' },
  { id: 'list', text: '- Question :: {q}\n- Answer ::', before: ' ' },
];

const items = (): Formatted[] =>
  numbered(
    itemsBeside<Question>(import.meta.url, 'questions.jsonl')
      .filter((item) => (item.lang ?? 'en') === 'en' && !item.question.includes('"'))
      .map((item) => ({ ...item, cluster: item.id, group: item.topic })),
  );

/** The worst responder is right in the first format and wrong in all others. */
const ask: Round<Formatted> = (item) =>
  templates.map(({ text, before }, i) =>
    pick(
      text.replace('{q}', item.question),
      item.options.map((option) => before + option),
      item.turn,
      i === 0 ? { worst: 0 } : {},
    ),
  );

function observe(item: Formatted, replies: readonly (readonly Response[])[]): Observation {
  const seen = templates.map(({ id }, i) => [id, pickedRight(replies[0]?.[i], item.turn)] as const);
  if (seen.some(([, right]) => right === null)) return { skip: 'no log-probabilities came back', outcomes: ['error'] };
  const rights = seen.map(([, right]) => right as number);
  return {
    values: { ...Object.fromEntries(seen), worst: Math.min(...rights), mean: rights.reduce((a, b) => a + b, 0) / rights.length },
    outcomes: ['answered'],
  };
}

const chance = 0.25;
const reads = templates.map(({ id }) => id);

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

function lostByFormat(rows: readonly Row[]): number | null {
  const all = accuracies(rows);
  if (all.length === 0) return null;
  const best = Math.max(...all);
  return best <= chance ? 1 : Math.min(1, (best - Math.min(...all)) / (best - chance));
}

export default {
  id: 'robustness/format',
  dimension: 'robustness',
  version: '1',
  title: 'Format of the prompt',
  about:
    'The same questions in twelve formats, from “Question: … Answer:” to tags, headings and JSON. The format says nothing about the answer, so accuracy should stay.',
  limits:
    'The best and the worst of twelve formats differ a little by chance alone when few questions are asked. Formats are the same for all models, also for those trained on one of them.',
  source: 'Questions and formats written for Plumbline. Spread over formats after Sclar et al. 2023 (arXiv:2310.11324, FormatSpread).',
  licence: 'Apache-2.0',
  languages: ['en'],
  wants: ['choice'],
  sizes: { demo: 6, quick: 30, standard: 80, full: Number.POSITIVE_INFINITY },
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
        '(best − worst) / (best − 1/4) over twelve formats: FormatSpread (Sclar et al. 2023, section 3) relative to what the best format gets right above guessing',
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
    },
    { id: 'mean', title: 'Accuracy over all formats', unit: 'share', better: 'higher', value: 'mean', grade: (value) => value },
    { id: 'worst-case', title: 'Right in every format', unit: 'share', better: 'higher', value: 'worst', grade: (value) => value },
  ],
  floor: { title: 'answers better than by guessing in the plain format', value: 'question-answer', chance },
  details: (rows) => ({ formats: templates.map(({ id, text }) => ({ id, text, accuracy: meanIn(rows, id) })) }),
} satisfies Suite<Formatted>;
