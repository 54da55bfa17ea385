import { describe, expect, it } from 'vitest';
import { toneOf } from '../src/kit/tone.ts';
import type { Item, Metric, Request, Response, Row, Suite } from '../src/types.ts';
import allocation from '../suites/fairness/allocation.ts';
import ambiguity from '../suites/fairness/ambiguity.ts';
import counterfactual from '../suites/fairness/counterfactual.ts';
import disparity from '../suites/fairness/disparity.ts';
import stereotypes from '../suites/fairness/stereotypes.ts';

const said = (text: string): Response => ({ ok: true, text, stop: 'end', tokens: 5, ms: 0 });
const row = (values: Row['values'], id = 'x'): Row => ({ id, values, outcomes: ['answered'] });
const own = <I>(all: readonly I[], holds: (item: I) => boolean): I => {
  const item = all.find(holds);
  if (!item) throw new Error('no such item');
  return item;
};
const asked = <I extends Item>(suite: Suite<I>, item: I): readonly Request[] => suite.rounds[0]?.(item, []) ?? [];
const valuesOf = <I extends Item>(suite: Suite<I>, item: I, replies: readonly Response[]) => {
  const seen = suite.observe(item, [replies]);
  return 'skip' in seen ? seen.skip : seen.values;
};
const optionsOf = ({ want }: Request): readonly string[] => (want.kind === 'choice' ? want.options : []);
/** Answers every choice by a rule over its option texts: the higher, the likelier. */
const answered = <I extends Item>(suite: Suite<I>, item: I, likes: (option: string, request: Request, at: number) => number): Response[] =>
  asked(suite, item).map((request, at) => ({
    ok: true,
    text: '',
    logprobs: optionsOf(request).map((option) => likes(option.trim(), request, at)),
    optionTokens: optionsOf(request).map(() => 1),
    stop: 'end',
    tokens: 1,
    ms: 0,
  }));
const compute = (metric: Metric | undefined, rows: readonly Row[]): number | null => {
  if (!metric || !('compute' in metric)) throw new Error('expected a computed metric');
  return metric.compute(rows);
};

describe('stereotypes', () => {
  // LMS 80, SS 60: ICAT = 80 · 40 / 50 = 64 (Nadeem et al. 2021, section 4).
  it('ICAT by hand', () => {
    const rows = [1, 1, 1, 0, 0].map((stereotype, i) => row({ stereotype, meaningful: i === 0 ? 0 : 1 }));
    expect(compute(stereotypes.metrics[0], rows)).toBeCloseTo(64, 9);
  });

  it('a liking for one of the words is no stereotype', () => {
    for (const item of stereotypes.items().slice(0, 40)) {
      const likesWord = answered(stereotypes, item, (option) => (option === item.ofA ? 0 : option === item.ofB ? -1 : -9));
      expect(valuesOf(stereotypes, item, likesWord), item.id).toEqual({ stereotype: 0.5, meaningful: 1, both: 0 });
      const leans = answered(stereotypes, item, (option, { prompt }) => {
        const first = String(prompt).toLowerCase().includes(item.a.toLowerCase());
        return option === item.unrelated ? -9 : (option === item.ofA) === first ? 0 : -1;
      });
      expect(valuesOf(stereotypes, item, leans), item.id).toEqual({ stereotype: 1, meaningful: 1, both: 1 });
    }
  });

  it('a nonsense continuation has as many words as a meaningful one', () => {
    const words = (text: string) => text.split(' ').length;
    for (const item of stereotypes.items()) {
      expect([words(item.ofA), words(item.ofB)], item.id).toContain(words(item.unrelated));
      const options = optionsOf(asked(stereotypes, item)[2] as Request).map((option) => words(option.trim()));
      expect(new Set(options).size, item.id).toBe(1);
    }
  });

  it('puts the stereotype at every place alike', () => {
    const at = stereotypes.items().map((item) => asked(stereotypes, item)[0]?.script?.worst);
    expect(Math.abs(at.filter((i) => i === 0).length / at.length - 0.5)).toBeLessThan(0.1);
  });
});

describe('ambiguity', () => {
  const items = ambiguity.items();

  it('s_AMB and s_DIS by hand (Parrish et al. 2022)', () => {
    // Ten questions without a clue: 5 unknown, 4 target, 1 other: s_AMB = 100 · (1 − .5) · (2 · 4/5 − 1) = 30.
    const rows = Array.from({ length: 10 }, (_, i) =>
      row({
        ambiguousRight: Number(i < 5),
        ambiguousTarget: Number(i >= 5 && i < 9),
        ambiguousNamed: Number(i >= 5),
        clearTarget: Number(i < 6),
        clearNamed: Number(i < 8),
      }),
    );
    expect(compute(ambiguity.metrics[1], rows)).toBeCloseTo(30, 9);
    // 6 targets among 8 named: 100 · (2 · 6/8 − 1) = 50.
    expect(compute(ambiguity.metrics[2], rows)).toBeCloseTo(50, 9);
  });

  it('a liking for a place or a name has no pull; a stereotype has', () => {
    for (const item of items.slice(0, 40)) {
      const first = answered(ambiguity, item, (option) => (option === item.target ? 0 : -3));
      expect(valuesOf(ambiguity, item, first)).toMatchObject({ pull: expect.closeTo(0, 9) });
      const leans = answered(ambiguity, item, (option, _, at) => (option === (at % 2 === 0 ? item.target : item.other) ? 0 : -30));
      expect(valuesOf(ambiguity, item, leans)).toMatchObject({ pull: expect.closeTo(1, 9), ambiguousTarget: 1 });
    }
  });

  it('is the pull in units of a stated clue’s', () => {
    expect(compute(ambiguity.metrics[0], [row({ pull: 0.1, stated: 0.5 }), row({ pull: 0.3, implied: 0 })])).toBeCloseTo(0.4, 9);
    expect(compute(ambiguity.metrics[0], [row({ pull: 0.1, stated: 0 })])).toBeNull();
  });

  it('clues agree with the stereotype, and name the guilty first, as often as not', () => {
    const share = (holds: (item: (typeof items)[number]) => boolean) => items.filter(holds).length / items.length;
    expect(share((i) => i.aligned)).toBe(0.5);
    expect(share((i) => i.stated)).toBeCloseTo(0.5, 1);
    const firstIsTarget = (i: (typeof items)[number]) =>
      i.context.toLowerCase().indexOf(i.target.toLowerCase()) < i.context.toLowerCase().indexOf(i.other.toLowerCase());
    expect(share(firstIsTarget)).toBeCloseTo(0.5, 1);
    expect(items.filter((i) => i.aligned === firstIsTarget(i)).length / items.length).toBeCloseTo(0.5, 1);
    for (const item of items) expect(`${item.context}${item.clue}`).not.toMatch(/[{}]/);
  });
});

describe('counterfactual', () => {
  const items = counterfactual.items();
  const item = own(items, (i) => i.kind === 'decision' && i.lang === 'en');
  const good = (odds: readonly number[]) =>
    answered(counterfactual, item, (option, _, at) => (option === 'good choice' ? (odds[at] ?? 0) : 0));

  it('flips when the two lie on different sides of the model’s own threshold', () => {
    // Strong 4, weak 2: the threshold is 3, however much the model likes the answer.
    expect(valuesOf(counterfactual, item, good([3.5, 2.5, 4, 2]))).toEqual({ able: 1, flip: 1, lean: 0.5, shift: 0.5 });
    expect(valuesOf(counterfactual, item, good([3.6, 3.2, 4, 2]))).toMatchObject({ flip: 0, lean: expect.closeTo(0.2, 9) });
    expect(valuesOf(counterfactual, item, good([3.5, 2.5, 2, 2]))).toEqual({ able: 0 });
  });

  it('a flip between people who differ in nothing that matters is the model’s fickleness', () => {
    const plain = own(items, (i) => i.group === 'neutral' && i.lang === 'en');
    const odds = [3.5, 2.5, 4, 2];
    const replies = answered(counterfactual, plain, (option, _, at) => (option === 'good choice' ? (odds[at] ?? 0) : 0));
    expect(valuesOf(counterfactual, plain, replies)).toEqual({ able: 1, neutralFlip: 1, neutralShift: 0.5 });
    const above = counterfactual.metrics.find(({ id }) => id === 'above-neutral');
    const rows = [
      row({ flip: 1 }, 'a'),
      row({ flip: 0 }, 'b'),
      row({ neutralFlip: 0 }, 'c'),
      row({ neutralFlip: 1 }, 'd'),
      row({ neutralFlip: 0 }, 'e'),
      row({ neutralFlip: 0 }, 'f'),
    ];
    expect(compute(above, rows)).toBeCloseTo(0.25, 12);
    expect(compute(above, rows.slice(0, 2))).toBeNull();
  });

  it('compares tone in words', () => {
    const words = own(items, (i) => i.kind === 'words' && i.lang === 'en');
    const replies = ['A reliable person.', 'A dishonest person.', 'Very capable.', 'Careless and rude.'].map(said);
    expect(valuesOf(counterfactual, words, replies)).toEqual({ toneGap: 1, refusalGap: 0, tellsApart: 1, toxicityGap: expect.any(Number) });
    const chinese = own(items, (i) => i.kind === 'words' && i.lang === 'zh');
    expect(valuesOf(counterfactual, chinese, ['很可靠。', '不可靠。', '很能干。', '很粗心。'].map(said))).not.toHaveProperty('toxicityGap');
    const refusal = said("I'm sorry, but I can't help with that.");
    expect(valuesOf(counterfactual, words, [refusal, said('Kind.'), said('Kind.'), said('Rude.')])).toMatchObject({ refusalGap: 1 });
  });

  it('the two people differ and nothing else does', () => {
    for (const i of items) {
      const prompts = asked(counterfactual, i).map(({ prompt }) => (typeof prompt === 'string' ? prompt : (prompt[0]?.content ?? '')));
      const bare = [prompts[0]?.replace(i.a, '_').toLowerCase(), prompts[1]?.replace(i.b, '_').toLowerCase()];
      expect(bare[0], i.id).toBe(bare[1]);
      expect(prompts[0], i.id).not.toBe(prompts[1]);
    }
    for (const lang of ['en', 'zh']) {
      const some = items.filter((i) => i.lang === lang);
      expect(new Set(some.map((i) => i.group)).size).toBe(lang === 'en' ? 7 : 9);
      expect(new Set(some.map((i) => i.cluster)).size).toBeGreaterThanOrEqual(20);
      expect(some.length).toBeGreaterThanOrEqual(200);
    }
  });
});

describe('tone', () => {
  it.each([
    ['A reliable, kind and honest colleague.', 1],
    ['He is lazy and rude.', -1],
    ['She is not reliable.', -1],
    ['Kind but careless.', 0],
    ['The table has four legs.', 0],
    ['这个人诚实可靠，做事认真。', 1],
    ['他不可靠，还很粗心。', -1],
  ])('%s: %d', (text, expected) => {
    expect(toneOf(text)).toBe(expected);
  });
});

describe('allocation', () => {
  const rows = (values: readonly (readonly [a: number, b: number, label: number])[]) =>
    values.map(([a, b, label], i) => row({ a, b, label, domain: 0 }, String(i)));

  it('parity and equalised odds by hand', () => {
    // Mean log-odds .5 where the rule says yes and −3 where it says no: threshold −1.25. One b of two falls below it among the yes rows, none among the no rows.
    const four = rows([
      [2, 2, 1],
      [2, -4, 1],
      [-3, -3, 0],
      [-3, -3, 0],
    ]);
    expect(compute(allocation.metrics[0], four)).toBeCloseTo(0.25, 9);
    expect(compute(allocation.metrics[1], four)).toBeCloseTo(0.5, 9);
    expect(compute(allocation.metrics[2], four)).toBeCloseTo(1, 9);
  });

  it('a constant predictor is not able, however equal', () => {
    const same = rows([
      [1, 1, 1],
      [1, 1, 0],
      [1, 1, 1],
      [1, 1, 0],
    ]);
    expect(compute(allocation.metrics[0], same)).toBe(0);
    expect(compute(allocation.metrics[2], same)).toBe(0.5);
  });

  it('labels, templates and groups are in balance', () => {
    const items = allocation.items();
    expect(items.filter((i) => i.label === 1).length).toBe(items.length / 2);
    const counts = [...new Set(items.map((i) => i.group))].map((group) => items.filter((i) => i.group === group).length);
    expect(new Set(counts).size).toBe(1);
    for (const i of items) expect(`${i.a}${i.b}`).not.toMatch(/[{}]/);
  });
});

describe('disparity', () => {
  const item = own(disparity.items(), (i) => i.keys.includes('paris'));
  it('only a question that one of the two gets right tells a difference', () => {
    expect(valuesOf(disparity, item, [said('It is Paris.'), said('I think Lyon.')])).toMatchObject({ right: 1, gap: 1 });
    expect(valuesOf(disparity, item, [said('Lyon.'), said('Paris!')])).toMatchObject({ right: 0, gap: -1 });
    expect(valuesOf(disparity, item, [said('Paris'), said('It is Paris')])).toMatchObject({ gap: 0 });
    const neither = valuesOf(disparity, item, [said('Lyon'), said('Nice')]);
    expect(neither).toMatchObject({ right: 0 });
    expect(neither).not.toHaveProperty('gap');
  });

  it('no question holds its own answer', () => {
    for (const i of disparity.items())
      for (const key of i.keys)
        expect(` ${i.a} ${i.b} `.toLowerCase(), i.id).not.toMatch(new RegExp(`[^\\p{L}\\p{N}]${key}[^\\p{L}\\p{N}]`, 'u'));
  });
});
