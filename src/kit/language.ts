/** Which language a text is in, by script and by its commonest words. */

const scripts: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\u3040-\u30ff]/g],
  ['ko', /[\uac00-\ud7af]/g],
  ['zh', /[\u3400-\u9fff]/g],
  ['ru', /[\u0400-\u04ff]/g],
  ['ar', /[\u0600-\u06ff]/g],
  ['he', /[\u0590-\u05ff]/g],
  ['hi', /[\u0900-\u097f]/g],
  ['th', /[\u0e00-\u0e7f]/g],
  ['el', /[\u0370-\u03ff]/g],
];

const list = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Function words by language: the commonest words that carry no topic. */
export const functionWords: Readonly<Record<string, ReadonlySet<string>>> = {
  en: list(
    "the be is are was were am been being to of and a an in that have has had i it its it's for not no on with he she as you your do does did at this these those but his her by from they them we us our my me or will would there their what so up out if about who whom which when where why how can could should may might must than then too very just also only into over after before because while all any some more most other such own same each few both between through during again further once here now don't can't won't isn't doesn't i'm you're",
  ),
  fr: list(
    "le la les un une des de du et est sont dans que qui pour pas ne sur avec ce cette ces il elle nous vous je se sa son ses au aux par plus ou mais comme être avoir été fait c'est d'un d'une n'est l'on leur même on à y",
  ),
  de: list(
    'der die das und ist sind nicht ein eine einen einem einer zu den von mit für auf im in dem des sich auch es an als wie sie er wir ich ihr aus bei nach über oder aber wenn nur noch werden wird kann haben hat war durch um man sein',
  ),
  es: list(
    'el la los las un una unos unas de del y es son en que por para no con se su sus al lo como más pero o este esta estos estas fue ser ha han muy sin sobre también hay cuando donde entre si yo tú él ella nos le les me mi te',
  ),
  it: list(
    'il lo la i gli le un una uno di del della dei e è sono in che per non con si su sul come più ma o questo questa anche al alla dal dalla nel nella ha hanno essere stato molto dove quando se io tu lui lei noi voi loro mi ti ci',
  ),
  pt: list(
    'o a os as um uma uns umas de do da dos das e é são em no na nos nas que por para não com se sua seu como mais mas ou este esta isso também ao à foi ser tem muito sem sobre quando onde entre eu você ele ela nós eles lhe me te já',
  ),
};

/** The words of a text in lower case; contractions stay whole. */
export const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKC')
    .replace(/\u2019/g, "'")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+(?:'\p{L}+)*/gu) ?? [];

/**
 * ISO 639-1 code of a text's language; null when it cannot be told (too short, numbers only, mixed). Scripts decide for non-Latin text (Chinese
 * against Japanese by kana); for Latin script at least two function words and one in eight words, and more than of any other language.
 */
export function languageOf(text: string): string | null {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return null;
  for (const [code, script] of scripts) {
    const share = (text.match(script)?.length ?? 0) / letters;
    if (share > (code === 'ja' ? 0.1 : 0.4)) return code;
  }
  const words = wordsOf(text);
  const counts = Object.entries(functionWords).map(([code, known]) => ({ code, count: words.filter((w) => known.has(w)).length }));
  counts.sort((a, b) => b.count - a.count);
  const [first, second] = counts;
  if (!first || first.count < 2 || first.count / words.length < 0.125 || first.count === second?.count) return null;
  return first.code;
}

/** Share of a text's words that are English function words: about .3 to .6 in prose, near 0 in lists of nouns or gibberish. */
export function functionShare(text: string, lang = 'en'): number {
  const words = wordsOf(text);
  const known = functionWords[lang];
  return words.length === 0 || !known ? 0 : words.filter((w) => known.has(w)).length / words.length;
}
