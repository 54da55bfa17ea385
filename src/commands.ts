/** Every command and its one line; `src/commands/<name>.ts` is loaded when named (a test holds the two together). */
export const commands: Readonly<Record<string, string>> = {
  run: 'run the suites on one or more models and write a scorecard',
  score: 'score a run again from its recorded answers, without a model',
  report: 'render a finished run as a scorecard, Markdown, JSON …',
  show: 'show one item: what was asked, what came back, why it scored so',
  list: 'list suites, runners or reports',
  merge: 'put the shards of a run together',
  doctor: 'show which device would be used, and why not the others',
  pull: 'fetch a model: hf:org/repo[@rev][:file], demo, gemma',
  trace: 'print the log-probability of every token of a text',
  generate: 'continue a prompt',
};

/** The nearest of `known` within two edits (one for short words); null when none is near. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
      row = next;
    }
    return row[b.length] ?? 0;
  };
  const ranked = known.map((key) => [distance(word, key), key] as const).sort((a, b) => a[0] - b[0]);
  const [best] = ranked;
  return best && best[0] <= (word.length <= 4 ? 1 : 3) ? best[1] : null;
}
