/** The first page of `plumbline serve`: the runs of a folder, kept up to date by server-sent events. */
import { dotOf } from '../src/kit/figure.ts';
import type { OverviewReport, RunState } from '../src/kit/overview.ts';
import { printer } from '../src/kit/page.ts';
import { profileOf, totalsOf } from '../src/kit/page-run.ts';
import { count, dayOf, fill, short, type Words, words } from '../src/kit/words.ts';
import { dimensions, type Report, type ReportOptions } from '../src/types.ts';

const sheet = {
  template: 'overview.hbs',
  partials: ['pages/shell.hbs', 'pages/dot.hbs'],
  css: ['pages/page.css', 'pages/board.css', 'pages/overview.css'],
  scripts: ['pages/page.js', 'pages/overview.js'],
  live: true,
};

function rowOf(run: RunState, w: Words) {
  const path = run.name === '' ? 'run' : `run/${encodeURIComponent(run.name)}`;
  return {
    ...run,
    path,
    day: dayOf(run.created),
    stateWord: { running: w.running, finished: w.finished, incomplete: w.incompleteBanner, stopped: w.stopped, damaged: w.damaged }[
      run.state
    ],
    answersText: fill(w.answersCount, { n: count(run.answers) }),
    suitesText: fill(w.suitesDone, { done: run.results, of: run.suites }),
    cells: dimensions.map((d) => {
      const p = run.profile.find((x) => x.dimension === d) ?? { grade: null, low: null, high: null };
      return {
        key: d,
        grade: short(p.grade),
        plot: dotOf({ value: p.grade, low: p.low, high: p.high, says: `${w[d]}: ${short(p.grade)}` }),
      };
    }),
  };
}

const page = (runs: readonly RunState[], options: ReportOptions): string => {
  const w = words(options.lang);
  return printer(
    import.meta.url,
    sheet,
  )({
    lang: options.lang,
    title: `${w.runs} · Plumbline`,
    description: w.runs,
    view: { kind: 'overview', runs: runs.map((run) => rowOf(run, w)), heads: dimensions.map((d) => w[d]) },
    data: {
      words: {
        running: w.running,
        finished: w.finished,
        incomplete: w.incompleteBanner,
        stopped: w.stopped,
        damaged: w.damaged,
        answers: w.answersCount,
        rate: w.perSecond,
        suites: w.suitesDone,
        lost: w.connectionLost,
      },
      dimensions,
    },
  });
};

export default {
  id: 'overview',
  title: 'Page of a folder of runs, as plumbline serve shows it',
  makes: 'overview.html',
  render: async ({ manifest, results }, options) => {
    const answers = results.reduce((sum, r) => sum + r.answers, 0);
    const outcomes = totalsOf(results);
    const state: RunState = {
      name: '',
      model: manifest.model.name,
      preset: manifest.options.preset,
      created: manifest.created,
      answers: answers || Object.values(outcomes).reduce((a, b) => a + b, 0),
      rate: null,
      items: Object.values(manifest.suites).reduce((sum, s) => sum + s.count, 0),
      results: results.length,
      suites: Object.keys(manifest.suites).length,
      state: manifest.complete ? 'finished' : 'incomplete',
      profile: profileOf(manifest, results),
    };
    return [{ path: 'overview.html', text: page([state], options) }];
  },
  page,
} satisfies Report & OverviewReport;
