import { expect, it } from 'vitest';
import { canariesIn, exchangeability, logprobOf, orderRequests } from '../src/kit/contamination.ts';

it('a published order likelier than all of 19 shuffled ones: p = 1/20; the middle: one half', () => {
  const others = Array.from({ length: 19 }, (_, i) => -100 - i);
  expect(exchangeability(-50, others)).toBeCloseTo(1 / 20, 12);
  expect(exchangeability(-109.5, others)).toBeCloseTo(11 / 20, 12);
  // A tie counts against contamination.
  expect(exchangeability(-100, others)).toBeCloseTo(2 / 20, 12);
  expect(exchangeability(-50, [])).toBeNull();
});

it('asks the published order first, then the same items in other orders, alike for one seed', () => {
  const items = ['one', 'two', 'three', 'four', 'five', 'six'];
  const requests = orderRequests(items, { permutations: 3, seed: 's' });
  expect(requests.map(({ want }) => want.kind)).toEqual(['trace', 'trace', 'trace', 'trace']);
  expect(requests[0]?.prompt).toBe(items.join('\n\n'));
  for (const { prompt } of requests.slice(1)) {
    expect(String(prompt).split('\n\n').sort()).toEqual([...items].sort());
    expect(prompt).not.toBe(requests[0]?.prompt);
  }
  expect(orderRequests(items, { permutations: 3, seed: 's' })).toEqual(requests);
});

it('sums what is known and keeps unknown apart from zero', () => {
  const trace = (logprobs: readonly (number | null)[]) =>
    ({ ok: true, text: '', stop: 'end', tokens: logprobs.length, ms: 0, logprobs }) as const;
  expect(logprobOf(trace([null, -1, -2]))).toBe(-3);
  expect(logprobOf(trace([null]))).toBeNull();
  expect(logprobOf({ ok: false, error: 'x' })).toBeNull();
});

it('finds canary strings, once each', () => {
  const guid = '01234567-89ab-cdef-0123-456789abcdef';
  expect(canariesIn(`Data should not be trained on. Canary GUID ${guid.toUpperCase()} … canary GUID ${guid}`)).toEqual([guid]);
  expect(canariesIn(`an id ${guid} of something else`)).toEqual([]);
});
