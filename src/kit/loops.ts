/** Whether a text is a loop: one unit of 1–60 characters repeated to the end, four times and 40 characters or more, or almost no distinct words. */
export function loopsIn(text: string): boolean {
  const tail = text.trimEnd();
  for (let unit = 1; unit <= Math.min(60, tail.length >> 2); unit++) {
    let run = 0;
    for (let i = tail.length - 1 - unit; i >= 0 && tail[i] === tail[i + unit]; i--) run++;
    if (run + unit >= Math.max(40, unit * 4)) return true;
  }
  const words = tail.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length >= 30 && new Set(words).size / words.length < 0.15;
}
