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
  type PageAsk,
  toldOf,
} from '../src/kit/board.ts';
import { feedsOf, type RankedBoard } from '../src/kit/board-feeds.ts';
import { dotOf } from '../src/kit/figure.ts';
import { frontierOf } from '../src/kit/figure-frontier.ts';
import { printer, scriptJson, visible } from '../src/kit/page.ts';
import { scorecardDigest, scorecardPrinter } from '../src/kit/page-scorecard.ts';
import { placeText, ranksOf } from '../src/kit/ranking.ts';
import { bytesText, count, dayOf, fill, manyText, short, type Words, words } from '../src/kit/words.ts';
import { dimensions, type Report, type ReportFile, type ReportOptions, type Run } from '../src/types.ts';

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
    board.models.map((m) => m.newest.told.standing),
    dimensions,
  ),
});

function rowOf(board: RankedBoard, model: BoardModel, at: number, w: Words) {
  const { facts, profile } = model.newest.told;
  const place = board.ranks.overall[at] ?? null;
  const places = [place, ...dimensions.map((d) => board.ranks.by[d]?.[at] ?? null)];
  return {
    slug: model.slug,
    name: model.name,
    verified: model.newest.verified,
    rank: placeText(place),
    rankNumber: place === null ? '' : place[0] + place[1] / 1e6,
    ranks: places.map(placeText).join('|'),
    cells: profile.map((p) => {
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
      const { facts, profile } = m.newest.told;
      const p = profile.find((x) => x.dimension === dimension);
      if (facts.bytes === null || !p || p.grade === null) return [];
      return [{ name: m.name, href: `models/${m.slug}/index.html`, bytes: facts.bytes, grade: p.grade, low: p.low, high: p.high }];
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
  const models = boards.flatMap((b) =>
    b.models.map((m) => ({ kind: w[`protocol_${b.protocol}` as 'protocol_base'], ...m.newest.told.facts })),
  );
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
      const { told } = m.newest;
      for (const r of told.results) titles[r.id] = visible(r.title);
      const suites = Object.values(told.standing).flatMap((map) =>
        [...map].map(([id, g]) => [id, [near(g.grade), near(g.low), near(g.high)]] as const),
      );
      const dims = told.profile.flatMap((p) =>
        p.grade === null ? [] : [[p.dimension, [near(p.grade), near(p.low), near(p.high)]] as const],
      );
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

/** Pages of every run of every model, each with its digest. */
function pagesOf(boards: readonly RankedBoard[], options: BoardOptions): { readonly asked: PageAsk; readonly digest: string }[] {
  const w = words(options.lang);
  const templates = scorecardDigest(import.meta.url);
  return boards.flatMap((board) =>
    board.models.flatMap((model) =>
      model.history.map(({ path, entry }) => {
        const history = model.history.map((h) => ({
          href: h.path.replace(/^.*\//, ''),
          text: `${dayOf(h.entry.manifest.created)} · ${h.entry.manifest.options.preset}`,
          here: h.path === path,
        }));
        const now = Date.parse(entry.manifest.finished ?? entry.manifest.created);
        const links = { home: { href: '../../index.html', text: w.leaderboard }, history };
        const digest = createHash('sha256').update(JSON.stringify([templates, options.lang, entry.digest, history]));
        const asked = { path, entry, options: { lang: options.lang, now: Number.isFinite(now) ? now : options.now }, links };
        return { asked, digest: digest.digest('hex').slice(0, 16) };
      }),
    ),
  );
}

const apartView = (apart: readonly Apart[]) => apart.map((a) => ({ ...a, day: dayOf(a.created) }));

/** Pages whose digest is known already are left as they are; the digests come last. */
async function* site(
  entries: readonly BoardEntry[],
  options: BoardOptions,
  print: (asked: readonly PageAsk[]) => AsyncIterable<ReportFile>,
): AsyncGenerator<ReportFile> {
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
      version: entries[0]?.manifest.plumbline ?? '',
      made: new Date(options.now).toISOString().slice(0, 10),
      feeds: [{ type: 'application/atom+xml', title: w.leaderboard, href: 'feed.atom' }],
    },
  });
  yield { path: 'index.html', text };
  yield { path: 'compare.html', text: pairPage(w, options.lang) };
  yield { path: 'data.js', text: `plumbline.board(${scriptJson(pairData(boards))})\n` };
  yield* feedsOf(boards, options);
  const pages = pagesOf(boards, options);
  yield* print(pages.flatMap(({ asked, digest }) => (options.known[asked.path] === digest ? [] : [asked])));
  const digests = Object.fromEntries(pages.map(({ asked, digest }) => [asked.path, digest]));
  yield { path: 'site.json', text: `${JSON.stringify({ format: 'plumbline-site/1', pages: digests }, null, 1)}\n` };
}

const printPage: BoardReport['printer'] = () => {
  const print = scorecardPrinter(import.meta.url);
  return (run, { options, links }) => print(run, options, links);
};

async function* ofOne(run: Run, options: ReportOptions): AsyncGenerator<ReportFile> {
  const print = printPage();
  const entry = { manifest: run.manifest, told: toldOf(run), digest: '', verified: false };
  yield* site([entry], { ...options, title: '', url: '', known: {} }, async function* (asked) {
    for (const page of asked) yield { path: page.path, text: await print(run, page) };
  });
}

export default {
  id: 'leaderboard',
  title: 'Leaderboard of one run; plumbline leaderboard makes it of many',
  makes: 'index.html and its site',
  render: ofOne,
  site,
  printer: printPage,
} satisfies Report & BoardReport;
