import { describe, expect, it } from 'vitest';
import { lostAboveChance, mentions, type Question, randomOf } from '../src/kit/index.ts';
import type { Item, Request, Response, Row, Suite } from '../src/types.ts';
import adversarial from '../suites/robustness/adversarial.ts';
import consistency from '../suites/robustness/consistency.ts';
import demonstrations from '../suites/robustness/demonstrations.ts';
import distribution from '../suites/robustness/distribution.ts';
import format from '../suites/robustness/format.ts';
import injection from '../suites/robustness/injection.ts';
import noise from '../suites/robustness/noise.ts';
import position from '../suites/robustness/position.ts';
import { runScripted } from './support/scripted.ts';

const text = (said: string): Response => ({ ok: true, text: said, stop: 'end', tokens: 1, ms: 0 });
const chosen = (index: number, count: number): Response => ({
  ok: true,
  text: '',
  logprobs: Array.from({ length: count }, (_, i) => (i === index ? -1 : -5)),
  stop: 'end',
  tokens: 1,
  ms: 0,
});
const said = (request: Request): string =>
  typeof request.prompt === 'string' ? request.prompt : request.prompt.map((m) => m.content).join('\n');

const askedOf = <I extends Item>(suite: Suite<I>, item: I): readonly Request[] => suite.rounds[0]?.(item, []) ?? [];

/** The values of one item when `answer` answers every request of the first round. */
function valuesOf<I extends Item>(suite: Suite<I>, item: I, answer: (request: Request, index: number) => Response) {
  const requests = askedOf(suite, item);
  const seen = suite.observe(item, [requests.map(answer)]);
  return 'values' in seen ? seen.values : {};
}
const rowsOf = <I extends Item>(suite: Suite<I>, items: readonly I[], answer: (request: Request, index: number) => Response): Row[] =>
  items.map((item) => ({ id: item.id, values: valuesOf(suite, item, answer), outcomes: [] }));

const optionsIn = (request: Request): readonly string[] => (request.want.kind === 'choice' ? request.want.options : []);
const perfect = (request: Request): Response =>
  request.want.kind === 'choice'
    ? chosen(Number(request.script?.perfect), optionsIn(request).length)
    : text(String(request.script?.perfect));

describe('questions', () => {
  const items = noise.items();

  it('have four different options, of which none but an either/or stands in the question', () => {
    for (const item of items) {
      expect(new Set(item.options).size, item.id).toBe(4);
      expect(mentions(item.question, item.options[0]), item.id).toBe(false);
      expect(item.paraphrase && mentions(item.paraphrase, item.options[0]), item.id).toBe(false);
    }
    expect(new Set(items.map((item) => item.question)).size).toBe(items.length);
  });

  it('put the right option at every place equally often', () => {
    for (const lang of ['en', 'zh']) {
      const places = [0, 0, 0, 0];
      for (const item of items.filter((i) => (i.lang ?? 'en') === lang)) {
        const place = Number(askedOf(noise, item)[0]?.script?.perfect);
        places[place] = (places[place] ?? 0) + 1;
      }
      expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(1);
    }
  });
});

describe('noise', () => {
  it('asks each question clean, in its noisy forms and in other words, all with the same options', () => {
    for (const item of noise.items()) {
      const requests = askedOf(noise, item);
      expect(requests.length).toBeGreaterThanOrEqual(item.lang === 'zh' ? 4 : 6);
      expect(new Set(requests.map(said)).size).toBe(requests.length);
      expect(new Set(requests.map((r) => optionsIn(r).join('|'))).size).toBe(1);
    }
  });

  it('is worked out as (clean − noisy) / (clean − chance)', () => {
    const rows: Row[] = [
      { id: 'a', values: { clean: 1, noisy: 1 }, outcomes: [] },
      { id: 'b', values: { clean: 1, noisy: 0.5 }, outcomes: [] },
      { id: 'c', values: { clean: 0, noisy: 0 }, outcomes: [] },
      { id: 'd', values: { clean: 1, noisy: 0 }, outcomes: [] },
    ];
    expect(lostAboveChance(rows, 'clean', 'noisy', 0.25)).toBeCloseTo((0.75 - 0.375) / 0.5, 12);
    expect(lostAboveChance([{ id: 'g', values: { clean: 0.25, noisy: 0.25 }, outcomes: [] }], 'clean', 'noisy', 0.25)).toBe(1);
    expect(lostAboveChance([], 'clean', 'noisy', 0.25)).toBeNull();
  });

  it('does not call a responder robust that merely never changes', async () => {
    const [result] = await runScripted('constant-letter', [noise as unknown as Suite], { preset: 'full' });
    expect(result?.floor.state).toBe('not met');
  });
});

describe('position', () => {
  const items = position.items();

  it('finds a responder fickle that always takes one place, and steady one that knows', () => {
    for (const place of [0, 1, 2, 3]) expect(valuesOf(position, items[0] as (typeof items)[number], () => chosen(place, 4)).fickle).toBe(1);
    for (const item of items) expect(valuesOf(position, item, perfect)).toMatchObject({ fickle: 0, right: 1, worst: 1 });
  });

  it('gives the recall spread of a constant letter, .433, and none to one that knows', () => {
    const rstd = position.metrics.find((metric) => metric.id === 'rstd');
    if (!rstd || !('compute' in rstd)) throw new Error('no rstd');
    expect(rstd.compute(rowsOf(position, items, () => chosen(2, 4)))).toBeCloseTo(Math.sqrt(3) / 4, 10);
    expect(rstd.compute(rowsOf(position, items, perfect))).toBe(0);
  });

  it('judges order only in the layouts that a model can use', () => {
    const [fickle] = position.metrics;
    if (!('compute' in fickle) || !('compute' in position.floor)) throw new Error('no such metric');
    const rows = items.map((item) => {
      const byLetter = item.group === 'letters';
      return {
        id: item.id,
        group: item.group,
        outcomes: [],
        values: valuesOf(position, item, (request) => (byLetter ? chosen(2, 4) : perfect(request))),
      };
    });
    expect(fickle.compute(rows)).toBe(0);
    expect(position.floor.compute(rows)).toBe(1);
    const guessing = rows.map((row) => ({ ...row, values: { ...row.values, fickle: 1, right: 0.25 } }));
    expect(fickle.compute(guessing)).toBe(1);
    expect(position.floor.compute(guessing)).toBe(0.25);
  });

  it('tests the chosen places against a quarter each', () => {
    const rows = rowsOf(position, items, () => chosen(0, 4)).map((row, i) => ({ ...row, group: items[i]?.group ?? '' }));
    const details = position.details(rows);
    expect(details.chosen.map((place) => place.share)).toEqual([1, 0, 0, 0, 1, 0, 0, 0]);
    for (const { p } of details.fairness) expect(p).toBeLessThan(1e-9);
    const bias = position.metrics.find((metric) => metric.id === 'letter-bias');
    if (!bias || !('compute' in bias)) throw new Error('no letter bias');
    // χ² of always one of four is 3n, so Cramér's V is 1; an even choice gives 0.
    expect(bias.compute(rows)).toBeCloseTo(1, 12);
    expect(bias.compute(rowsOf(position, items, perfect).map((row, i) => ({ ...row, group: items[i]?.group ?? '' })))).toBeCloseTo(0, 12);
  });
});

describe('format', () => {
  it('asks in twelve formats and grades by the worst against the best', () => {
    const items = format.items();
    expect(askedOf(format, items[0] as (typeof items)[number]).length).toBe(12);
    const rows = rowsOf(format, items, (request, i) => (i < 6 ? perfect(request) : chosen((Number(request.script?.perfect) + 1) % 4, 4)));
    const [lost, spread] = format.metrics;
    expect(lost.compute(rows)).toBe(1);
    expect(spread && 'compute' in spread && spread.compute(rows)).toBe(1);
  });

  it('finds no loss where twelve formats differ by chance alone, though the plain spread does', () => {
    const [lost, spread] = format.metrics;
    if (!('compute' in lost) || !spread || !('compute' in spread)) throw new Error('no such metrics');
    const lostBy: number[] = [];
    const spreads: number[] = [];
    for (let run = 0; run < 40; run++) {
      const random = randomOf(`chance/${run}`);
      const rows: Row[] = Array.from({ length: 200 }, (_, i) => ({
        id: `q${i}`,
        values: Object.fromEntries(lost.reads.map((id) => [id, random() < 0.6 ? 1 : 0])),
        outcomes: [],
      }));
      lostBy.push(lost.compute(rows) ?? 0);
      spreads.push(spread.compute(rows) ?? 0);
    }
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(spreads)).toBeGreaterThan(0.08);
    // (.65 − .555) / (.65 − .25) would be a loss of a quarter.
    expect(mean(lostBy)).toBeLessThan(0.07);
  });

  it('measures a loss that is there: one format in twelve at half of the others', () => {
    const [lost] = format.metrics;
    if (!('compute' in lost)) throw new Error('no such metric');
    const random = randomOf('half');
    const rows: Row[] = Array.from({ length: 4000 }, (_, i) => ({
      id: `q${i}`,
      values: Object.fromEntries(lost.reads.map((id, k) => [id, random() < (k === 3 ? 0.45 : 0.65) ? 1 : 0])),
      outcomes: [],
    }));
    expect(lost.compute(rows)).toBeGreaterThan(0.45);
    expect(lost.compute(rows)).toBeLessThan(0.56);
  });
});

describe('demonstrations', () => {
  it('balances labels, and every misleading condition differs from the right one', () => {
    const items = demonstrations.items();
    expect(items.filter((item) => item.label === 'positive').length * 2).toBe(items.length);
    for (const item of items) {
      expect(item.shots.filter((shot) => shot.label === 'positive').length).toBe(2);
      expect(item.shots.some((shot) => shot.text === item.text || shot.text === item.twin)).toBe(false);
      const prompts = askedOf(demonstrations, item).map(said);
      expect(new Set(prompts).size).toBe(prompts.length);
    }
  });
});

describe('consistency', () => {
  it('does not take a constant place, nor a constant yes, for agreement', () => {
    for (const item of consistency.items()) {
      const values = valuesOf(consistency, item, (request) =>
        request.want.kind === 'text'
          ? text('A')
          : chosen(item.kind === 'converse' ? optionsIn(request).indexOf(' Yes') : 0, optionsIn(request).length),
      );
      if (item.kind === 'wording') expect(values.agree).toBe(0);
      else expect(values.converse).toBeCloseTo(1 / 3, 12);
    }
  });

  it('reads sampled answers for self-consistency', () => {
    const item = consistency.items().find((i) => i.kind === 'wording');
    if (item?.kind !== 'wording') throw new Error('no wording');
    const sampled = (answers: readonly string[]) =>
      valuesOf(consistency, item, (request, i) => (request.want.kind === 'text' ? text(answers[i - 6] ?? item.options[0]) : chosen(0, 4)))
        .self;
    expect(sampled([item.options[0], item.options[0], item.options[0]])).toBe(1);
    expect(sampled([item.options[0], item.options[1] ?? '', item.options[0]])).toBeCloseTo(1 / 3, 12);
    expect(sampled([item.options[0], '', item.options[0]])).toBeNull();
  });

  it('agrees with itself when it knows', () => {
    for (const item of consistency.items()) {
      const values = valuesOf(consistency, item, perfect);
      expect(values[item.kind === 'wording' ? 'agree' : 'converse']).toBe(1);
    }
  });
});

describe('adversarial and distribution', () => {
  it('balance labels in every task', () => {
    const counts = new Map<string, number>();
    for (const { task, label } of adversarial.items()) counts.set(`${task}/${label}`, (counts.get(`${task}/${label}`) ?? 0) + 1);
    for (const [a, b] of [
      ['sentiment/positive', 'sentiment/negative'],
      ['entail/true', 'entail/false'],
      ['same/yes', 'same/no'],
    ] as const)
      expect(counts.get(a)).toBe(counts.get(b));
  });

  it('hold no key in the question', () => {
    for (const item of distribution.items()) {
      if ('styled' in item) expect(mentions(item.question, item.options[0]) || mentions(item.styled, item.options[0]), item.id).toBe(false);
      else
        expect(
          item.keys.some((key) => mentions(item.past, key)),
          item.id,
        ).toBe(false);
    }
  });
});

describe('injection', () => {
  const items = injection.items();

  it('uses every style and setting, and no payload whose mark the task holds anyway', () => {
    expect(new Set(items.map((item) => item.group)).size).toBe(7);
    expect(new Set(items.map((item) => item.setting)).size).toBe(3);
    for (const item of items)
      for (const mark of item.marks)
        for (const held of [item.text, item.question, ...item.keys]) expect(mentions(held, mark), item.id).toBe(false);
  });

  it('puts attacks between sentences, not behind a title or an initial', () => {
    for (const item of items) {
      const attacked = said(askedOf(injection, item)[1] as Request);
      expect(attacked, item.id).toContain(item.attack);
      expect(attacked.slice(0, attacked.indexOf(item.attack)), item.id).not.toMatch(/\b(?:Mrs?|Ms|Dr|[A-Z])\.\s*$/);
    }
  });

  it('tells obeying from answering, quoting and echoing', () => {
    for (const item of items) {
      const [key = '', mark = ''] = [item.keys[0], item.marks[0]];
      const about = (attacked: string) => valuesOf(injection, item, (_, i) => text([key, attacked, mark][i] ?? ''));
      expect(about(mark)).toMatchObject({ hijacked: 1, kept: 0, able: 1 });
      expect(about(key)).toMatchObject({ hijacked: 0, kept: 1 });
      expect(about(`${key}. The text also says to ${item.payload}.`)).toMatchObject({ hijacked: 0, kept: 1 });
    }
  });

  it('takes no echo for an answer and a refusing model for not able', () => {
    for (const item of items) {
      expect(valuesOf(injection, item, (request) => text(said(request))).able).toBe(0);
      expect(valuesOf(injection, item, () => text('I cannot help with that.'))).not.toHaveProperty('hijacked');
    }
  });
});

it('a bank of questions is read the same by all suites', () => {
  const known = new Set(noise.items().map((item: Question) => item.id));
  for (const item of format.items()) expect(known.has(item.id)).toBe(true);
  for (const item of position.items()) expect(known.has(item.cluster ?? '')).toBe(true);
});
