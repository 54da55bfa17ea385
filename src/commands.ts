/** Every command and its one line; `src/commands/<name>.ts` is loaded when named (a test holds the two together). */
export const commands: Readonly<Record<string, string>> = {
  run: 'run the suites on one or more models and write a scorecard',
  score: 'score a run again from its recorded answers, without a model',
  report: 'render a finished run as a scorecard, Markdown, JSON …',
  compare: 'compare runs item by item: what got worse, and how sure that is',
  gate: 'pass, fail or undecided by a policy, for CI',
  init: 'write a commented policy from a run',
  show: 'show one item: what was asked, what came back, why it scored so',
  list: 'list suites, runners or reports',
  verify: 'check that a run’s scores and pages are what its answers give',
  sign: 'sign a finished run',
  merge: 'put the shards of a run together',
  leaderboard: 'make a static site of many runs: ranks as intervals, a page per model',
  query: 'ask many runs in SQL (DuckDB); CSV, JSON or Parquet',
  serve: 'show runs in the browser as they go on (this machine only)',
  dispatch: 'spread runs of several models over workers (Redis)',
  worker: 'take parts of dispatched runs',
  doctor: 'show which device would be used, and why not the others',
  pull: 'fetch a model: hf:org/repo[@rev][:file], demo, gemma',
  trace: 'print the log-probability of every token of a text',
  generate: 'continue a prompt',
  'cross-check': 'compare the built-in runner with llama.cpp on one GGUF file',
  bench: 'measure how fast a model runs here',
  cache: 'show what is kept on disk, and clear it',
  'test-runner': 'check a runner, your own or a built-in one, against what runners promise',
  data: 'list and fetch public benchmarks for the suites that read them',
  detectors: 'show the detectors’ measured errors, and measure them again',
  detect: 'label any file: refusals, toxicity, personal data',
  'judge-card': 'measure a model as a judge against people’s labels',
  import: 'take over another tool’s run: lm-eval, inspect, garak, HELM …',
  'replay-check': 'score recordings of published models and compare with the published values',
};

/** Edits between two words: insert, delete, replace, swap neighbours (Damerau 1964, restricted). */
function edits(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : replaced;
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The nearest of `known` within three edits (one for short words); null when none is near. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const ranked = known.map((key) => [edits(word, key), key] as const).sort((a, b) => a[0] - b[0]);
  const [best] = ranked;
  return best && best[0] <= (word.length <= 4 ? 1 : 3) ? best[1] : null;
}
