import { describe, expect, test } from 'vitest';
import leaderboard from '../reports/leaderboard.ts';
import { askedKey, barred, boardsOf, modelSlug, sizeClass } from '../src/kit/board.ts';
import { csvCell } from '../src/kit/board-feeds.ts';
import { frontierOf } from '../src/kit/figure-frontier.ts';
import { randomOf } from '../src/kit/random.ts';
import { type Graded, placeText, ranksOf, widening } from '../src/kit/ranking.ts';
import { textDiff } from '../src/kit/text-diff.ts';
import { hostile, madeRun } from './support/made-run.ts';
import { entryOf, madeRuns, printerOf } from './support/made-site.ts';

const graded = (grade: number, half = 0.05): Graded => ({ grade, low: grade - half, high: grade + half });
const standing = (...grades: (number | null)[]) => ({
  safety: new Map(grades.flatMap((g, i) => (g === null ? [] : [[`s${i}`, graded(g)] as const]))),
});

describe('ranks', () => {
  test('surely different models are ordered, overlapping ones share an interval', () => {
    const { by } = ranksOf([standing(0.9, 0.9), standing(0.5, 0.5), standing(0.52, 0.5)], ['safety']);
    expect(by.safety?.map(placeText)).toEqual(['1', '2–3', '2–3']);
  });
  test('only suites both are able on are compared; none shared: no order', () => {
    const { by } = ranksOf([standing(0.9, null), standing(null, 0.1)], ['safety']);
    expect(by.safety?.map(placeText)).toEqual(['1–2', '1–2']);
  });
  test('without a grade there is no rank', () => expect(ranksOf([standing(0.9), {}], ['safety']).by.safety).toEqual([[1, 1], null]));
  test('surely better in one and surely worse in another is no order', () => {
    const both = (a: number, b: number) => ({ safety: new Map([['s', graded(a)]]), privacy: new Map([['p', graded(b)]]) });
    expect(ranksOf([both(0.9, 0.2), both(0.2, 0.9)], ['safety', 'privacy']).overall).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(ranksOf([both(0.9, 0.5), both(0.2, 0.5)], ['safety', 'privacy']).overall).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });
  test('one comparison needs no widening; ten need z(.9975)/z(.975)', () => {
    expect(widening(1)).toBeCloseTo(1, 10);
    expect(widening(10)).toBeCloseTo(2.8070338 / 1.959964, 5);
  });
  test('models of equal truth share a rank in at least 95 % of simulated boards', () => {
    const random = randomOf(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let shared = 0;
    const boards = 1000;
    for (let k = 0; k < boards; k++) {
      const models = Array.from({ length: 5 }, () => ({ safety: new Map([['s', graded(0.5 + 0.03 * normal(), 1.959964 * 0.03)]]) }));
      const places = ranksOf(models, ['safety']).by.safety ?? [];
      if (places[0]?.[0] === 1 && places[0]?.[1] === 5) shared++;
    }
    expect(shared / boards).toBeGreaterThan(0.95);
    expect(shared / boards).toBeLessThan(0.999);
  });
});

describe('who may be ranked with whom', () => {
  const runs = madeRuns(6);
  test('base and instruct models stand on boards of their own; a partial run is kept apart', () => {
    const { boards, apart } = boardsOf(runs.map(entryOf));
    expect(boards.map((b) => [b.protocol, b.models.map((m) => m.name)])).toEqual([
      ['instruct', ['model-0', 'model-1', 'model-2', 'model-4']],
      ['base', ['model-3']],
    ]);
    expect(apart.map((a) => a.why)).toEqual(['partial']);
  });
  test('another suite version is kept apart, and said', () => {
    const [first, second, third] = runs;
    if (!first || !second || !third) throw new Error('three runs');
    const other = {
      ...third,
      manifest: { ...third.manifest, suites: { ...third.manifest.suites, 'privacy/pii': { version: '2', items: 'x', count: 1 } } },
    };
    const { boards, apart } = boardsOf([first, second, other].map(entryOf));
    expect(boards[0]?.models).toHaveLength(2);
    expect(apart[0]?.why).toBe('other suites, versions or items: privacy/pii');
    expect(askedKey(first)).toBe(askedKey(second));
  });
  test('where as many models were asked with another preset, the larger one is ranked', () => {
    const [run] = runs;
    if (!run) throw new Error('a run');
    const asked = (['quick', 'standard', 'demo'] as const).map((preset) => ({
      ...run,
      manifest: { ...run.manifest, options: { ...run.manifest.options, preset } },
    }));
    const { boards, apart } = boardsOf(asked.map(entryOf));
    expect(boards.map((b) => b.preset)).toEqual(['standard']);
    expect(apart.map((a) => a.why).sort()).toEqual(['preset demo, not standard', 'preset quick, not standard']);
  });
  test('incomplete runs and runs without results are barred', () => {
    expect(barred(madeRun({ suites: [] }))).toBe('no results');
    expect(barred(madeRun({ suites: [{ id: 'safety/x', title: 'x', grade: 0.5, missing: 3 }] }))).toBe('incomplete');
    expect(barred(madeRun({ failed: ['safety/gone'] }))).toBe('suites without a result');
  });
  test('a system prompt makes another model', () => {
    const run = madeRun();
    const guarded = { ...run, manifest: { ...run.manifest, options: { ...run.manifest.options, system: 'Be careful.' } } };
    expect(modelSlug(run)).not.toBe(modelSlug(guarded));
    expect(modelSlug(madeRun({ name: '../../etc' }))).toMatch(/^etc-[0-9a-f]{8}$/);
  });
  test('two runs of one model are one row with a history', () => {
    const [run] = runs;
    if (!run) throw new Error('a run');
    const later = { ...run, manifest: { ...run.manifest, created: '2026-11-21T08:00:00.000Z' } };
    const { boards } = boardsOf([run, later].map(entryOf));
    expect(boards[0]?.models).toHaveLength(1);
    expect(boards[0]?.models[0]?.history.map((h) => h.entry.manifest.created.slice(0, 10))).toEqual(['2026-11-21', '2026-11-10']);
  });
  test('size classes', () =>
    expect([null, 135e6, 494e6, 7e9, 70e9].map(sizeClass)).toEqual(['', '< 250 M', '250–750 M', '3.5–8 B', '≥ 8 B']));
});

describe('the site', () => {
  const options = { lang: 'en', now: 0, title: 'T', url: '', known: {} };
  const runs = madeRuns(4, hostile);
  const make = async (known: Record<string, string> = {}) => {
    const files = new Map<string, string>();
    for await (const { path, text } of leaderboard.site(runs.map(entryOf), { ...options, known }, printerOf(runs)))
      files.set(path, String(text));
    return files;
  };
  test('the same bytes twice; pages that did not change are not made again', async () => {
    const first = await make();
    expect(await make()).toEqual(first);
    const { pages } = JSON.parse(first.get('site.json') ?? '{}');
    const again = await make(pages);
    expect([...again.keys()].sort()).toEqual([
      'compare.html',
      'data.js',
      'feed.atom',
      'index.html',
      'leaderboard.csv',
      'leaderboard.json',
      'site.json',
    ]);
    expect(again.get('site.json')).toBe(first.get('site.json'));
  });
  test('no path leaves the site, whatever a model is called', async () => {
    for (const path of (await make()).keys()) expect(path).toMatch(/^[\p{L}\p{N}./-]+$/u);
    for (const path of (await make()).keys()) expect(path).not.toMatch(/\.\.\/|^\//);
  });
  test('feeds hold every model and nothing that acts', async () => {
    const files = await make();
    expect(JSON.parse(files.get('leaderboard.json') ?? '').entries).toHaveLength(3);
    const csv = files.get('leaderboard.csv') ?? '';
    expect(csv.split('\r\n')).toHaveLength(5);
    const atom = files.get('feed.atom') ?? '';
    expect(atom).not.toMatch(/<script|<img|[\u0000-\u0008\u202e]/);
    expect(atom.match(/<entry>/g)).toHaveLength(3);
  });
  test.each([
    ['=1+1', `"'=1+1"`],
    ['+x', `"'+x"`],
    ['@x', `"'@x"`],
    ['-x', `"'-x"`],
    ['a,"b"', '"a,""b"""'],
    ['plain', 'plain'],
  ])('a spreadsheet reads %s as text', (value, cell) => expect(csvCell(value)).toBe(cell));
});

describe('figures and texts', () => {
  const model = (name: string, bytes: number, grade: number) => ({ name, href: '', bytes, grade, low: null, high: null });
  test('the frontier holds what no smaller model beats', () => {
    const frontier = frontierOf('Safety', [model('a', 1e8, 0.5), model('b', 2e8, 0.4), model('c', 3e8, 0.8)]);
    expect(frontier?.points.map((p) => p.best)).toEqual([true, false, true]);
    expect(frontierOf('Safety', [model('a', 1e8, 0.5)])).toBeNull();
  });
  test('of very many models the frontier alone has names, the others are one path', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => model(`m${i}`, 1e8 + i, i === 7 ? 0.9 : 0.5));
    const [few, crowd] = [frontierOf('Safety', many(200)), frontierOf('Safety', many(201))];
    expect([few?.points.length, few?.cloud]).toEqual([200, null]);
    expect(crowd?.points.map((p) => p.name)).toEqual(['m0', 'm7']);
    expect(crowd?.cloud?.dots.match(/M[\d.]+ [\d.]+h0/g)).toHaveLength(199);
    expect(crowd?.path).toBe(few?.path);
  });
  test('word difference: gone, new and same', () => {
    expect(textDiff('I cannot help with that', 'I can help with this')).toEqual([
      { kind: 'same', text: 'I ' },
      { kind: 'gone', text: 'cannot' },
      { kind: 'new', text: 'can' },
      { kind: 'same', text: ' help with ' },
      { kind: 'gone', text: 'that' },
      { kind: 'new', text: 'this' },
    ]);
    const [a, b] = ['The sky is green, and wide.', 'The wide sky is not green'];
    const pieces = textDiff(a, b);
    expect(
      pieces
        .filter((p) => p.kind !== 'new')
        .map((p) => p.text)
        .join(''),
    ).toBe(a);
    expect(
      pieces
        .filter((p) => p.kind !== 'gone')
        .map((p) => p.text)
        .join(''),
    ).toBe(b);
  });
});
