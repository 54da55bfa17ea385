/** The leaderboard for programs: JSON, CSV and an Atom feed. Pure. */

import { dimensions, type ReportFile } from '../types.ts';
import type { Board, BoardModel, BoardOptions } from './board.ts';
import { visible } from './page.ts';
import { type Place, placeText, type Ranks } from './ranking.ts';

export interface RankedBoard extends Board {
  readonly ranks: Ranks;
}

const grade = (value: number | null) => (value === null ? null : Math.round(value * 1e4) / 1e4);

function entryOf(board: RankedBoard, model: BoardModel, at: number) {
  const place = (p: Place | undefined) => p ?? null;
  const { manifest, told, verified } = model.newest;
  return {
    model: model.name,
    slug: model.slug,
    hash: manifest.model.hash,
    protocol: board.protocol,
    preset: board.preset,
    board: board.key,
    created: manifest.created,
    verified,
    rank: place(board.ranks.overall[at]),
    able: model.able,
    of: model.of,
    dimensions: Object.fromEntries(
      told.profile.map((p) => [
        p.dimension,
        {
          grade: grade(p.grade),
          low: grade(p.low),
          high: grade(p.high),
          able: p.able,
          of: p.of,
          rank: place(board.ranks.by[p.dimension]?.[at]),
        },
      ]),
    ),
    suites: Object.fromEntries(
      told.results.map(({ id, version, state, graded }) => {
        const { grade: value = null, low = null, high = null } = graded ?? {};
        return [id, { version, state, grade: grade(value), low: grade(low), high: grade(high) }];
      }),
    ),
    facts: told.facts,
  };
}

/** A spreadsheet must not run a model's name as a formula (OWASP, CSV injection). */
export function csvCell(value: string | number | boolean | null): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  const text = visible(value).replace(/\n/g, ' ');
  const safe = /^[=+\-@\t\r|%]/.test(text) ? `'${text}` : text;
  return /[",;\n]/.test(safe) || safe !== text ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(boards: readonly RankedBoard[]): string {
  const head = [
    'model',
    'slug',
    'protocol',
    'preset',
    'rank',
    ...dimensions.flatMap((d) => [d, `${d}_low`, `${d}_high`]),
    'able',
    'of',
    'tokens_per_second',
    'bytes',
    'parameters',
    'quantisation',
    'licence',
    'verified',
    'created',
    'hash',
  ];
  const rows = boards.flatMap((board) =>
    board.models.map((model, i) => {
      const { manifest, told, verified } = model.newest;
      const byDimension = dimensions.flatMap((d) => {
        const p = told.profile.find((x) => x.dimension === d);
        return [grade(p?.grade ?? null), grade(p?.low ?? null), grade(p?.high ?? null)];
      });
      const { facts } = told;
      return [
        model.name,
        model.slug,
        board.protocol,
        board.preset,
        placeText(board.ranks.overall[i] ?? null),
        ...byDimension,
        model.able,
        model.of,
        facts.tokensPerSecond,
        facts.bytes,
        facts.parameters,
        facts.quantisation,
        facts.licence,
        verified,
        manifest.created,
        manifest.model.hash,
      ];
    }),
  );
  return `${[head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

const xml = (text: string) => visible(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function atomOf(boards: readonly RankedBoard[], options: BoardOptions): string {
  const base = options.url.replace(/\/*$/, options.url === '' ? '' : '/');
  const models = boards.flatMap((b) => b.models.map((m) => ({ protocol: b.protocol, m })));
  models.sort((a, b) => (a.m.newest.manifest.created < b.m.newest.manifest.created ? 1 : -1));
  const entries = models.slice(0, 100).map(({ protocol, m }) => {
    const { created, model } = m.newest.manifest;
    const said = m.newest.told.profile.map((p) => `${p.dimension} ${p.grade === null ? 'not able' : p.grade.toFixed(2)}`).join(', ');
    return `<entry><id>urn:plumbline:${xml(model.hash)}:${xml(created)}</id><title>${xml(m.name)}</title><updated>${xml(created)}</updated><link href="${xml(`${base}models/${m.slug}/index.html`)}"/><summary>${xml(`${protocol}: ${said}; able in ${m.able} of ${m.of}`)}</summary></entry>`;
  });
  const updated = models[0]?.m.newest.manifest.created ?? new Date(options.now).toISOString();
  return `<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:plumbline:leaderboard:${xml(options.title)}</id><title>${xml(options.title)}</title><updated>${xml(updated)}</updated><author><name>Plumbline</name></author><link rel="self" href="${xml(`${base}feed.atom`)}"/>\n${entries.join('\n')}\n</feed>\n`;
}

/** leaderboard.json, leaderboard.csv and feed.atom. */
export function feedsOf(boards: readonly RankedBoard[], options: BoardOptions): ReportFile[] {
  const entries = boards.flatMap((board) => board.models.map((model, i) => entryOf(board, model, i)));
  return [
    { path: 'leaderboard.json', text: `${JSON.stringify({ format: 'plumbline-leaderboard/1', entries }, null, 1)}\n` },
    { path: 'leaderboard.csv', text: csvOf(boards) },
    { path: 'feed.atom', text: atomOf(boards, options) },
  ];
}
