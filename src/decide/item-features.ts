/** What items say of themselves and what a fleet answered, as columns of numbers. Pure. */
import { hashOf } from '../kit/random.ts';
import type { Item } from '../types.ts';
import type { Fleet } from './fleet-values.ts';

const mostFactors = 6;
/** A field of more values than this is read as text as well. */
const fewValues = 12;
export const wordDimensions = 32;

export interface Features {
  readonly n: number;
  /** Values from 0 of each factor, one array a factor. */
  readonly factors: readonly Int32Array[];
  /** Standardised answers of the fleet, and their other figures by ranks: n × k, row by row. */
  readonly answers: Table;
  readonly further: Table;
  readonly words: Table;
}

/** k columns of n, one after the other. */
export interface Table {
  readonly k: number;
  readonly n: number;
  readonly at: Float64Array;
}

export function featuresOf(items: readonly Item[], fleet: Fleet): Features {
  const { factors, texts } = fieldsOf(items);
  return {
    n: items.length,
    factors,
    answers: tableOf(fleet.answers.map((column) => standardised(items.map(({ id }) => column.get(id) ?? null)))),
    further: tableOf(fleet.further.map((column) => standardised(ranked(items.map(({ id }) => column.get(id) ?? null))))),
    words: wordsOf(texts),
  };
}

/** Fields with few values are factors, the texts of the others are words. Fields of our own making (id, lang) tell nothing. */
function fieldsOf(items: readonly Item[]): { factors: Int32Array[]; texts: string[] } {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((name) => name !== 'id' && name !== 'lang');
  const first = ['stratum', 'group', 'cluster'];
  names.sort((a, b) => rankOf(first, a) - rankOf(first, b));
  const seen = new Set<string>();
  const texts = items.map(() => '');
  const factors: Int32Array[] = [];
  for (const name of names) {
    const shown = items.map((item) => plain((item as unknown as Record<string, unknown>)[name]));
    const { codes, count } = numbered(shown);
    const key = codes.join();
    if (count > 1 && count <= items.length / 2) {
      if (!seen.has(key) && factors.length < mostFactors) factors.push(codes);
      seen.add(key);
    }
    if (count > fewValues) for (const [i, text] of shown.entries()) texts[i] = `${texts[i]} ${text}`;
  }
  return { factors, texts };
}

const rankOf = (first: readonly string[], name: string): number => (first.indexOf(name) + first.length + 1) % (first.length + 1);
const plain = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function numbered(names: readonly string[]): { codes: Int32Array; count: number } {
  const numbers = new Map<string, number>();
  for (const name of names) if (!numbers.has(name)) numbers.set(name, numbers.size);
  return { codes: Int32Array.from(names, (name) => numbers.get(name) as number), count: numbers.size };
}

/** Mean 0, variance 1; unknown values at the mean. Null without spread. */
function standardised(values: readonly (number | null)[]): Float64Array | null {
  const known = values.filter((v): v is number => v !== null);
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  const sd = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / known.length);
  return sd > 1e-9 ? Float64Array.from(values, (v) => (v === null ? 0 : (v - mean) / sd)) : null;
}

function ranked(values: readonly (number | null)[]): (number | null)[] {
  const sorted = values.filter((v): v is number => v !== null).sort((a, b) => a - b);
  const at = new Map(sorted.map((v, i) => [v, i]));
  return values.map((v) => (v === null ? null : (at.get(v) as number)));
}

function tableOf(columns: readonly (Float64Array | null)[]): Table {
  const used = columns.filter((column) => column !== null);
  const [k, n] = [used.length, used[0]?.length ?? 0];
  const at = new Float64Array(n * k);
  for (const [c, column] of used.entries()) at.set(column, c * n);
  return { k, n, at };
}

/** Words and pairs of neighbours (of CJK texts, characters), hashed to signed coordinates, rarer ones heavier; unit length. */
function wordsOf(texts: readonly string[]): Table {
  const n = texts.length;
  if (texts.every((text) => text === '')) return { k: 0, n, at: new Float64Array() };
  const bags = texts.map((text) => {
    const words = text.toLowerCase().match(/[\p{Script=Han}]|[\p{L}\p{N}]+/gu) ?? [];
    return new Set([...words, ...words.slice(1).map((word, i) => `${words[i]} ${word}`)]);
  });
  const often = new Map<string, number>();
  for (const bag of bags) for (const word of bag) often.set(word, (often.get(word) ?? 0) + 1);
  const at = new Float64Array(n * wordDimensions);
  bags.forEach((bag, i) => {
    const row = new Float64Array(wordDimensions);
    for (const word of bag) {
      const times = often.get(word) as number;
      if (times < 2 || times === texts.length) continue;
      const h = hashOf(word);
      row[(h >>> 1) % wordDimensions] = (row[(h >>> 1) % wordDimensions] as number) + (h & 1 ? 1 : -1) * Math.log(texts.length / times);
    }
    const length = Math.hypot(...row);
    if (length > 0) for (const [d, v] of row.entries()) at[d * n + i] = v / length;
  });
  return { k: wordDimensions, n, at };
}

/** The features of some items alone. */
export function partOf({ factors, answers, further, words }: Features, chosen: readonly number[]): Features {
  const n = chosen.length;
  const table = ({ k, n: all, at }: Table): Table => ({
    k,
    n,
    at: Float64Array.from({ length: k * n }, (_, x) => at[Math.floor(x / n) * all + (chosen[x % n] as number)] as number),
  });
  return {
    n,
    factors: factors.map((codes) => Int32Array.from(chosen, (i) => codes[i] as number)),
    answers: table(answers),
    further: table(further),
    words: table(words),
  };
}
