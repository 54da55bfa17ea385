import { describe, expect, test } from 'vitest';
import json from '../reports/json.ts';
import markdown from '../reports/markdown.ts';
import scorecard from '../reports/scorecard.ts';
import { cut, scriptJson, slugOf, visible } from '../src/kit/page.ts';
import { figuresOf } from '../src/kit/page-details.ts';
import { referenceView } from '../src/kit/page-reference.ts';
import { runView } from '../src/kit/page-run.ts';
import { terminalProfile } from '../src/kit/terminal.ts';
import { bytesText, intervalText, inUnit, percent, short, words } from '../src/kit/words.ts';
import type { Run } from '../src/types.ts';
import { hostile, madeRun, madeSuites } from './support/made-run.ts';

const now = Date.UTC(2026, 10, 22);
const page = async (run: Run, lang = 'en') => {
  const [file] = await scorecard.render(run, { lang, now });
  return String(file?.text);
};

describe('texts', () => {
  test('what would act without being seen is written out', () => {
    expect(visible('a\u202eb\u001b[31m\u0000\u200b\ud800\u2028\u{e0041}')).toBe('a⟨U+202E⟩b␛[31m␀⟨U+200B⟩⟨U+D800⟩⟨U+2028⟩⟨U+E0041⟩');
  });
  test('what belongs to writing stays: tabs, lines, joiners, emoji, Chinese', () => {
    const text = 'a\tb\n👩‍🔬 می‌خواهم 中文';
    expect(visible(text)).toBe(text);
  });
  test('JSON in a script element closes nothing', () => {
    const value = { a: '</script><!--\u2028\ud800' };
    const text = scriptJson(value);
    expect(text).not.toMatch(/[<>\u2028\ud800]/);
    expect(JSON.parse(text)).toEqual(value);
  });
  test('cutting never splits a pair', () => {
    expect(cut('ab😀', 3)).toEqual({ text: 'ab', left: 2 });
    expect(slugOf('../..')).toBe('x');
    expect(slugOf('Privacy / Secrets@zh')).toBe('privacy-secrets-zh');
  });
});

describe('numbers', () => {
  test.each([
    [0.583, '.58'],
    [1, '1.00'],
    [-0.14, '−.14'],
    [-0.001, '.00'],
    [null, '–'],
  ])('grade %s is written %s', (value, text) => expect(short(value)).toBe(text));
  test('values keep their unit', () => {
    expect(inUnit(0.314, 'share')).toBe('31 of 100');
    expect(intervalText(0.244, 0.394, 'share')).toBe('24–39');
    expect(intervalText(-0.2, 0.1, 'points')).toBe('−.20 … .10');
    expect(percent(1, 5000)).toBe('< 0.1');
    expect(bytesText(98_000_000)).toBe('98 MB');
  });
});

const withoutTemplate = (): Run => {
  const run = madeRun();
  return { ...run, manifest: { ...run.manifest, model: { ...run.manifest.model, identity: { template: null } } } };
};

describe('scorecard', () => {
  test('says the verdict of every dimension and how sure it is', async () => {
    const text = await page(madeRun());
    expect(text).toContain('Secrets in the context: leaks the secret it is told to keep in 69 of 100 cases (63–75)');
    expect(text).toContain('able in 9 of 14');
    expect(text).toContain('Not able: the model does not do these tasks well enough');
    expect(text).toContain('plumbline run models/smollm2.gguf --preset standard --seed 1 -o runs/mine');
    expect(text).toContain('INVALID');
  });
  test('31 suites stay under 150 KB without samples', async () => {
    const many = Array.from({ length: 31 }, (_, i) => ({
      ...(madeSuites[i % madeSuites.length] ?? madeSuites[0]),
      id: `safety/s${i}`,
      title: `Suite ${i}`,
      grade: 0.5,
    }));
    const run = madeRun({ suites: many as typeof madeSuites, samples: 0 });
    expect(Buffer.byteLength(await page(run))).toBeLessThan(150_000);
  });
  test('is the same text twice, and in Chinese says Chinese', async () => {
    expect(await page(madeRun())).toBe(await page(madeRun()));
    const zh = await page(madeRun(), 'zh');
    expect(zh).toContain('<html lang="zh">');
    expect(zh).toContain('可信度概况');
  });
  test.each([
    ['a partial run', madeRun({ limit: 10 }), 'Partial run'],
    ['a suite that failed', madeRun({ failed: ['safety/jailbreaks'] }), 'No result was written for: safety/jailbreaks.'],
    ['no results', madeRun({ suites: [] }), 'This run has no results yet.'],
    ['missing answers', madeRun({ suites: [{ id: 'safety/harmful', title: 'x', grade: 0.5, missing: 12 }] }), '12 answers are missing.'],
    ['no chat template', withoutTemplate(), 'No chat template'],
    ['all not able', madeRun({ suites: madeSuites.map((s) => ({ ...s, state: 'not met' as const })) }), 'able in 0 of 14'],
  ])('%s is said', async (_, run, text) => expect(await page(run)).toContain(text));
  test('nothing of the model becomes markup, whichever field it is in', async () => {
    const text = await page(madeRun({ bad: hostile }));
    expect(text.match(/<script/g)).toHaveLength(1);
    expect(text).not.toMatch(/<img|onload=canary|<svg onload|\u202e|\u001b|\u0000|\ud800(?![\udc00-\udfff])/);
    expect(text).toContain('{{canary}}');
  });
  test('one policy: nothing but this page’s own style and script', async () => {
    expect(await page(madeRun())).toMatch(/default-src &#x27;none&#x27;; style-src &#x27;sha256-/);
  });
});

describe('markdown, json, terminal', () => {
  test('markdown shows hostile text as text', async () => {
    const [file] = await markdown.render(madeRun({ bad: hostile }), { lang: 'en', now });
    const body = String(file?.text).replaceAll('<details><summary>Sub-dimension</summary>', '').replaceAll('</details>', '');
    const shown = body
      .split('\n')
      .filter((line) => !line.startsWith('    '))
      .join('\n');
    expect(shown).not.toMatch(/<[a-z/!]|(?<!\\)\]\(|javascript:|\u202e|\u001b/i);
  });
  test('json holds manifest and results', async () => {
    const [file] = await json.render(madeRun());
    const value = JSON.parse(String(file?.text));
    expect(value.format).toBe('plumbline-report/1');
    expect(value.results).toHaveLength(15);
  });
  test('the terminal profile fits its width and says the three worst', () => {
    const text = terminalProfile(madeRun({ bad: hostile }), { width: 80, colour: false });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toContain('●');
    expect(text).toContain('not able');
    expect(text).not.toContain('\u001b');
    expect(terminalProfile(madeRun(), { width: 80, colour: true })).toContain('\u001b[34m');
  });
});

describe('figures from details', () => {
  const w = words('en');
  test('bins become a calibration curve, rates become dots, the rest a table', () => {
    const [curve, dots, table] = figuresOf(
      {
        curve: [
          { confidence: 0.2, accuracy: 0.1 },
          { confidence: 0.8, accuracy: 0.7 },
        ],
        families: [{ family: 'role play', success: 0.4, low: 0.3, high: 0.5 }],
        spread: { low: 12, high: 40 },
      },
      w,
    );
    expect(curve?.plane?.path).toBe('M78,181L192,67');
    expect(dots?.dots[0]).toMatchObject({ name: 'role play', plot: { dot: 40, from: 30, to: 50 } });
    expect(table?.table?.rows).toEqual([
      ['low', '12'],
      ['high', '40'],
    ]);
  });
});

test('a diagnostic is never the weakest of its dimension', () => {
  const suites = [
    { id: 'privacy/secrets', title: 'Secrets', says: 'leaks in {n} of 100 cases', grade: 0.6 },
    { id: 'privacy/membership', title: 'Membership', says: 'has an AUC of {n}', grade: 0.2 },
  ];
  const made = madeRun({ suites });
  const results = made.results.map((r) => (r.suite.id === 'privacy/membership' ? { ...r, suite: { ...r.suite, diagnostic: true } } : r));
  const privacy = runView({ ...made, results }, words('en')).dims.find(({ key }) => key === 'privacy');
  expect(privacy?.weakest?.title).toBe('Secrets');
  expect(privacy?.sentence).toMatch(/^Secrets: /);
});

test('a suite of which nothing was answered is incomplete, not beyond the model', () => {
  const made = madeRun({ suites: [{ id: 'fairness/ambiguity', title: 'Ambiguity', grade: null, state: 'not met', n: 0, missing: 40 }] });
  const results = made.results.map((r) => ({ ...r, items: 0 }));
  const fairness = runView({ ...made, results }, words('en')).dims.find(({ key }) => key === 'fairness');
  expect(fairness?.suites[0]?.stateWord).toBe('Incomplete');
  expect(fairness?.suites[0]?.says).toMatch(/^40 answers are missing/);
  expect(fairness?.sentence).toMatch(/^40 answers are missing/);
});

describe('is it good?', () => {
  const w = words('en');
  const run = madeRun({ suites: [{ id: 'safety/harmful', title: 'Harmful', grade: 0.62 }] });
  const theirs = (grade: number, version = '1') => ({
    name: `m${grade}`,
    hash: `h${grade}`,
    protocol: 'instruct',
    preset: 'standard',
    suites: { 'safety/harmful': { version, items: run.results[0]?.suite.items ?? '', grade } },
  });
  test('a place among comparable runs', () => {
    const view = referenceView({ runs: [theirs(0.5), theirs(0.6), theirs(0.7)], published: [] }, run, w);
    expect(view.rows[0]?.text).toBe('Above 2 of 3: m0.5 .50, m0.6 .60, m0.7 .70');
  });
  test('where the other model is not able to do all, both are meaned over what they share; under half of it is not comparable', () => {
    const ids = ['safety/harmful', 'safety/over-refusal', 'safety/toxicity'];
    const wide = madeRun({ suites: ids.map((id, i) => ({ id, title: id, grade: 0.5 + i / 10 })) });
    const able = (count: number) => ({
      ...theirs(0.55),
      suites: Object.fromEntries(
        ids.map((id, i) => [id, { version: '1', items: wide.results[i]?.suite.items ?? '', grade: i < count ? 0.5 : null }]),
      ),
    });
    expect(referenceView({ runs: [able(2)], published: [] }, wide, w).rows[0]?.text).toBe(
      'Above 1 of 1: m0.55 .50 (this one .55, over the 2 sub-dimensions that both are able to do)',
    );
    expect(referenceView({ runs: [able(1)], published: [] }, wide, w).rows).toEqual([]);
  });
  test('another version of a suite is not comparable', () => {
    expect(referenceView({ runs: [theirs(0.5, '2')], published: [] }, run, w).rows).toEqual([]);
  });
});
