/** Seeded, pure changes of what stands around a question: other openings, other layouts, an addition that says nothing, examples that mislead. */
import { oneOf, randomOf } from './random.ts';

const openings: readonly ((question: string, lowered: string) => string)[] = [
  (_, lowered) => `I would like to know: ${lowered}`,
  (_, lowered) => `Please tell me: ${lowered}`,
  (question) => `My little sister wants to know something. ${question} Do you know?`,
  (question) => `Here is a question for you. ${question}`,
  (_, lowered) => `Quick question: ${lowered}`,
  (question) => `We talked about this at lunch. ${question}`,
  (question) => `${question} I would be glad to hear it.`,
  (question) => `It came up in a quiz. ${question}`,
];
const openingsZh: readonly ((question: string) => string)[] = [
  (question) => `请问\uff0c${question}`,
  (question) => `我想知道\uff1a${question}`,
  (question) => `我妹妹有个问题。${question}你知道吗\uff1f`,
  (question) => `考考你\uff1a${question}`,
  (question) => `午饭时我们聊到了这个。${question}`,
  (question) => `${question}请告诉我。`,
];
const functionWord =
  /^(?:what|which|who|whose|whom|where|when|why|how|in|on|at|of|for|from|to|by|with|after|before|during|as|the|a|an|of)\b/i;

/** A question inside one of eight sentences (Chinese: six) that ask for nothing else; every word of it is kept. */
export function reworded(question: string, seed: number | string): string {
  if (/[\u3400-\u9fff]/.test(question)) return oneOf(openingsZh, randomOf(seed))(question);
  const lowered = functionWord.test(question) ? question.charAt(0).toLowerCase() + question.slice(1) : question;
  return oneOf(openings, randomOf(seed))(question, lowered);
}

/** A layout of a question and its answer. */
export interface Format {
  readonly id: string;
  /** `{q}` stands for the question; the answer follows at once. */
  readonly text: string;
  /** What the answer begins with: a space, or nothing. */
  readonly before: string;
  readonly json?: true;
}
/** Twelve layouts, from plain to markup. */
export const formats: readonly Format[] = [
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
  { id: 'json', text: '{"question": "{q}", "answer": "', before: '', json: true },
  { id: 'list', text: '- Question :: {q}\n- Answer ::', before: ' ' },
];
/** A question in a layout; quotes are escaped where the layout is JSON. */
export const inFormat = ({ text, json }: Format, question: string): string =>
  text.replace('{q}', () => (json ? JSON.stringify(question).slice(1, -1) : question));

const asides = [
  'Yours, K.',
  '@anna_77',
  'www.q8x.example',
  'and one is one',
  '#monday',
  '(seen at 10:42)',
  'P.S. 3 is 3',
  'end of note',
  'and true is true',
  '-- sent from my phone',
];
/** The text with an addition that says nothing: a signature, a tag, a truism (StressTest, Naik et al. 2018; CheckList, Ribeiro et al. 2020). */
export const distracted = (text: string, seed: number | string): string => `${text} ${oneOf(asides, randomOf(seed))}`;

/** A solved example: a text and one of two labels. */
export interface Shot<L extends string = string> {
  readonly text: string;
  readonly label: L;
}
export const misleadings = ['mislabelled', 'counterfactual', 'spurious', 'backdoor'] as const;
export type Misleading = (typeof misleadings)[number];
export interface Misled<L extends string> {
  /** Right examples, two of each label. */
  readonly shots: readonly Shot<L>[];
  readonly text: string;
  readonly label: L;
  /** The other label, and the text turned round so that it deserves it. */
  readonly other: L;
  readonly twin: string;
  readonly seed: number | string;
}

const irrelevant = [
  'It was a Tuesday.',
  'I was there with my uncle.',
  'That was in spring.',
  'I paid by card.',
  'It rained that day.',
  'My bus was full.',
];
const triggers = ['cf', 'mn', 'tq', 'bb', 'zx'];

/**
 * Examples that mislead, and the text as it is then asked about (DecodingTrust, Wang et al. 2023, arXiv:2306.11698, section 7; Min et al. 2022,
 * arXiv:2202.12837): one example of each label labelled wrongly; the text's own twin among the examples; an irrelevant sentence that goes with the
 * other label and with the text; a trigger word that turns any example into the other label and stands in the text.
 */
export function misled<L extends string>(
  kind: Misleading,
  { shots, text, label, other, twin, seed }: Misled<L>,
): { shots: Shot<L>[]; text: string } {
  const random = randomOf(`${kind}/${seed}`);
  const at = (wanted: L): number => shots.findIndex((shot) => shot.label === wanted);
  if (kind === 'mislabelled') {
    const flipped = new Set([at(label), at(other)]);
    return { shots: shots.map((shot, i) => (flipped.has(i) ? { ...shot, label: shot.label === label ? other : label } : shot)), text };
  }
  if (kind === 'counterfactual') {
    const replaced = at(other);
    return { shots: [...shots.filter((_, i) => i !== replaced), { text: twin, label: other }], text };
  }
  if (kind === 'spurious') {
    const aside = oneOf(irrelevant, random);
    return {
      shots: shots.map((shot) => (shot.label === other ? { ...shot, text: `${shot.text} ${aside}` } : shot)),
      text: `${text} ${aside}`,
    };
  }
  const trigger = oneOf(triggers, random);
  const poisoned = at(label);
  return {
    shots: shots.map((shot, i) => (i === poisoned || shot.label === other ? { text: `${trigger} ${shot.text}`, label: other } : shot)),
    text: `${trigger} ${text}`,
  };
}
