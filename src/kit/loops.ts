const isHan = /[\u3040-\u30ff\u3400-\u9fff]/;

/**
 * Whether a text is a loop: its end is one unit repeated (up to 11 characters four times, up to 240 characters three times, and 40 characters in all;
 * running numbers count as equal, one digit 20 times is a loop, a Chinese or Japanese character as two), one sentence or line comes back in more than half of at least six, or hardly
 * any word or four-word sequence is new. `cut`: the text was stopped at its budget; then two times are enough where they are three quarters of it.
 */
export function loopsIn(text: string, cut = false): boolean {
  const tail = `${text
    .replace(/\ufffd+$/, '')
    .trim()
    .toLowerCase()
    .replace(/\d+/g, '0')
    .replace(/\s+/g, ' ')} `;
  if (/(\d)\1{19}$/.test(text.trim())) return true;
  return repeatsAtEnd(tail, cut) || repeatsAtEnd(tail.trimEnd(), cut) || repeatsLines(text) || saysNothingNew(tail);
}

/** Longer texts are read at their end only: a loop goes on to the end. */
const looked = 4000;

function repeatsAtEnd(text: string, cut: boolean): boolean {
  if (/^[\d\s.,:;|%$()+-]*$/.test(text)) return text.length > 120;
  const tail = text.slice(-looked);
  const wide = isHan.test(tail) ? 2 : 1;
  for (let unit = 1; unit <= Math.min(240, tail.length / 2); unit++) {
    let run = 0;
    for (let i = tail.length - 1 - unit; i >= 0 && tail.charCodeAt(i) === tail.charCodeAt(i + unit); i--) run++;
    const length = run + unit;
    if (length * wide >= 40 && length >= unit * (unit * wide < 12 ? 4 : 3)) return true;
    if (cut && unit * wide >= 12 && length >= unit * 2 && length >= tail.length * 0.75) return true;
  }
  return false;
}

/** Letters of a line that counts. */
const shortest = 12;

function repeatsLines(text: string): boolean {
  if (text.length < 6 * shortest) return false;
  const lines = text
    .split(/(?<=[.!?])\s+|(?<=[。\uff01\uff1f])|\n+/)
    .map((line) =>
      line
        .toLowerCase()
        .replace(/[^\p{L}]+/gu, ' ')
        .trim(),
    )
    .filter((line) => line.length >= shortest);
  if (lines.length < 6) return false;
  return lines.length - new Set(lines).size > lines.length / 2;
}

function saysNothingNew(tail: string): boolean {
  const words = isHan.test(tail) ? (tail.match(/\p{L}/gu) ?? []) : (tail.match(/[\p{L}\p{N}']+/gu) ?? []);
  if (words.length >= 30 && new Set(words).size / words.length < 0.15) return true;
  if (words.length < 60) return false;
  const grams = words.slice(3).map((_, i) => words.slice(i, i + 4).join(' '));
  return new Set(grams).size / grams.length < 0.4;
}
