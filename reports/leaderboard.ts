/** A leaderboard as a static site: ranks as intervals, a page per model, any two compared in the browser, the same as data. */

import { createHash } from 'node:crypto';
import {
  type Apart,
  type Board,
  type BoardEntry,
  type BoardModel,
  type BoardOptions,
  type BoardReport,
  boardsOf,
  standingOf,
} from '../src/kit/board.ts';
import { feedsOf, type RankedBoard } from '../src/kit/board-feeds.ts';
import { dotOf } from '../src/kit/figure.ts';
import { frontierOf } from '../src/kit/figure-frontier.ts';
import { printer, scriptJson, visible } from '../src/kit/page.ts';
import { scorecardDigest, scorecardPrinter } from '../src/kit/page-scorecard.ts';
import { placeText, ranksOf } from '../src/kit/ranking.ts';
import { resultIdOf } from '../src/kit/result.ts';
import { bytesText, count, dayOf, fill, manyText, short, type Words, words } from '../src/kit/words.ts';
import { dimensions, type Report, type ReportFile } from '../src/types.ts';

const css = ['pages/page.css', 'pages/board.css'];
const boardSheet = {
  template: 'leaderboard.hbs',
  partials: ['pages/shell.hbs', 'pages/frontier.hbs'],
  css,
  scripts: ['pages/page.js', 'pages/board.js'],
};
const pairSheet = {
  template: 'versus.hbs',
  partials: ['pages/shell.hbs'],
  css,
  scripts: ['pages/page.js', 'pages/versus.js'],
  loads: true,
};

const ranked = (board: Board): RankedBoard => ({
  ...board,
  ranks: ranksOf(
    board.models.map((m) => standingOf(m.run)),
    dimensions,
  ),
});

function rowOf(board: RankedBoard, model: BoardModel, at: number, w: Words) {
  const { facts } = model;
  const place = board.ranks.overall[at] ?? null;
  const places = [place, ...dimensions.map((d) => board.ranks.by[d]?.[at] ?? null)];
  return {
    slug: model.slug,
    name: model.name,
    verified: model.verified,
    rank: placeText(place),
    rankNumber: place === null ? '' : place[0] + place[1] / 1e6,
    ranks: places.map(placeText).join('|'),
    cells: model.profile.map((p) => {
      const { dot, from, to, width } = dotOf({ value: p.grade, low: p.low, high: p.high, says: '' });
      return { key: p.dimension, number: p.grade === null ? '' : p.grade.toFixed(4), grade: short(p.grade), dot, from, to, width };
    }),
    able: model.able,
    of: model.of,
    about: [facts.quantisation, facts.parameters === null ? '' : manyText(facts.parameters)].filter((t) => t !== '').join(' · '),
    speed: facts.tokensPerSecond === null ? '–' : count(Math.round(facts.tokensPerSecond)),
    speedNumber: facts.tokensPerSecond ?? '',
    bytes: facts.bytes === null ? '–' : bytesText(facts.bytes),
    bytesNumber: facts.bytes ?? '',
    size: facts.size || w.unknown,
    quantisation: facts.quantisation || w.unknown,
    licence: facts.licence || w.unknown,
    language: facts.language,
  };
}

function boardView(board: RankedBoard, w: Words) {
  const rows = board.models
    .map((model, i) => rowOf(board, model, i, w))
    .sort((a, b) => Number(a.rankNumber || 1e9) - Number(b.rankNumber || 1e9));
  const costed = (dimension: string) =>
    board.models.flatMap((m) => {
      const p = m.profile.find((x) => x.dimension === dimension);
      if (m.facts.bytes === null || !p || p.grade === null) return [];
      return [{ name: m.name, href: `models/${m.slug}/index.html`, bytes: m.facts.bytes, grade: p.grade, low: p.low, high: p.high }];
    });
  return {
    anchor: `board-${board.protocol}`,
    kindWord: w[`protocol_${board.protocol}` as 'protocol_base'],
    preset: board.preset,
    one: board.models.length === 1,
    countText: fill(w.modelsCount, { n: board.models.length }),
    heads: dimensions.map((key) => ({ key, word: w[key] })),
    rows,
    panels: dimensions.map((d) => frontierOf(w[d], costed(d))).filter((panel) => panel !== null),
  };
}

function filtersOf(boards: readonly RankedBoard[], w: Words) {
  const models = boards.flatMap((b) => b.models.map((m) => ({ kind: w[`protocol_${b.protocol}` as 'protocol_base'], ...m.facts })));
  const values = (list: readonly string[]) => [...new Set(list.map((v) => v || w.unknown))].sort();
  const all = [
    { key: 'kind', title: w.kind, values: values(models.map((m) => m.kind)) },
    { key: 'size', title: w.sizeClass, values: values(models.map((m) => m.size)) },
    { key: 'quantisation', title: w.quantisation, values: values(models.map((m) => m.quantisation)) },
    { key: 'licence', title: w.licence, values: values(models.map((m) => m.licence)) },
    { key: 'language', title: w.language, values: values(models.flatMap((m) => m.language.split(', '))) },
  ];
  return all.filter((f) => f.values.length > 1);
}

const near = (v: number | null) => Math.round((v ?? 0) * 1e4) / 1e4;

/** What the page of two models reads: grades with their intervals, only where able. */
function pairData(boards: readonly RankedBoard[]) {
  const titles: Record<string, string> = {};
  const models = boards.flatMap((board) =>
    board.models.map((m) => {
      for (const r of m.run.results) titles[resultIdOf(r)] = visible(r.suite.title + (r.suite.lang === 'en' ? '' : ` (${r.suite.lang})`));
      const standing = standingOf(m.run);
      const suites = Object.values(standing).flatMap((map) =>
        [...map].map(([id, g]) => [id, [near(g.grade), near(g.low), near(g.high)]] as const),
      );
      const dims = m.profile.flatMap((p) => (p.grade === null ? [] : [[p.dimension, [near(p.grade), near(p.low), near(p.high)]] as const]));
      return { slug: m.slug, name: visible(m.name), board: board.key, dims: Object.fromEntries(dims), suites: Object.fromEntries(suites) };
    }),
  );
  return { models, titles };
}

function pairPage(w: Words, lang: string): string {
  const { notShared, surelyBetter, surelyWorse, notTellable, missingFiles, noModels, keptApartText } = w;
  return printer(
    import.meta.url,
    pairSheet,
  )({
    lang,
    title: `${w.compareTwo} · Plumbline`,
    description: w.compareText,
    view: { kind: 'versus', loads: ['data.js'] },
    data: {
      dimensions: dimensions.map((d) => [d, w[d]]),
      words: { notShared, surelyBetter, surelyWorse, notTellable, noModels, missing: missingFiles, apart: keptApartText },
    },
  });
}

/** A page for every run of every model; pages whose digest is known already are left as they are. Yields the digests last. */
async function* modelPages(boards: readonly RankedBoard[], options: BoardOptions): AsyncGenerator<ReportFile> {
  const w = words(options.lang);
  const print = scorecardPrinter(import.meta.url);
  const templates = scorecardDigest(import.meta.url);
  const digests: Record<string, string> = {};
  for (const model of boards.flatMap((b) => b.models)) {
    for (const { path, entry } of model.history) {
      const { run } = entry;
      const history = model.history.map((h) => ({
        href: h.path.replace(/^.*\//, ''),
        text: `${dayOf(h.entry.run.manifest.created)} · ${h.entry.run.manifest.options.preset}`,
        here: h.path === path,
      }));
      const digest = createHash('sha256')
        .update(JSON.stringify([templates, options.lang, entry.digest ?? [run.manifest, run.results], history]))
        .digest('hex')
        .slice(0, 16);
      digests[path] = digest;
      if (options.known[path] === digest) continue;
      const now = Date.parse(run.manifest.finished ?? run.manifest.created);
      const text = await print(
        run,
        { ...options, now: Number.isFinite(now) ? now : options.now },
        { home: { href: '../../index.html', text: w.leaderboard }, history },
      );
      yield { path, text };
    }
  }
  yield { path: 'site.json', text: `${JSON.stringify({ format: 'plumbline-site/1', pages: digests }, null, 1)}\n` };
}

const apartView = (apart: readonly Apart[]) => apart.map((a) => ({ ...a, day: dayOf(a.created) }));

async function* site(entries: readonly BoardEntry[], options: BoardOptions): AsyncGenerator<ReportFile> {
  const w = words(options.lang);
  const gathered = boardsOf(entries);
  const boards = gathered.boards.map(ranked);
  const models = boards.reduce((sum, b) => sum + b.models.length, 0);
  const text = printer(
    import.meta.url,
    boardSheet,
  )({
    lang: options.lang,
    title: options.title || w.leaderboard,
    description: w.rankText,
    view: {
      kind: 'leaderboard',
      modelsText: fill(w.modelsCount, { n: models }),
      boards: boards.map((b) => boardView(b, w)),
      filters: filtersOf(boards, w),
      apart: apartView(gathered.apart),
      version: entries[0]?.run.manifest.plumbline ?? '',
      made: new Date(options.now).toISOString().slice(0, 10),
      feeds: [{ type: 'application/atom+xml', title: w.leaderboard, href: 'feed.atom' }],
    },
  });
  yield { path: 'index.html', text };
  yield { path: 'compare.html', text: pairPage(w, options.lang) };
  yield { path: 'data.js', text: `plumbline.board(${scriptJson(pairData(boards))})\n` };
  yield* feedsOf(boards, options);
  yield* modelPages(boards, options);
}

export default {
  id: 'leaderboard',
  title: 'Leaderboard of one run; plumbline leaderboard makes it of many',
  makes: 'index.html and its site',
  render: (run, options) => site([{ run, verified: false }], { ...options, title: '', url: '', known: {} }),
  site,
} satisfies Report & BoardReport;
