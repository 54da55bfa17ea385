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
  return /[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/.test(n) ? t.includes(n) : ` ${t} `.includes(` ${n} `);
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
    new RegExp(`(?:答案|选项|选择|应选|选)(?:是|为)?\\s*[::]?\\s*[((【]*([${letters}])(?![A-Za-z])`),
  ];
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match?.[1]) return letters.indexOf(match[1].toUpperCase());
  }
  return null;
}
