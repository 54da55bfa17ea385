/** The comparison page: paired differences as dots with intervals around zero, flips side by side, quality and cost beside trust. */
import type { Comparison } from '../src/kit/comparison.ts';
import { printer } from '../src/kit/page.ts';
import { costTable, flipsOf, type PairView, pairView } from '../src/kit/page-compare.ts';
import { count, fill, short, type Words, words } from '../src/kit/words.ts';
import type { Report, ReportOptions, Run } from '../src/types.ts';

/** A run with what `plumbline compare` found; `others`: the runs B, C … for the flips' texts. */
export type ComparedWith = Run & { readonly comparison?: Comparison; readonly others?: readonly Run[] };

const sheet = {
  template: 'compare.hbs',
  partials: ['pages/shell.hbs', 'pages/shift.hbs', 'pages/sides.hbs'],
  css: ['pages/page.css', 'pages/board.css', 'pages/compare.css'],
  scripts: ['pages/page.js'],
};

async function withFlips(view: PairView, pair: Comparison['pairs'][number], first: Run, second: Run | undefined): Promise<PairView> {
  if (!second) return view;
  const byId = new Map(pair.suites.map((s) => [s.id, s]));
  const shown = new Map<string, Awaited<ReturnType<typeof flipsOf>>>();
  for (const suite of byId.values()) shown.set(suite.id, await flipsOf(suite, first, second));
  const groups = view.groups.map((g) => ({ ...g, suites: g.suites.map((row) => ({ ...row, shown: shown.get(row.id) ?? [] })) }));
  return { ...view, groups };
}

function headLine(comparison: Comparison, w: Words): string[] {
  const items = Math.max(0, ...comparison.pairs.map((p) => p.suites.reduce((sum, s) => sum + s.n, 0)));
  const tests = Math.max(0, ...comparison.pairs.map((p) => p.suites.filter((s) => s.p !== null).length));
  return [fill(w.sameItems, { n: count(items) }), fill(w.holmOver, { n: tests }), fill(w.marginIs, { margin: short(comparison.margin) })];
}

const render = async (run: ComparedWith, options: ReportOptions) => {
  const w = words(options.lang);
  const { comparison } = run;
  const pairs = await Promise.all(
    (comparison?.pairs ?? []).map((pair, i) => withFlips(pairView(pair, comparison as Comparison, w), pair, run, run.others?.[i])),
  );
  const runs = (comparison?.runs ?? []).map((r, i) => ({ letter: r.letter, name: r.name, hue: i === 0 ? 'model' : 'other' }));
  const text = printer(
    import.meta.url,
    sheet,
  )({
    lang: options.lang,
    title: `${w.comparison}: ${runs.map((r) => r.name).join(' · ')} · Plumbline`,
    description: pairs.map((p) => p.summary).join(' '),
    view: {
      kind: 'compare',
      runs,
      line: comparison ? headLine(comparison, w) : [],
      pairs,
      table: comparison ? costTable(comparison.runs, w) : null,
      made: new Date(options.now).toISOString().slice(0, 10),
      version: run.manifest.plumbline,
    },
  });
  return [{ path: 'compare.html', text }];
};

export default { id: 'compare', title: 'Comparison of runs; plumbline compare fills it', makes: 'compare.html', render } satisfies Report;
