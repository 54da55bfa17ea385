/** The sample browser: a page that loads its samples in chunks by script tags, so that it opens from a folder without a server. */

import { cut, printer, scriptJson, slugOf, visible } from '../src/kit/page.ts';
import { runView } from '../src/kit/page-run.ts';
import { type ExchangeView, type SampleView, sampleView } from '../src/kit/page-sample.ts';
import { titleOf } from '../src/kit/page-suite.ts';
import { resultIdOf } from '../src/kit/result.ts';
import { count, fill, outcomeWord, type Words, words } from '../src/kit/words.ts';
import { outcomes, type Report, type ReportFile, type ReportOptions, type Run, type Sample } from '../src/types.ts';

const partials = ['pages/shell.hbs'];
const sheet = {
  template: 'samples.hbs',
  partials,
  css: ['pages/page.css', 'pages/samples.css'],
  scripts: ['pages/page.js', 'pages/samples.js'],
  loads: true,
};

/** Samples a chunk; samples a file of search texts; characters kept of one text; characters of all search texts together. */
const limits = { chunk: 100, texts: 2000, characters: 20_000, search: 48_000_000, exchanges: 24 };

interface Columns {
  readonly ids: string[];
  /** Bit i: `outcomes[i]` occurs. */
  readonly outcome: number[];
  readonly group: number[];
  /** Grade × 100; −1: none. */
  readonly grade: number[];
  readonly groups: Map<string, number>;
  readonly suites: {
    readonly id: string;
    readonly slug: string;
    readonly title: string;
    readonly first: number;
    readonly sensitive: boolean;
  }[];
}

const bitsOf = (sample: Sample) => sample.row.outcomes.reduce((bits, o) => bits | (1 << outcomes.indexOf(o)), 0);

/** What the page keeps of a sample: short keys, as there may be 100,000 of them. */
function packed(view: SampleView, sample: Sample) {
  const text = (t: { readonly role: string; readonly text: string; readonly more: string }) => [visible(t.role), visible(t.text), t.more];
  return {
    n: visible(view.note),
    v: visible(view.values),
    t: sample.row.skip === undefined ? 0 : 1,
    x: view.exchanges.map((e) => ({
      t: e.turns.map(text),
      a: e.answer ? text(e.answer) : 0,
      p: e.options.map((o) => [visible(o.text), o.logprob, o.chosen ? 1 : 0]),
      f: visible(e.failed),
    })),
  };
}

const spoken = (e: ExchangeView) => [
  e.answer?.text ?? '',
  ...e.turns.map((t) => t.text).reverse(),
  ...e.options.map((o) => o.text),
  e.failed,
];
function searchText(view: SampleView, most: number): string {
  const text = [view.id, view.note, ...view.exchanges.flatMap(spoken)].join('\n');
  return visible(cut(text, most).text).toLowerCase();
}

/** Gathers entries into files of `size` entries each, `<prefix><k>.js`, which call `plumbline.<call>(k, entries)`. */
function batch(call: 'chunk' | 'texts', prefix: string, size: number) {
  let held: unknown[] = [];
  let files = 0;
  const flush = (): ReportFile[] => {
    if (held.length === 0) return [];
    const text = `plumbline.${call}(${files},${scriptJson(held)})\n`;
    held = [];
    return [{ path: `samples/${prefix}${files++}.js`, text }];
  };
  const add = (entry: unknown): ReportFile[] => {
    held.push(entry);
    return held.length === size ? flush() : [];
  };
  return { add, flush };
}

/** Streams the chunks and search texts, noting in `columns` what the list shows. */
async function* chunksOf(run: Run, columns: Columns, most: number, w: Words): AsyncGenerator<ReportFile> {
  const chunks = batch('chunk', '', limits.chunk);
  const texts = batch('texts', 't', limits.texts);
  const keep = { characters: limits.characters, exchanges: limits.exchanges, w };
  for (const result of run.results) {
    const id = resultIdOf(result);
    const { sensitive } = result.suite;
    columns.suites.push({ id: visible(id), slug: slugOf(id), title: visible(titleOf(result, w)), first: columns.ids.length, sensitive });
    for await (const sample of run.samples(id)) {
      const view = sampleView(sample, result, id, keep);
      note(columns, sample, view);
      yield* chunks.add(packed(view, sample));
      yield* texts.add(searchText(view, most));
    }
  }
  yield* [...chunks.flush(), ...texts.flush()];
}

function note(columns: Columns, sample: Sample, view: SampleView): void {
  columns.ids.push(visible(view.id));
  columns.outcome.push(bitsOf(sample));
  columns.grade.push(sample.grade === null ? -1 : Math.round(sample.grade * 100));
  const group = visible(view.group);
  const at = columns.groups.get(group) ?? columns.groups.size;
  columns.groups.set(group, at);
  columns.group.push(at);
}

/** The words the page's script says. */
const wordsOfScript = [
  'all',
  'system',
  'user',
  'assistant',
  'answeredBy',
  'options',
  'chosen',
  'why',
  'show',
  'covered',
  'grade',
  'linkTo',
  'noneMatch',
  'notFound',
  'pickOne',
] as const satisfies readonly (keyof Words)[];

async function* render(run: Run, options: ReportOptions): AsyncGenerator<ReportFile> {
  const w = words(options.lang);
  const columns: Columns = { ids: [], outcome: [], group: [], grade: [], groups: new Map(), suites: [] };
  const items = run.results.reduce((sum, r) => sum + r.items, 0);
  const most = Math.max(200, Math.min(limits.characters, Math.floor(limits.search / Math.max(1, items))));
  const view = runView(run, w);
  const suites = run.results.map((r) => ({ title: titleOf(r, w), anchor: slugOf(resultIdOf(r)), count: count(r.items) }));
  const text = printer(
    import.meta.url,
    sheet,
  )({
    lang: options.lang,
    title: `${w.samples} · ${run.manifest.model.name} · Plumbline`,
    description: `${w.samples}: ${run.manifest.model.name}`,
    view: {
      kind: 'samples',
      model: view.model,
      line: view.line,
      suites,
      searched: fill(w.searched, { n: count(most) }),
      loads: ['samples/index.js'],
    },
    data: {
      outcomes: outcomes.map((o) => outcomeWord(w, o)),
      words: {
        ...Object.fromEntries(wordsOfScript.map((name) => [name, w[name]])),
        grades: [w.all, w.gradeLow, w.gradeHigh, w.gradeNone],
        shown: w.shownOf,
        loading: w.searching,
        missing: w.missingFiles,
        noSamples: w.noSamples,
      },
    },
  });
  yield { path: 'samples.html', text };
  yield* chunksOf(run, columns, most, w);
  const { groups, ...rest } = columns;
  const index = { ...rest, groups: [...groups.keys()], size: limits.chunk, textSize: limits.texts };
  yield { path: 'samples/index.js', text: `plumbline.index(${scriptJson(index)})\n` };
}

export default { id: 'samples', title: 'Browser of all answers', makes: 'samples.html and samples/', render } satisfies Report;
