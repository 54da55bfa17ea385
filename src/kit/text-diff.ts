/** Word-level difference of two texts (longest common subsequence). Pure. */

export interface Piece {
  readonly text: string;
  /** 'same', or only in the first ('gone') or the second ('new'). */
  readonly kind: 'same' | 'gone' | 'new';
}

const most = 600;
const wordsOf = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu)?.slice(0, most) ?? [];

/** Lengths of the longest common subsequence of the tails, row by row. */
function tails(a: readonly string[], b: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = table[i] as Uint16Array;
      const below = table[i + 1] as Uint16Array;
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  return table;
}

/** Pieces that give the first text without 'new' and the second without 'gone'; at most the first 600 words of each. */
export function textDiff(first: string, second: string): Piece[] {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  const table = tails(a, b);
  const pieces: { text: string; kind: Piece['kind'] }[] = [];
  const add = (kind: Piece['kind'], text: string) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add('same', a[i] ?? '');
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))) add('gone', a[i++] ?? '');
    else add('new', b[j++] ?? '');
  }
  return pieces;
}
