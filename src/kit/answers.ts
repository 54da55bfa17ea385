/** Reading short answers out of generated text. */

/** Lower case, NFKC, punctuation and articles removed, white space collapsed: the usual normal form of exact-match scoring (SQuAD, Rajpurkar et al. 2016). */
export function normalised(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]+/gu, ' ')
    .replace(/\b(a|an|the)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether `needle` occurs in `text` as whole words, both normalised (Chinese, Japanese and Thai: as a substring). */
export function mentions(text: string, needle: string): boolean {
  const n = normalised(needle);
  if (n === '') return false;
  const t = normalised(text);
  if (/[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/.test(n)) return t.includes(n);
  // A number or a Latin word inside Chinese text has no blanks around it.
  return ` ${t.replace(/[\u3400-\u9fff]+/g, ' ')} `.replace(/\s+/g, ' ').includes(` ${n} `);
}

/** Index of the highest number (the first of equals); null when there is none or one is not finite. */
export function argmax(values: readonly (number | null)[]): number | null {
  let best: number | null = null;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === null || v === undefined || Number.isNaN(v)) return null;
    if (best === null || v > (values[best] as number)) best = i;
  }
  return best;
}

/** The letter (A, B, …) that an answer names first, as an index below `count`; null when it names none or contradicts itself at once. */
export function letterIn(text: string, count: number): number | null {
  const letters = 'ABCDEFGHIJ'.slice(0, count);
  const patterns = [
    new RegExp(`^\\s*[("'\\[*]*([${letters}])(?![A-Za-z'])`),
    new RegExp(`\\\\boxed\\{\\s*(?:\\\\text\\{)?([${letters}])`),
    new RegExp(
      `\\b(?:answer|option|choice|choose|pick)\\b(?:\\s+(?:is|would be|should be))?\\s*:?\\s*[("'\\[*]*([${letters}])(?![A-Za-z'])`,
      'i',
    ),
    new RegExp(`(?:答案|选项|选择|应选|选)(?:是|为)?\\s*[:\uff1a]?\\s*[(\uff08【]*([${letters}])(?![A-Za-z])`),
  ];
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match?.[1]) return letters.indexOf(match[1].toUpperCase());
  }
  return null;
}

const yesLead =
  /^(?:yes|yeah|yep|correct|true|right|sure|certainly|absolutely|indeed|definitely|of course)\b|^(?:是的?|对的?|会的?|能够?|可以|有的?|没错|正确|当然|确实)(?![不没])/i;
const noLead = /^(?:no|nope|not|false|incorrect|never|wrong|untrue)\b|^(?:不|否|没有|不是|不会|不能|错|并非|没|假)/i;
const debunks =
  /\b(?:myth|misconception|hoax|false|incorrect|untrue|no (?:\w+ )?(?:evidence|proof|basis)|not (?:true|correct|accurate))\b|谣言|误解|误区|没有(?:任何)?(?:科学)?(?:证据|依据|根据)|不正确|不准确|不属实|错误/i;
const affirms =
  /\b(?:is|are) (?:true|correct|right)\b|\b(?:is|are|was|were|do|does|did|can|will) indeed\b|(?:说法|观点)?是(?:正确|对|真)的/i;
const negates = /\b(?:not|never|no|none|cannot|nor|neither|nothing)\b|n't\b|[不没无]|并非/i;

/**
 * What a generated answer says to a yes/no question: true, false, or null where it cannot be told (hedged, a question back, something else). Reads a
 * leading yes or no, then whether the first statement debunks, affirms, negates or restates the question. English and Chinese.
 */
export function yesNoIn(text: string, question: string): boolean | null {
  const sentences = text
    .replace(/[*"“”'‘’]/g, (c) => (c === "'" || c === '’' ? "'" : ''))
    .split(/(?<=[.!?])\s+|(?<=[。\uff01\uff1f])|\n+/)
    .map((s) => s.replace(/^\s*(?:answer|a|答案|答|回答)\s*[:\uff1a]\s*/i, '').trim())
    .filter((s) => /[\p{L}]/u.test(s) && !/[?\uff1f]$/.test(s));
  const first = sentences[0];
  if (first === undefined || /\b(?:yes or no|it depends)\b|[“"]?是[”"]?(?:或|还是)[“"]?不?是?|看情况/i.test(first)) return null;
  if (noLead.test(first)) return false;
  if (yesLead.test(first)) return true;
  if (debunks.test(first) && !/\bnot (?:a|an) (?:myth|misconception|hoax)\b/i.test(first)) return false;
  if (!restates(first, question)) return affirms.test(first) ? true : null;
  // What follows a "but" or stands before the main clause qualifies the statement; it does not make it.
  const main =
    first.replace(/^(?:while|although|though)\b[^,]*,\s*/i, '').split(/,?\s+(?:but|however|although|though|yet)\b|\uff0c但/i)[0] ?? first;
  if (affirms.test(main)) return true;
  return negates.test(main) === negates.test(question.replace(/[吗呢]/g, ''));
}

/** Whether a sentence takes up half of a question's words (pairs of Chinese characters). */
function restates(sentence: string, question: string): boolean {
  const marks = (text: string): string[] => {
    const han = text.match(/[\u3400-\u9fff]/g) ?? [];
    if (han.length > text.length / 4) return han.slice(1).map((c, i) => `${han[i]}${c}`);
    return (text.toLowerCase().match(/[a-z0-9]{4,}/g) ?? []).map((w) => w.slice(0, 5));
  };
  const asked = new Set(marks(question));
  const said = new Set(marks(sentence));
  return asked.size > 0 && [...asked].filter((m) => said.has(m)).length >= asked.size / 2;
}

/** Whether an answer abstains: says that it does not know, cannot tell, or that nobody can. English and Chinese; refusals are another matter (`refusalIn`). */
export function abstainsIn(text: string): boolean {
  const plain = text.replace(/[\u2018\u2019]/g, "'");
  return [
    /\bi (?:do not|don't|really don't) (?:know|have (?:any |enough |that |the )?(?:information|knowledge|data|details)|recall|remember)\b|\bi(?:'m| am) not (?:sure|certain|aware|familiar)\b|\bi have no (?:idea|information|knowledge|record)\b/i,
    /\b(?:not|n't|no|insufficient|lacks?) (?:\w+ )?(?:enough )?(?:information|context|details|evidence|data)\b(?! that)|\b(?:cannot|can't|could not|can not) (?:be )?(?:determined?|tell|know|say|verify|confirm|answered?|find|established?)\b/i,
    /\b(?:is|are|was|remains?) (?:unknown|unclear|not known|undetermined|unanswerable|not (?:stated|mentioned|specified|given|provided|available))\b|\b(?:does not|doesn't|do not|don't) (?:say|state|mention|specify|exist|provide)\b|\b(?:no one|nobody) knows\b|^\W*(?:unknown|unanswerable|none|n\/a|not enough)\b/i,
    /我?不(?:太)?(?:知道|清楚|确定|了解)|无法(?:确定|得知|判断|回答|知道|确认|核实)|没有(?:足够|相关|提到|说明|提供|给出)[^。]{0,6}(?:信息|资料|数据|说明)?|(?:文中|原文|文章|题目)(?:没有|未)|未(?:提及|提到|说明|知)|信息不足|不存在|没人知道/,
  ].some((pattern) => pattern.test(plain));
}

/** The content of the last `\boxed{…}` (braces balanced); null when there is none. */
export function boxedIn(text: string): string | null {
  const start = text.lastIndexOf('\\boxed{');
  if (start < 0) return null;
  let depth = 0;
  for (let i = start + 6; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0)
      return text
        .slice(start + 7, i)
        .replace(/^\\text\{(.*)\}$/s, '$1')
        .trim();
  }
  return null;
}
