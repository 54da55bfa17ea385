const isHan = /[\u3040-\u30ff\u3400-\u9fff]/;

/**
 * Whether a text is a loop: its end is one unit repeated (up to 60 characters four times and 40 characters in all, up to 240 characters three times;
 * running numbers count as equal), one sentence or line comes back in more than half of at least six, or hardly any word or four-word sequence is new.
 */
export function loopsIn(text: string): boolean {
  const tail = `${text.trim().toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ')} `;
  return repeatsAtEnd(tail) || repeatsAtEnd(tail.trimEnd()) || repeatsLines(text) || saysNothingNew(tail);
}

function repeatsAtEnd(tail: string): boolean {
  if (/^[\d\s.,:;|%$()+-]*$/.test(tail)) return tail.length > 120;
  for (let unit = 1; unit <= Math.min(240, tail.length / 3); unit++) {
    let run = 0;
    for (let i = tail.length - 1 - unit; i >= 0 && tail[i] === tail[i + unit]; i--) run++;
    if (run + unit >= Math.max(40, unit * (unit <= 60 ? 4 : 3))) return true;
  }
  return false;
}

function repeatsLines(text: string): boolean {
  const lines = text
    .split(/(?<=[.!?])\s+|(?<=[。\uff01\uff1f])|\n+/)
    .map((line) =>
      line
        .toLowerCase()
        .replace(/[^\p{L}]+/gu, ' ')
        .trim(),
    )
    .filter((line) => line.length >= 12);
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
