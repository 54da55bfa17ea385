/** Seeded, pure perturbations of English wording: synonyms and dialect. Numbers, number words, negations and proper names are never touched. */
import { bearsMeaning, type Perturbation } from './perturb.ts';
import { randomOf, shuffled } from './random.ts';

/** Words of questions and reviews with others that can stand in their place; a phrase is matched whole. */
const equals: readonly (readonly [string, string])[] = [
  ['which', 'what'],
  ['people', 'human beings'],
  ['person', 'human being'],
  ['children', 'kids'],
  ['usually', 'normally'],
  ['mostly', 'for the most part'],
  ['mainly', 'chiefly'],
  ['begins', 'starts'],
  ['largest', 'biggest'],
  ['biggest', 'largest'],
  ['smallest', 'tiniest'],
  ['fastest', 'quickest'],
  ['known for', 'famous for'],
  ['famous for', 'well known for'],
  ['made from', 'produced from'],
  ['made of', 'composed of'],
  ['animal', 'creature'],
  ['airplane', 'aircraft'],
  ['automobile', 'car'],
  ['fixes', 'repairs'],
  ['living in', 'dwelling in'],
  ['use to', 'employ to'],
  ['used to', 'employed to'],
  ['house', 'home'],
  ['food', 'nourishment'],
  ['country', 'nation'],
  ['right after', 'directly after'],
  ['right before', 'directly before'],
  ['ended', 'finished'],
  ['part of', 'portion of'],
  ['sick people', 'ill people'],
  ['takes care of', 'looks after'],
  ['wonderful', 'marvelous'],
  ['terrible', 'awful'],
  ['very', 'really'],
  ['happy', 'glad'],
  ['angry', 'furious'],
  ['measures', 'gauges'],
  ['closest', 'nearest'],
  ['covers', 'blankets'],
  ['covered', 'blanketed'],
  ['pulls', 'draws'],
  ['lies', 'is situated'],
  ['collect', 'gather'],
  ['invented', 'devised'],
  ['painted', 'created'],
  ['composed', 'created'],
  ['ship', 'vessel'],
  ['bird', 'winged creature'],
];

/** Words and phrases replaced by others of the same meaning, from a fixed table; names such as White House stay. The text itself where none occurs. */
export const synonyms: Perturbation = (text, seed, options = {}) => {
  const random = randomOf(seed);
  const keep = (options.keep ?? []).map((word) => word.toLowerCase());
  const found = equals.filter(([from]) => !keep.includes(from) && new RegExp(`\\b${from}\\b`, 'i').test(text));
  const chosen = shuffled(found, random).slice(0, Math.max(1, Math.round(found.length * (options.rate ?? 1))));
  const words = new Map(chosen);
  if (words.size === 0) return text;
  const pattern = new RegExp(`\\b(an? )?(${[...words.keys()].sort((a, b) => b.length - a.length).join('|')})\\b(?!['’])`, 'gi');
  return text.replace(pattern, (all, article: string | undefined, match: string, at: number) => {
    const to = words.get(match.toLowerCase()) ?? match;
    const isFirst = at === 0 || /[.!?:]\s+$/.test(text.slice(0, at));
    // A capital inside a sentence is a name's; "which" after the first words joins clauses.
    if ((/^\p{Lu}/u.test(match) && !isFirst) || (match.toLowerCase() === 'which' && at > 12)) return all;
    const said = /^\p{Lu}/u.test(match) ? to.charAt(0).toUpperCase() + to.slice(1) : to;
    return article ? `${article.charAt(0)}${/^[aeiou]/i.test(to) ? 'n' : ''} ${said}` : said;
  });
};

type Variety = (text: string, stays: (word: string) => boolean) => string;

const pairsOf = (pairs: string): ReadonlyMap<string, string> =>
  new Map(pairs.split(' ').map((pair) => pair.split('/') as [string, string]));

const southern = pairsOf(
  "you/y'all your/y'all's people/folks children/younguns those/them very/right mother/mama father/daddy about/'bout and/an' of/o'",
);
const scots = pairsOf(
  "what/whit who/wha where/whaur do/dae does/daes you/ye your/yer of/o' with/wi' from/frae to/tae and/an' have/hae down/doon out/oot about/aboot around/aroond small/wee little/wee children/bairns old/auld more/mair make/mak take/tak called/cried",
);
const london = pairsOf(
  "you/ya your/yer have/'ave has/'as house/'ouse home/'ome head/'ead hair/'air hear/'ear hot/'ot horse/'orse help/'elp hands/'ands of/o' and/an' them/'em thing/fing things/fings think/fink with/wiv mother/muvver father/favver",
);

const inTable = (word: string, table: ReadonlyMap<string, string>): string => {
  const bare = /^\P{L}*(\p{L}+)\P{L}*$/u.exec(word)?.[1];
  const to = bare && table.get(bare.toLowerCase());
  if (!bare || !to) return word;
  return word.replace(bare, /^\p{Lu}/u.test(bare) ? to.replace(/\p{L}/u, (c) => c.toUpperCase()) : to);
};
/** -ing as -in', in words of two syllables or more. */
const droppedG = (word: string): string => (/[aeiouy][^\s]*[^\s]ing\b/i.test(word) ? word.replace(/ing\b/i, "in'") : word);

const isCapital = (word: string | undefined): boolean => /^\P{L}*\p{Lu}/u.test(word ?? '');
/** Whether the word at `i` belongs to a name: it has a capital inside the sentence, or stands between two that have one. */
const inName = (words: readonly string[], i: number): boolean =>
  i > 0 && (isCapital(words[i]) || (isCapital(words[i - 2]) && isCapital(words[i + 2])));

const spoken =
  (table: ReadonlyMap<string, string>): Variety =>
  (text, stays) =>
    text
      .split(/(\s+)/)
      .map((word, i, words) => (stays(word) || inName(words, i) ? word : droppedG(inTable(word, table))))
      .join('');

const withDo =
  /^((?:(?:in|on|at|from|with|for|to|by) )?(?:what|which|who|where|when|why|how)(?: [\p{L}-]+){0,5}?) (?:do|does|did) (?!not\b)(.+)$/iu;
const withBe =
  /^((?:(?:in|on|at|from) )?(?:what|which|who|where|when|how)(?: [\p{L}-]+){0,2}?) (is|are|was|were) ((?:the|a|an|our|its|my|most) (?:(?!\b(?:when|that|which|who|where|because|before|after|called|made|not)\b).)+?)([?.!]*)$/iu;
/** No inversion and no auxiliary "do" in questions that begin with a question word (features 227–229 of eWAVE). */
const plainOrder: Variety = (text, stays) => {
  const done = withDo.exec(text);
  if (done && !stays(done[1] ?? '')) return `${done[1]} ${done[2]}`;
  const been = withBe.exec(text);
  return been && !stays(been[2] ?? '') && !/\b(?:from|of|in|with|by)$/.test(been[3] ?? '')
    ? `${been[1]} ${been[3]} ${been[2]}${been[4]}`
    : text;
};

const varieties: readonly Variety[] = [spoken(southern), spoken(scots), spoken(london), plainOrder];

/**
 * The text as speakers of one variety of English might say or write it: southern American, Scots, London, or with the plain word order of many new
 * Englishes ("What color fresh snow is?"). Rules after Multi-VALUE (Ziems et al. 2023, arXiv:2212.08011) and eWAVE (Kortmann et al. 2020). Light:
 * spelling, a few words, word order. The text itself where no variety changes it.
 */
export const dialect: Perturbation = (text, seed, options = {}) => {
  const keep = (options.keep ?? []).map((word) => word.toLowerCase());
  const stays = (word: string): boolean => bearsMeaning(word, keep);
  for (const variety of shuffled(varieties, randomOf(seed))) {
    const out = variety(text, stays);
    if (out !== text) return out;
  }
  return text;
};
