import { describe, expect, test } from 'vitest';
import { expectedTokens, freshCharacters, type Planned, plannedRequests, secondsOf, spreadOver } from '../src/decide/expected-time.ts';
import type { Plan } from '../src/engine/plan.ts';
import type { Item, Request, Suite, Want } from '../src/types.ts';

const request = (prompt: string, want: Want): Request => ({ to: 'target', prompt, want });
const choice = (prompt: string, ...options: string[]): Request => request(prompt, { kind: 'choice', options });
const text = (prompt: string, maxTokens: number, seed = 1): Request => request(prompt, { kind: 'text', maxTokens, temperature: 0, seed });

describe('characters to read', () => {
  test('a prompt is read once for all of its options, and a header once for all items', () => {
    expect(freshCharacters([choice('0123456789', ' first', ' other')])).toBe(10 + 6 + 5);
    const header = 'x'.repeat(1000);
    expect(freshCharacters([choice(`${header}one`, ' abcd'), choice(`${header}two`, ' abcd')])).toBe(1000 + 8 + 8);
  });

  test('prompts to continue share long beginnings only', () => {
    expect(freshCharacters([text('y'.repeat(300), 8), text(`${'y'.repeat(300)}more`, 8)])).toBe(300 + 304);
    expect(freshCharacters([text('y'.repeat(400), 8), text(`${'y'.repeat(400)}more`, 8)])).toBe(400 + 4);
  });
});

test('the expected length of an answer lies between one token and all it may have', () => {
  expect(expectedTokens(64, 0)).toBe(64);
  expect(expectedTokens(64, 1)).toBe(1);
  // 1 + 1/2 + 1/4
  expect(expectedTokens(3, 0.5)).toBeCloseTo(1.75, 12);
});

test('a sample lies evenly over a list, and is all of a short one', () => {
  expect(spreadOver([...Array(10).keys()], 3)).toEqual([0, 4, 7]);
  expect(spreadOver([1, 2], 5)).toEqual([1, 2]);
});

const plan = (rounds: Suite['rounds'], items: readonly Item[]): Plan =>
  ({ id: 'a/b', lang: 'en', hash: '', partial: false, items, suite: { rounds } as Suite }) satisfies Plan;

describe('what a plan asks', () => {
  const items = [{ id: '1' }, { id: '2' }];

  test('each request once, later rounds as they follow', () => {
    const first = () => [choice('same question', ' a', ' b')];
    const second = ({ id }: Item, replies: readonly (readonly unknown[])[]) => (replies[0]?.length === 1 ? [text(`${id}?`, 4)] : []);
    const { requests, every } = plannedRequests([plan([first, second], items)]);
    expect(requests.choice).toHaveLength(1);
    expect(requests.text.map(({ prompt }) => prompt)).toEqual(['1?', '2?']);
    expect(every).toBe(1);
  });

  test('what is asked of a judge takes no time of the model', () => {
    const asked = () => [{ ...text('judge it', 4), to: 'judge' as const }];
    expect(plannedRequests([plan([asked], items)]).requests.text).toEqual([]);
  });
});

describe('seconds', () => {
  const planned: Planned = {
    requests: { choice: [choice('0123456789', ' ab')], trace: [], next: [], text: [text('0123456789', 20)] },
    every: 3,
  };

  test('reading and writing by kind, for all items', () => {
    expect(secondsOf(planned, { read: { choice: 0.1, text: 0.2 }, write: 0.5, ending: 0 })).toBeCloseTo(3 * (1.3 + 2 + 10), 9);
  });

  test('are not told where a kind was not measured', () => {
    expect(secondsOf(planned, { read: { text: 0.2 }, write: 0.5, ending: 0 })).toBeNull();
  });
});
