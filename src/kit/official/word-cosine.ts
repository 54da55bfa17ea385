import { functionWords, wordsOf } from '../language.ts';

const common = functionWords.en;

/** Counts of a text's content words (stems of six letters, pairs of Chinese characters). */
function counts(text: string): Map<string, number> {
  const latin = wordsOf(text).filter((word) => /^[a-z0-9]/i.test(word) && !common?.has(word));
  const han = [...(text.match(/[\u3400-\u9fff]+/g) ?? [])].flatMap((run) =>
    Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2)),
  );
  const out = new Map<string, number>();
  for (const mark of [...latin.map((word) => word.slice(0, 6)), ...han]) out.set(mark, (out.get(mark) ?? 0) + 1);
  return out;
}

/** Cosine of two texts' counts of content words, 0 … 1; 0 where one has none. */
export function wordCosine(a: string, b: string): number {
  const [one, two] = [counts(a), counts(b)];
  const length = (held: Map<string, number>) => Math.sqrt([...held.values()].reduce((sum, n) => sum + n * n, 0));
  const product = [...one].reduce((sum, [mark, n]) => sum + n * (two.get(mark) ?? 0), 0);
  return product === 0 ? 0 : Math.min(1, product / (length(one) * length(two)));
}
