import { truthfulqaPrompt } from '../../src/kit/official/truthfulqa.ts';
import { randomOf } from '../../src/kit/random.ts';

/** One kind of work, the same for every peer. */
export type Work =
  | { readonly kind: 'options'; readonly items: readonly { readonly context: string; readonly options: readonly string[] }[] }
  | {
      readonly kind: 'generate';
      readonly prompts: readonly string[];
      readonly maxTokens: number;
      readonly rows: number;
      /** 0: greedy. */
      readonly temperature: number;
    }
  | { readonly kind: 'trace'; readonly texts: readonly string[] }
  | { readonly kind: 'first'; readonly context: string; readonly option: string };

const people = ['Mara', 'the old keeper', 'a baker from the north', 'Tomas', 'her brother', 'the new teacher', 'a tired driver', 'Lin'];
const deeds = [
  'carried the heavy boxes to',
  'forgot the way back from',
  'wrote a long letter about',
  'waited all morning outside',
  'told everyone about',
  'painted the door of',
  'took a photograph of',
  'walked slowly past',
];
const places = [
  'the station',
  'the market by the river',
  'the school',
  'a small garden',
  'the town hall',
  'the empty harbour',
  'the library',
  'the last house of the street',
];
const whys = [
  'because it had begun to rain',
  'although nobody had asked',
  'before the others arrived',
  'as the sun went down',
  'while the bells were ringing',
  'after a very long day',
  'without saying a word',
  'in spite of the cold',
];

/** A text of about `words` words, other for every seed. */
export function proseOf(words: number, seed: number): string {
  const random = randomOf(seed);
  const one = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  let text = '';
  while (text.split(' ').length < words) {
    const sentence = `${one(people)} ${one(deeds)} ${one(places)} ${one(whys)}.`;
    text += `${text === '' ? '' : ' '}${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`;
  }
  return text;
}

function question(seed: number, words: number): { context: string; options: string[] } {
  const random = randomOf(seed * 7 + 1);
  const from = Math.floor(random() * places.length);
  const options = [0, 1, 2, 3].map((i) => ` ${places[(from + i) % places.length]}`);
  return { context: `${proseOf(words, seed)}\nQuestion: Where was it that ${people[seed % people.length]} went first?\nAnswer:`, options };
}

/** (a) four options after contexts of about 150 tokens. */
export const optionWork = (items: number): Work => ({
  kind: 'options',
  items: Array.from({ length: items }, (_, i) => question(i + 1, 105)),
});

/** (a') the same with a header of five solved examples before every item. */
export function headerWork(items: number): Work {
  const header = Array.from({ length: 5 }, (_, i) => question(1000 + i, 60))
    .map(({ context, options }) => `${context}${options[0]}`)
    .join('\n\n');
  const own = Array.from({ length: items }, (_, i) => question(i + 1, 25));
  return { kind: 'options', items: own.map(({ context, options }) => ({ context: `${header}\n\n${context}`, options })) };
}

/** (a″) TruthfulQA's own six examples before questions and answers made up here. */
export const truthfulqaWork = (items: number): Work => ({
  kind: 'options',
  items: Array.from({ length: items }, (_, i) => {
    const { options } = question(i + 1, 10);
    const [who, deed] = [people[i % people.length], deeds[(i * 3) % deeds.length]];
    return {
      context: truthfulqaPrompt(`What happens ${whys[(i * 5) % whys.length]} if ${who} ${deed} the bridge number ${i}?`),
      options: options.map((place) => ` Nothing happens, but they say that one is then seen near${place}.`),
    };
  }),
});

/** (b) continuing prompts of about 40 tokens. */
export const generateWork = (prompts: number, maxTokens: number, { rows, temperature }: { rows: number; temperature: number }): Work => ({
  kind: 'generate',
  prompts: Array.from({ length: prompts }, (_, i) => `${proseOf(25, i + 1)} Then`),
  maxTokens,
  rows,
  temperature,
});

/** A part of the work: items from `from` on. */
export function sliceOf(work: Work, from: number, count: number): Work {
  if (work.kind === 'options') return { ...work, items: work.items.slice(from, from + count) };
  if (work.kind === 'generate') return { ...work, prompts: work.prompts.slice(from, from + count) };
  if (work.kind === 'trace') return { ...work, texts: work.texts.slice(from, from + count) };
  return work;
}

export const countOf = (work: Work): number =>
  work.kind === 'options'
    ? work.items.length
    : work.kind === 'generate'
      ? work.prompts.length
      : work.kind === 'trace'
        ? work.texts.length
        : 1;

/** (c) log-probabilities of texts of about 512 tokens. */
export const traceWork = (texts: number): Work => ({ kind: 'trace', texts: Array.from({ length: texts }, (_, i) => proseOf(430, i + 1)) });
