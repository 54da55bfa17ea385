/** Whether a text's names and numbers occur in the text it is about. */
import { mentions, normalised } from './answers.ts';

const numberWords: Readonly<Record<string, string>> = {
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  ten: '10',
  eleven: '11',
  twelve: '12',
  thirteen: '13',
  fourteen: '14',
  fifteen: '15',
  sixteen: '16',
  seventeen: '17',
  eighteen: '18',
  nineteen: '19',
  twenty: '20',
  thirty: '30',
  forty: '40',
  fifty: '50',
  sixty: '60',
  seventy: '70',
  eighty: '80',
  ninety: '90',
};
const smallWords = new Set(['one', 'first', 'second']);

/** Numbers of a text in one spelling: digits without separators, number words as digits. "One" is left out: it is mostly a pronoun; so are the marks of a list ("2. Then"). */
export function numbersIn(list: string): string[] {
  const text = list.replace(/(^|[\n:.][^\S\n]{0,3})\d{1,2}[.)]\s{1,8}(?=["“*]{0,4}\p{Lu})/gu, '$1');
  const digits = (text.replace(/(\d)[,\u00a0\u202f ](?=\d{3}\b)/g, '$1').match(/\d+(?:\.\d+)?/g) ?? []).map((n) =>
    n.replace(/^0+(?=\d)/, ''),
  );
  const words = (text.toLowerCase().match(/[a-z]+/g) ?? []).flatMap((word) => (smallWords.has(word) ? [] : (numberWords[word] ?? [])));
  return [...digits, ...words];
}

const notNames = new Set(
  (
    'i a an the this that these those it its he she they we you his her their our my your in on at to of for from by with as and or but so if when while after before ' +
    'there here what which who whom whose why how yes no not one also today now then however although because since during every each all some many most more both ' +
    'answer question text summary sentence note overall additionally finally first second next another other only even such'
  ).split(' '),
);

/** Capitalised words that look like names: not at a sentence's beginning, or at one if the word does not also occur in small letters there; no common openers. */
export function namesIn(text: string): string[] {
  const found = new Set<string>();
  for (const sentence of text.split(/(?<=[.!?:])\s+|\n+/)) {
    const words = sentence.match(/\p{L}[\p{L}'’-]*/gu) ?? [];
    words.forEach((word, i) => {
      const bare = word.replace(/['’]s$/, '');
      if (i === 0 || !/^\p{Lu}/u.test(bare) || bare.length < 2 || notNames.has(bare.toLowerCase())) return;
      found.add(bare);
    });
  }
  return [...found];
}

export interface Unsupported {
  readonly names: readonly string[];
  readonly numbers: readonly string[];
}

const stem = (word: string): string => word.toLowerCase().replace(/(?:'s|’s|es|s|n|an|ian|ish)$/u, '');

/** Names and numbers of `answer` that `source` (text and question) does not hold. Inflected names count as held ("Swedes" for "Swede"). */
export function unsupportedIn(answer: string, source: string): Unsupported {
  const words = new Set((source.match(/\p{L}[\p{L}'’-]*/gu) ?? []).flatMap((word) => [word.toLowerCase(), stem(word)]));
  const numbers = new Set(numbersIn(source));
  return {
    names: namesIn(answer).filter((name) => !words.has(name.toLowerCase()) && !words.has(stem(name))),
    numbers: [...new Set(numbersIn(answer))].filter((number) => !numbers.has(number)),
  };
}

/** Share of the answer's word trigrams that the source holds: 1 is a copy. null for fewer than three words. */
export function copiedShare(answer: string, source: string): number | null {
  const grams = (text: string): string[] => {
    const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    return words.slice(2).map((_, i) => words.slice(i, i + 3).join(' '));
  };
  const own = grams(answer);
  const held = new Set(grams(source));
  return own.length === 0 ? null : own.filter((gram) => held.has(gram)).length / own.length;
}

/** Whether an answer holds the words that matter of the right one and not those of the wrong one. */
export function answersRightly(answer: string, right: string, wrong: string): boolean {
  const content = (text: string): string[] =>
    normalised(text)
      .split(' ')
      .filter(
        (word) => /\d/.test(word) || (word.length > 2 && !/^(?:with|from|because|that|they|was|were|her|his|for|its|and)$/.test(word)),
      );
  const [own, other] = [content(right), content(wrong).filter((word) => !content(right).includes(word))];
  const held = own.filter((word) => mentions(answer, word)).length;
  const astray = other.filter((word) => mentions(answer, word)).length;
  return held >= Math.max(1, own.length * 0.6) && astray < Math.max(1, other.length * 0.6);
}
