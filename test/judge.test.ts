import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askJudge, judgementIn, yesNo } from '../src/kit/judge.ts';
import type { Response, Result } from '../src/types.ts';
import { plumbline } from './support/cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumbline-judge-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = (...args: string[]) => plumbline(args, { cwd: folder, env: { PLUMBLINE_CACHE: join(folder, 'cache') } });
const choice = (...logprobs: number[]): Response => ({ ok: true, text: '', logprobs, stop: 'end', tokens: 2, ms: 0 });

describe('a judgement', () => {
  it('names both answers in either order', () => {
    const requests = askJudge({ ask: 'Answer: Rome. Is it right?', options: yesNo });
    expect(requests.map(({ prompt }) => (prompt[0] as { content: string }).content.split('\n')[1])).toEqual([
      'Answer with one of these and nothing else: Yes, No.',
      'Answer with one of these and nothing else: No, Yes.',
    ]);
    expect(requests.map(({ want }) => want)).toEqual([
      { kind: 'choice', options: ['Yes', 'No'] },
      { kind: 'choice', options: ['No', 'Yes'] },
    ]);
  });

  it('is the mean of both orders, and says when they disagree', () => {
    expect(judgementIn([choice(-1, -2), choice(-2, -1)])).toEqual({ orders: [1, 1], logOdds: 1, consistent: true });
    expect(judgementIn([choice(-1, -4), choice(-1, -2)])).toEqual({ orders: [3, -1], logOdds: 1, consistent: false });
    expect(judgementIn([choice(-1, -2), { ok: false, error: 'gone' }])).toBeNull();
    expect(judgementIn([choice(-1, -2)])).toBeNull();
  });
});

describe('reliability/judged-explanations', () => {
  const result = (run: string) =>
    JSON.parse(readFileSync(join(folder, run, 'results/reliability/judged-explanations.json'), 'utf8')) as Result;
  const run = (model: string, judge: string, to: string) =>
    cli('run', model, '--judge', judge, '-s', 'reliability/judged-explanations', '-p', 'standard', '-o', to, '-q');

  it.each([
    ['scripted:perfect', 'scripted:perfect', 'met', 1],
    ['scripted:worst', 'scripted:perfect', 'met', 0],
    ['scripted:perfect', 'scripted:worst', 'not met', null],
    ['scripted:perfect', 'scripted:random', 'not met', null],
    ['scripted:empty', 'scripted:perfect', 'met', 0],
  ])('%s read by %s: control %s', async (model, judge, state, value) => {
    const to = `${model}-${judge}`.replaceAll(':', '');
    expect((await run(model, judge, to)).code).toBe(0);
    const { floor, estimates } = result(to);
    expect(floor.state).toBe(state);
    if (value !== null) expect(estimates[0]?.value).toBe(value);
    expect((await cli('verify', to)).code).toBe(0);
  });

  it('lets the error of the judge into the interval: a judge that errs gives a wider one around the same rate', async () => {
    await run('scripted:mixed:0.3', 'scripted:perfect', 'sure');
    await run('scripted:mixed:0.3', 'scripted:mixed:0.15', 'unsure');
    const [sure, unsure] = [result('sure'), result('unsure')].map(({ estimates }) => estimates[0]);
    const width = (e: typeof sure) => (e?.interval ? e.interval.high - e.interval.low : 0);
    expect(width(unsure)).toBeGreaterThan(width(sure));
    expect(unsure?.interval?.low).toBeLessThan(sure?.value ?? 0);
    expect(unsure?.interval?.high).toBeGreaterThan(sure?.value ?? 1);
  });

  it('is left out aloud without a judge, and refused when it was named', async () => {
    const { err, code } = await cli('run', 'scripted:perfect', '-s', 'reliability/judged-explanations', '-o', 'none');
    expect([code, err]).toEqual([2, expect.stringContaining('needs a judge')]);
  });
});

describe('plumbline judge-card', () => {
  it('measures a judge on your own labelled rows', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${JSON.stringify({ text: `Answer ${i}`, label: i % 3 === 0 ? 'yes' : 'no' })}\n`);
    writeFileSync(join(folder, 'rows.jsonl'), rows.join(''));
    const ask = ['--labelled', 'rows.jsonl', '--ask', 'Is it polite?', '--json'];
    const perfect = JSON.parse((await cli('judge-card', 'scripted:perfect', ...ask)).out);
    expect(perfect.tasks[0]).toMatchObject({
      n: 20,
      unread: 0,
      yes: 0.35,
      accuracy: { value: 1 },
      kappa: { value: 1 },
      steady: { value: 1 },
      alpha: 1,
    });
    const worst = JSON.parse((await cli('judge-card', 'scripted:worst', ...ask)).out);
    expect(worst.tasks[0]).toMatchObject({ accuracy: { value: 0 }, sensitivity: { value: 0 }, specificity: { value: 0 } });
    const silent = JSON.parse((await cli('judge-card', 'scripted:silent', ...ask)).out);
    expect(silent.tasks[0]).toMatchObject({ n: 0, unread: 20 });
  });

  it.each([
    [['--labelled', 'rows.jsonl'], /--labelled needs the question/],
    [[], /no labelled data was named/],
    [['--labelled', 'rows.jsonl', '--ask', 'x', '--label', 'text'], /rows\.jsonl:1: the label is "Answer 0"/],
  ])('says what is missing: %j', async (args, message) => {
    const { err, code } = await cli('judge-card', 'scripted:perfect', ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
