/** Seeded, pure perturbations of English text that leave its meaning alone. Numbers, number words and negations are never touched. */
import { oneOf, randomOf, shuffled } from './random.ts';

export interface PerturbOptions {
  /** Words that must survive as they are, besides numbers, number words and negations (compared without case). */
  readonly keep?: readonly string[];
  /** Share of the words that may change which do; at least one does. */
  readonly rate?: number;
}
/** A text and a seed in, the changed text out; the text itself where nothing could be changed. */
export type Perturbation = (text: string, seed: number | string, options?: PerturbOptions) => string;

const negations =
  'no not never none nor neither nothing nobody nowhere without cannot except unless hardly barely least less only but false true yes'.split(
    ' ',
  );
const numberWords = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty ' +
  'thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half third quarter first second once twice double both'
).split(' ');
const fixed = new Set([...negations, ...numberWords]);

/** Whether a word carries a number or a negation, so that changing it could change the meaning. */
export function bearsMeaning(word: string, keep: readonly string[] = []): boolean {
  const bare = word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  if (/\p{N}/u.test(bare) || /n['’]t$/.test(bare)) return true;
  return bare.split('-').some((part) => fixed.has(part)) || keep.some((kept) => kept.toLowerCase() === bare);
}

/** Changes a share of the words that `can` allows by `change`, leaving white space and every other word as they are. */
function inWords(
  text: string,
  seed: number | string,
  change: (word: string, random: () => number) => string,
  options: WordOptions,
): string {
  const random = randomOf(seed);
  const parts = text.split(/(\s+)/);
  const able = parts.flatMap((part, i) => (options.can(part) && !bearsMeaning(part, options.keep) ? [i] : []));
  const count = Math.max(1, Math.round(able.length * (options.rate ?? 0.5)));
  for (const i of shuffled(able, random).slice(0, count)) parts[i] = change(parts[i] as string, random);
  return parts.join('');
}
interface WordOptions extends PerturbOptions {
  readonly can: (word: string) => boolean;
}

const letters = (word: string): number => word.match(/\p{L}/gu)?.length ?? 0;
const isLong = (word: string): boolean => letters(word) >= 4;

const neighbours: Readonly<Record<string, string>> = {
  a: 'sq',
  b: 'vn',
  c: 'xv',
  d: 'sf',
  e: 'wr',
  f: 'dg',
  g: 'fh',
  h: 'gj',
  i: 'uo',
  j: 'hk',
  k: 'jl',
  l: 'k',
  m: 'n',
  n: 'bm',
  o: 'ip',
  p: 'o',
  q: 'w',
  r: 'et',
  s: 'ad',
  t: 'ry',
  u: 'yi',
  v: 'cb',
  w: 'qe',
  x: 'zc',
  y: 'tu',
  z: 'x',
};

/** One slip inside a word, its first letter and its end kept: two letters swapped, one doubled, one left out, or a neighbouring key. */
function slip(word: string, random: () => number): string {
  const at = 1 + Math.floor(random() * (word.length - 3));
  const [here = '', next = ''] = [word[at], word[at + 1]];
  if (!/[a-z]/i.test(here) || !/[a-z]/i.test(next)) return word.slice(0, at) + here + word.slice(at);
  const kind = here === next ? 1 + Math.floor(random() * 3) : Math.floor(random() * 4);
  if (kind === 0) return word.slice(0, at) + next + here + word.slice(at + 2);
  if (kind === 1) return word.slice(0, at) + here + word.slice(at);
  if (kind === 2) return word.slice(0, at) + word.slice(at + 1);
  return word.slice(0, at) + oneOf([...(neighbours[here.toLowerCase()] ?? here)], random) + word.slice(at + 1);
}

/** Words that a slip easily makes out of others (bind of blind, form of from): a reader would not undo those. */
const otherWords = new Set(
  (
    'bind bead pant pants cost fiend steam form from angle angel quite quiet trial trail diary dairy sing wing ling bred bed beat bear bar tar wear were where three there then than ' +
    'think thing tin ten tan ham hat hot hit pot pit pint paint pain pan plan plat pal pale sale sole pole hole hose house horse nose noise rise rice race trace tree tee toe tie ' +
    'die dine diner dinner tinner thick stick sick slick stag stage sage snag slat salt slate sate state stat start star stay sty stop step seep sheep ship shop shoe shore short ' +
    'shot shut shirt skirt skin skim swim sim son sun soon spoon spin pin pain rain ran grin gran grain rand brand bran band hand had head heard hear heart heat wheat what hat ' +
    'chat cat coat boat bot boot book brook broom room root rot cot coot cook crook crock rock clock lock lack black back bake brake bark dark drank drink dink desert dessert ' +
    'loose lose lost list lit lift life live love lover cover over oven even every very vary wary way say sea seat set let leg beg big bug bag lag flag fag fog frog fig wig pig peg ' +
    'milk mink mint mine mind wind window widow color colon collar dollar doll dolt bolt boil oil soil spoil pool poll pull full fill fall ball bell belt melt met meat meal deal dear deer'
  ).split(' '),
);

const harmless = (change: (word: string, random: () => number) => string) => (word: string, random: () => number) => {
  for (let draw = 0; draw < 4; draw++) {
    const out = change(word, random);
    if (!bearsMeaning(out) && !otherWords.has(out.toLowerCase().replace(/[^a-z]/g, ''))) return out;
  }
  return word;
};

/** Typing slips in a third of the words of four letters or more; never one that makes another number or a negation. */
export const typos: Perturbation = (text, seed, options = {}) =>
  inWords(text, seed, harmless(slip), { rate: 0.35, ...options, can: isLong });

/** The whole text in small letters, in capitals, or in alternating case. Words to keep are as they were. */
export const casing: Perturbation = (text, seed, options = {}) => {
  const way = Math.floor(randomOf(seed)() * 3);
  const out = cased(text, way, options.keep);
  return out === text ? cased(text, 1, options.keep) : out;
};

function cased(text: string, way: number, keep: readonly string[] = []): string {
  let turn = 0;
  const change = (word: string): string => {
    if (way === 0) return word.toLowerCase();
    if (way === 1) return word.toUpperCase();
    return [...word].map((c) => (/\p{L}/u.test(c) && turn++ % 2 === 1 ? c.toUpperCase() : c.toLowerCase())).join('');
  };
  const stays = (word: string): boolean => keep.length > 0 && bearsMeaning(word, keep) && !bearsMeaning(word);
  return text
    .split(/(\s+)/)
    .map((part) => (stays(part) ? part : change(part)))
    .join('');
}

/** Spaces lost between words, put into words, or doubled. */
export const spacing: Perturbation = (text, seed, options = {}) => {
  const random = randomOf(seed);
  const parts = text.split(/(\s+)/);
  const stays = (part: string | undefined): boolean => part === undefined || part === '' || bearsMeaning(part, options.keep);
  const gaps = parts.flatMap((part, i) => (/^\s+$/.test(part) ? [i] : []));
  const chosen = new Set(shuffled(gaps, random).slice(0, Math.max(1, Math.round(gaps.length * (options.rate ?? 0.35)))));
  return parts
    .map((part, i) => {
      if (!chosen.has(i)) return part;
      const kind = Math.floor(random() * 3);
      return kind === 0 && !stays(parts[i - 1]) && !stays(parts[i + 1]) ? '' : `${part}${' '.repeat(1 + kind)}`;
    })
    .map((part, i) =>
      /^\s*$/.test(part) || !isLong(part) || stays(parts[i]) || random() > 0.2 ? part : `${part.slice(0, 2)} ${part.slice(2)}`,
    )
    .join('');
};

const misreadings: readonly (readonly [string, string])[] = [
  ['rn', 'm'],
  ['m', 'rn'],
  ['cl', 'd'],
  ['d', 'cl'],
  ['l', '1'],
  ['i', '1'],
  ['o', '0'],
  ['s', '5'],
  ['e', 'c'],
  ['h', 'b'],
  ['w', 'vv'],
  ['g', '9'],
  ['t', 'f'],
];

/** One misreading of a scanner in a word: rn for m, 1 for l, 0 for o … */
function misread(word: string, random: () => number): string {
  const able = misreadings.flatMap(([from, to]) => {
    const at = word.indexOf(from, 1);
    return at > 0 ? [[at, from, to] as const] : [];
  });
  if (able.length === 0) return word;
  const [at, from, to] = oneOf(able, random);
  return word.slice(0, at) + to + word.slice(at + from.length);
}

/** Scanning errors in half of the words of three letters or more, never in the first letter. */
export const ocr: Perturbation = (text, seed, options = {}) =>
  inWords(text, seed, misread, { rate: 0.5, ...options, can: (word) => letters(word) >= 3 });

const lookAlikes: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  j: 'ј',
  o: 'о',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
  A: 'А',
  B: 'В',
  C: 'С',
  E: 'Е',
  H: 'Н',
  K: 'К',
  M: 'М',
  O: 'О',
  P: 'Р',
  T: 'Т',
  X: 'Х',
};
const latin = new Map(Object.entries(lookAlikes).map(([a, b]) => [b, a]));

/** Latin letters replaced by Cyrillic ones that look the same. */
export const homoglyphs: Perturbation = (text, seed, options = {}) =>
  inWords(text, seed, (word) => [...word].map((c) => lookAlikes[c] ?? c).join(''), {
    rate: 0.4,
    ...options,
    can: (word) => letters(word) >= 2 && [...word].some((c) => c in lookAlikes),
  });

/** The Latin text that `homoglyphs` was made from. */
export const withoutHomoglyphs = (text: string): string => [...text].map((c) => latin.get(c) ?? c).join('');

/** The options rotated left by `turn`, with where the one at `key` went. */
export function rotated<T>(options: readonly T[], turn: number, key = 0): { readonly options: T[]; readonly key: number } {
  const n = options.length;
  const by = ((turn % n) + n) % n;
  return { options: [...options.slice(by), ...options.slice(0, by)], key: (key - by + n) % n };
}
