/** What a leaderboard is made of: runs gathered by model, models that may be compared gathered in boards, the rest kept apart with the reason. Pure. */

import { createHash } from 'node:crypto';
import {
  type DimensionProfile,
  type Json,
  type Manifest,
  presets,
  type ReportFile,
  type ReportOptions,
  type Result,
  type Run,
} from '../types.ts';
import { slugOf } from './page.ts';
import { profileOf } from './page-run.ts';
import type { Links } from './page-scorecard.ts';
import { type SuiteState, stateOf } from './page-suite.ts';
import type { Graded, Standing } from './ranking.ts';
import { mainLanguage, resultIdOf } from './result.ts';
import { dayOf } from './words.ts';

/** One result as the feeds tell it. */
export interface ToldResult {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly state: SuiteState;
  /** Null unless able. */
  readonly graded: Graded | null;
}

/** What a leaderboard keeps of a run's results; a thousand runs are held so. */
export interface Told {
  /** Why the run may not be ranked; null: it may. */
  readonly barred: string | null;
  readonly profile: readonly DimensionProfile[];
  readonly standing: Standing;
  readonly results: readonly ToldResult[];
  readonly facts: BoardFacts;
}

/** A finished run in the leaderboard's eyes. */
export interface BoardEntry {
  readonly manifest: Manifest;
  readonly told: Told;
  /** Changes when the manifest or a result does. */
  readonly digest: string;
  /** Scored again from its recording with equal results (`plumbline verify`). */
  readonly verified: boolean;
}

/** A model page to be printed. */
export interface PageAsk {
  readonly path: string;
  readonly entry: BoardEntry;
  readonly options: ReportOptions;
  readonly links: Links;
}

export interface BoardOptions extends ReportOptions {
  readonly title: string;
  /** Address the site will have, for the feed; '' where unknown. */
  readonly url: string;
  /** Digests of the model pages already there, by path: a page whose digest is the same is not made again. */
  readonly known: Readonly<Record<string, string>>;
}

/** The default export of `reports/leaderboard.ts` has this besides a report's fields. */
export interface BoardReport {
  /** The site's files; `print` makes the model pages, in any order. */
  readonly site: (
    entries: readonly BoardEntry[],
    options: BoardOptions,
    print: (asked: readonly PageAsk[]) => AsyncIterable<ReportFile>,
  ) => AsyncIterable<ReportFile>;
  /** Reads the templates once; the function returned prints one model page a call. */
  readonly printer: () => (run: Run, asked: Pick<PageAsk, 'options' | 'links'>) => Promise<string>;
}

/** One model: its newest comparable run is shown, the others are its history. */
export interface BoardModel {
  readonly slug: string;
  readonly name: string;
  readonly newest: BoardEntry;
  readonly history: readonly { readonly path: string; readonly entry: BoardEntry }[];
  readonly able: number;
  readonly of: number;
}
export interface BoardFacts {
  readonly parameters: number | null;
  readonly bytes: number | null;
  readonly tokensPerSecond: number | null;
  readonly quantisation: string;
  readonly licence: string;
  readonly size: string;
  readonly language: string;
}

/** Models asked the very same items of the same suite versions under one protocol. */
export interface Board {
  readonly protocol: string;
  readonly preset: string;
  readonly key: string;
  readonly models: readonly BoardModel[];
}
export interface Apart {
  readonly slug: string;
  readonly name: string;
  readonly created: string;
  readonly why: string;
}

const short = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Name and identity: another system prompt, quantisation or template is another model. */
export function modelSlug({ manifest }: Pick<Run, 'manifest'>): string {
  const { model, options } = manifest;
  return `${slugOf(model.name)}-${short(JSON.stringify([model.hash, options.system, model.protocol]))}`;
}

/** What a run was asked: equal keys may be ranked together. */
export function askedKey({ manifest }: Pick<Run, 'manifest'>): string {
  const suites = Object.entries(manifest.suites).sort(([a], [b]) => (a < b ? -1 : 1));
  const asked = [manifest.model.protocol, manifest.options.preset, suites.map(([id, s]) => [id, s.version, s.items])];
  // Another classifier or another judge is another yardstick.
  const measures = [manifest.toxicity?.hash, manifest.judge?.hash].filter((hash) => hash !== undefined);
  return short(JSON.stringify(measures.length > 0 ? [...asked, measures] : asked));
}

/** Why a run may not be ranked at all; null: it may. */
export function barred(run: Run): string | null {
  if (run.results.length === 0) return 'no results';
  if (!run.manifest.complete || run.results.some((r) => !r.complete)) return 'incomplete';
  if (run.results.some((r) => r.partial)) return 'partial';
  if (run.manifest.options.shard !== null) return 'one shard';
  if (run.results.length < Object.keys(run.manifest.suites).length) return 'suites without a result';
  return null;
}

export const numberOf = (facts: { readonly [key: string]: Json } | undefined, ...names: readonly string[]): number | null => {
  for (const name of names) if (typeof facts?.[name] === 'number') return facts[name];
  return null;
};
const textOf = (facts: { readonly [key: string]: Json } | undefined, ...names: readonly string[]): string => {
  for (const name of names) if (typeof facts?.[name] === 'string') return facts[name];
  return '';
};

/** Size classes of the field; '' where the number of parameters is unknown. */
export function sizeClass(parameters: number | null): string {
  if (parameters === null) return '';
  const classes: readonly (readonly [number, string])[] = [
    [250e6, '< 250 M'],
    [750e6, '250–750 M'],
    [1.5e9, '.75–1.5 B'],
    [3.5e9, '1.5–3.5 B'],
    [8e9, '3.5–8 B'],
  ];
  return classes.find(([limit]) => parameters < limit)?.[1] ?? '≥ 8 B';
}

function factsOfRun({ manifest, results }: Run): BoardFacts {
  const { model, cost } = manifest.facts;
  const parameters = numberOf(model, 'parameters', 'parameterCount');
  return {
    parameters,
    bytes: numberOf(model, 'fileBytes', 'bytes', 'weightBytes') ?? numberOf(cost, 'fileBytes'),
    tokensPerSecond: numberOf(cost, 'decodeTokensPerSecond', 'tokensOutPerSecond', 'generatedTokensPerSecond'),
    // The type most weights have: `Q4_1 79 %, Q8_0 21 %` is told as Q4_1.
    quantisation: textOf(model, 'quantisation', 'quantization', 'dtype').split(/[ ,]/)[0] ?? '',
    licence: textOf(model, 'licence', 'license'),
    size: sizeClass(parameters),
    language: [...new Set(results.map((r) => r.suite.lang))].sort().join(', '),
  };
}

/** What of a run's results the leaderboard keeps. */
export function toldOf(run: Run): Told {
  const results = run.results.map((r): ToldResult => {
    const { suite } = r;
    const title = suite.title + (suite.lang === 'en' ? '' : ` (${suite.lang})`);
    return { id: resultIdOf(r), title, version: suite.version, state: stateOf(r), graded: gradedOf(r) };
  });
  const profile = profileOf(run.manifest, run.results);
  return { barred: barred(run), profile, standing: standingOf(run), results, facts: factsOfRun(run) };
}

function modelOf(slug: string, entries: readonly BoardEntry[]): BoardModel {
  const sorted = [...entries].sort((a, b) => (a.manifest.created < b.manifest.created ? 1 : -1));
  const [newest] = sorted;
  if (!newest) throw new RangeError('a model needs a run');
  const path = ({ manifest }: BoardEntry, i: number) =>
    i === 0 ? 'index.html' : `${slugOf(dayOf(manifest.created))}-${short(manifest.created)}.html`;
  return {
    slug,
    name: newest.manifest.model.name,
    newest,
    history: sorted.map((entry, i) => ({ path: `models/${slug}/${path(entry, i)}`, entry })),
    able: newest.told.profile.reduce((sum, p) => sum + p.able, 0),
    of: newest.told.profile.reduce((sum, p) => sum + p.of, 0),
  };
}

/** By protocol and what was asked: the board with most models of each protocol first is ranked; other runs are kept apart with the reason. */
export function boardsOf(entries: readonly BoardEntry[]): { readonly boards: readonly Board[]; readonly apart: readonly Apart[] } {
  const apart: Apart[] = [];
  const groups = new Map<string, BoardEntry[]>();
  for (const entry of entries) {
    const { barred: why } = entry.told;
    if (why !== null) apart.push(apartOf(entry, why));
    else {
      const key = askedKey(entry);
      groups.set(key, [...(groups.get(key) ?? []), entry]);
    }
  }
  const all = [...groups].map(([key, list]) => boardOf(key, list));
  // Most models; of as many, those asked most.
  const size = (board: Board) => (presets as readonly string[]).indexOf(board.preset);
  all.sort((a, b) => b.models.length - a.models.length || size(b) - size(a) || (a.key < b.key ? -1 : 1));
  const boards = all.filter((board) => all.find((b) => b.protocol === board.protocol) === board);
  for (const board of all.filter((b) => !boards.includes(b))) {
    const main = boards.find((b) => b.protocol === board.protocol);
    for (const entry of groups.get(board.key) ?? []) apart.push(apartOf(entry, main ? differenceOf(entry, main) : 'other suites'));
  }
  const order = ['instruct', 'base', 'reasoning'];
  boards.sort((a, b) => order.indexOf(a.protocol) - order.indexOf(b.protocol));
  return { boards, apart: apart.sort((a, b) => (`${a.name} ${a.created}` < `${b.name} ${b.created}` ? -1 : 1)) };
}

const apartOf = (entry: BoardEntry, why: string): Apart => ({
  slug: modelSlug(entry),
  name: entry.manifest.model.name,
  created: entry.manifest.created,
  why,
});

function boardOf(key: string, list: readonly BoardEntry[]): Board {
  const models = new Map<string, BoardEntry[]>();
  for (const entry of list) {
    const slug = modelSlug(entry);
    models.set(slug, [...(models.get(slug) ?? []), entry]);
  }
  const first = list[0]?.manifest;
  const sorted = [...models].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    protocol: first?.model.protocol ?? '',
    preset: first?.options.preset ?? '',
    key,
    models: sorted.map(([slug, runs]) => modelOf(slug, runs)),
  };
}

function differenceOf({ manifest }: BoardEntry, board: Board): string {
  const main = board.models[0]?.newest.manifest;
  if (!main) return 'other suites';
  if (manifest.options.preset !== main.options.preset) return `preset ${manifest.options.preset}, not ${main.options.preset}`;
  const differing = Object.keys({ ...manifest.suites, ...main.suites }).filter((id) => {
    const [mine, theirs] = [manifest.suites[id], main.suites[id]];
    return mine?.version !== theirs?.version || mine?.items !== theirs?.items;
  });
  return `other suites, versions or items: ${differing.slice(0, 4).join(', ')}${differing.length > 4 ? ` … (${differing.length})` : ''}`;
}

/** The grade of an able result with its interval. */
function gradedOf(result: Result): Graded | null {
  const head = result.estimates[0];
  if (stateOf(result) !== 'able' || !head || head.grade === null) return null;
  return { grade: head.grade, low: head.gradeLow ?? 0, high: head.gradeHigh ?? 1 };
}

/** The grades that ranks are made from: able suites of the main language, by dimension and result id. */
function standingOf({ results }: Run): Standing {
  const lang = mainLanguage(results);
  const standing: Record<string, Map<string, Graded>> = {};
  for (const result of results) {
    const graded = result.suite.lang === lang ? gradedOf(result) : null;
    if (graded === null) continue;
    const { dimension } = result.suite;
    standing[dimension] ??= new Map();
    standing[dimension].set(resultIdOf(result), graded);
  }
  return standing;
}
