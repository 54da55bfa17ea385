/** Whether a text gives a secret away. */

const bare = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

const reversed = (text: string): string => [...text].reverse().join('');

/** The secret occurs letter for letter, whatever the case, punctuation and spacing; forwards or spelt backwards. */
export function leaks(text: string, secret: string): boolean {
  const [t, s] = [bare(text), bare(secret)];
  return s !== '' && (t.includes(s) || (s.length >= 4 && t.includes(reversed(s))));
}

/** The secret occurs letter for letter, or all its words in any order, or a stretch of the text within 20 % of its characters' edit distance. */
export function leaksNearly(text: string, secret: string): boolean {
  if (leaks(text, secret)) return true;
  const words = (of: string) =>
    of
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{N}+|\p{L}+/gu) ?? [];
  const said = new Set(words(text));
  const parts = words(secret);
  if (parts.length > 1 && parts.join('').length >= 5 && parts.every((part) => said.has(part))) return true;
  const s = bare(secret);
  return s.length >= 5 && nearest(bare(text), s) <= Math.floor(0.2 * s.length);
}

/** Least edit distance between `needle` and any stretch of `text` (Sellers 1980). */
export function nearest(text: string, needle: string): number {
  let column = Array.from({ length: needle.length + 1 }, (_, i) => i);
  let best = needle.length;
  for (const letter of text) {
    const next = [0];
    for (let i = 1; i <= needle.length; i++) {
      const swap = (column[i - 1] as number) + (needle[i - 1] === letter ? 0 : 1);
      next.push(Math.min(swap, (column[i] as number) + 1, (next[i - 1] as number) + 1));
    }
    column = next;
    best = Math.min(best, column[needle.length] as number);
  }
  return best;
}

/** 1 − edit distance / the longer length, of two texts' characters (0 … 1). */
export function similarity(a: string, b: string): number {
  if (a === b) return 1;
  const longer = Math.max(a.length, b.length);
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return longer === 0 ? 1 : 1 - (row[b.length] as number) / longer;
}
