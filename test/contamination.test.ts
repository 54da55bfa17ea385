import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { plansOf } from '../src/engine/plan.ts';
import { readResult } from '../src/engine/run-folder.ts';
import { evaluate } from '../src/evaluate.ts';
import { canariesIn, canarySign, contaminationOf, exchangeability, logprobOf, orderSign } from '../src/kit/contamination.ts';
import { contaminationText } from '../src/kit/page-suite.ts';
import { randomOf } from '../src/kit/random.ts';
import { en } from '../src/kit/words.ts';
import { loadSuites } from '../src/load.ts';
import type { Answer, Request, Runner } from '../src/types.ts';
import { madeData } from './support/benchmark-data.ts';

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-contamination-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const trace = (...logprobs: readonly (number | null)[]): Answer => ({
  ok: true,
  text: '',
  stop: 'end',
  tokens: logprobs.length,
  ms: 0,
  logprobs,
});

it('a published order likelier than all of 19 shuffled ones: p = 1/20; the middle: one half', () => {
  const others = Array.from({ length: 19 }, (_, i) => -100 - i);
  expect(exchangeability(-50, others)).toBeCloseTo(1 / 20, 12);
  expect(exchangeability(-109.5, others)).toBeCloseTo(11 / 20, 12);
  // A tie counts against contamination.
  expect(exchangeability(-100, others)).toBeCloseTo(2 / 20, 12);
  expect(exchangeability(-50, [])).toBeNull();
});

it('asks the published order first, then backwards, then others, no order twice, alike for one seed', () => {
  const items = ['one', 'two', 'three', 'four', 'five'];
  const { requests } = orderSign(items, 's');
  expect(requests.map(({ want }) => want.kind)).toEqual(['trace', 'trace', 'trace', 'trace', 'trace']);
  expect(requests[0]?.prompt).toBe(items.join('\n\n'));
  expect(requests[1]?.prompt).toBe([...items].reverse().join('\n\n'));
  expect(new Set(requests.map(({ prompt }) => prompt)).size).toBe(5);
  for (const { prompt } of requests) expect(String(prompt).split('\n\n').sort()).toEqual([...items].sort());
  expect(orderSign(items, 's').requests).toEqual(requests);
});

it('sums what is known and keeps unknown apart from zero', () => {
  expect(logprobOf(trace(null, -1, -2))).toBe(-3);
  expect(logprobOf(trace(null))).toBeNull();
  expect(logprobOf({ ok: false, error: 'x' })).toBeNull();
});

const guid = '01234567-89ab-cdef-0123-456789abcdef';

it('finds canary strings, once each', () => {
  expect(canariesIn(`Data should not be trained on. Canary GUID ${guid.toUpperCase()} … canary GUID ${guid}`)).toEqual([guid]);
  expect(canariesIn(`an id ${guid} of something else`)).toEqual([]);
});

it('a canary that is likelier than nine made-up ones: p = 1/10', () => {
  const sign = canarySign(guid);
  expect(sign.requests).toHaveLength(10);
  for (const { prompt } of sign.requests) expect(prompt).toMatch(/^canary GUID [0-9a-f]{8}-[0-9a-f]{4}-/);
  const replies = sign.requests.map((_, i) => trace(null, i === 0 ? -1 : -9));
  expect(contaminationOf([{ sign, replies }], [], 's')?.canaries).toEqual([{ canary: guid, p: 1 / 10 }]);
});

const parts = (published: number, backwards: number, spread: (part: number, order: number) => number) =>
  Array.from({ length: 12 }, (_, part) => {
    const sign = orderSign(['a one', 'b two', 'c three', 'd four', 'e five'], `part ${part}`);
    return {
      sign,
      replies: sign.requests.map((_, i) => trace(null, (i === 0 ? published : i === 1 ? backwards : -100) + spread(part, i))),
    };
  });

it('what speaks for neighbours alone (the same backwards is as likely) is no sign', () => {
  const noise = (part: number, order: number) => randomOf(`${part}/${order}`)();
  expect(contaminationOf(parts(-90, -90, noise), [], 's')?.order?.p).toBeGreaterThan(0.05);
  expect(contaminationOf(parts(-90, -100, noise), [], 's')?.order).toMatchObject({ parts: 12, orders: 5, first: 12 });
  expect(contaminationOf(parts(-90, -100, noise), [], 's')?.order?.p).toBeLessThan(0.01);
});

it('of many fresh models few are called contaminated', () => {
  const low = Array.from({ length: 200 }, (_, run) => {
    const noise = (part: number, order: number) => 5 * randomOf(`${run}/${part}/${order}`)();
    return (contaminationOf(parts(-100, -100, noise), [], `run ${run}`)?.order?.p ?? 0) < 0.05;
  }).filter(Boolean).length;
  // At most 1 in 20, give or take three standard errors.
  expect(low / 200).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 200));
});

describe('a whole run', () => {
  const words = (seed: string, n: number): string[] => {
    const random = randomOf(seed);
    const syllables = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo yu'.split(' ');
    return Array.from({ length: n }, () => Array.from({ length: 3 }, () => syllables[Math.floor(random() * syllables.length)]).join(''));
  };
  const questionsOf = (seed: string) => Array.from({ length: 100 }, (_, i) => `${words(`${seed}/${i}`, 7).join(' ')}?`);
  const targets = { mc1_targets: { 'It does.': 1, 'It does not.': 0 }, mc2_targets: { 'It does.': 1, 'It does not.': 0 } };
  const file = (questions: readonly string[]) =>
    JSON.stringify(
      questions.map((question) => ({ question, ...targets })),
      null,
      1,
    );

  /** A model of characters after the 12 before them, from one text. */
  function modelOf(text: string): Runner {
    const seen = new Map<string, number>();
    for (let i = 12; i < text.length; i++)
      for (const n of [4, 12]) seen.set(text.slice(i - n, i + 1), (seen.get(text.slice(i - n, i + 1)) ?? 0) + 1);
    for (let i = 12; i < text.length; i++)
      for (const n of [4, 12]) seen.set(`<${text.slice(i - n, i)}`, (seen.get(`<${text.slice(i - n, i)}`) ?? 0) + 1);
    const p = (before: string, next: string): number => {
      const share = (n: number) => (seen.get(before.slice(-n) + next) ?? 0) / Math.max(1, seen.get(`<${before.slice(-n)}`) ?? 0);
      return 0.6 * share(12) + 0.3 * share(4) + 0.1 / 40;
    };
    const traced = (of: string): (number | null)[] => [...of].map((c, i) => (i < 12 ? null : Math.log(p(of.slice(0, i), c))));
    const answer = ({ prompt, want }: Request): Answer => {
      const base = { ok: true, stop: 'end', ms: 0, text: '', tokens: 1 } as const;
      return want.kind === 'choice'
        ? { ...base, logprobs: want.options.map((_, i) => -1 - i), optionTokens: want.options.map(() => 1) }
        : { ...base, logprobs: traced(String(prompt)) };
    };
    return {
      name: 'characters',
      identity: { runner: 'test', text },
      protocol: 'base',
      wants: ['choice', 'trace'],
      async *answer(requests) {
        for (const [i, request] of requests.entries()) yield [i, answer(request)] as const;
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async function signsIn(model: Runner, mc: string) {
    const data = madeData(mkdtempSync(join(scratch, 'cache-')), 'truthfulqa', { 'mc_task.json': mc });
    const [suite] = await loadSuites(['reliability/truthfulqa'], process.cwd());
    if (!suite) throw new Error('no suite');
    const choice = { preset: 'quick', languages: ['all'], limit: null, only: [], shard: null } as const;
    const folder = mkdtempSync(join(scratch, 'run-'));
    await evaluate({
      folder,
      model: { argument: 'test', runner: model },
      judge: null,
      plans: await plansOf(suite, { ...choice, data }),
      options: { ...choice, suites: [suite.id], seed: 1, system: null },
      command: [],
      signal: new AbortController().signal,
      now: () => new Date(0),
      say: () => {},
    });
    return readResult(folder, suite.id);
  }

  const published = questionsOf('published');

  it('a model that holds the file by heart is found out, on the page in words', async () => {
    const result = await signsIn(modelOf(published.join('\n\n')), file(published));
    expect(result.contamination?.order).toMatchObject({ parts: 12, orders: 5, first: 12 });
    expect(result.contamination?.order?.p).toBeLessThan(0.01);
    expect(result.items).toBe(100);
    expect(contaminationText(result.contamination, en)).toMatch(/likeliest in 12 of 12 runs .* p = (?:0\.00\d|< 0\.001).*A sign that/);
  });

  it('a model of other text, or of the same questions in another order, is not', async () => {
    for (const text of [questionsOf('other'), [...published].sort()].map((questions) => questions.join('\n\n'))) {
      const result = await signsIn(modelOf(text), file(published));
      expect(result.contamination?.order?.p).toBeGreaterThan(0.05);
      expect(contaminationText(result.contamination, en)).toMatch(/No sign/);
    }
  });

  it('a canary string of the file is asked, and known by the model that holds it', async () => {
    const withCanary = file([`Does this stand here (canary GUID ${guid})?`, ...published]);
    const held = await signsIn(modelOf(`${published.join('\n\n')} canary GUID ${guid} `), withCanary);
    expect(held.contamination?.canaries).toEqual([{ canary: guid, p: 1 / 10 }]);
  });
});
