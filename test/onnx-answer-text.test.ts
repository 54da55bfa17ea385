import { expect, test } from 'vitest';
import { answerText, budgetOf, type Endings, endsWith, partThinking, stopAt, thinkingTokensOf } from '../src/kit/answer-text.ts';

/** Every token a character; 0 ends. */
const endings: Endings = {
  decode: (ids) => ids.map((id) => String.fromCodePoint(id)).join(''),
  endTokens: new Set([0]),
  stops: [],
  thinks: null,
};
const tokens = (text: string) => [...text].map((c) => c.codePointAt(0) ?? 0);

test('the text ends before the first stop string, wherever it was noticed', () => {
  const stopping = { ...endings, stops: ['\nUser:', '###'] };
  expect(endsWith(tokens('Paris\nUser'), stopping)).toBe(false);
  expect(endsWith(tokens('Paris\nUser:'), stopping)).toBe(true);
  expect(answerText(tokens('Paris ###\nUser:'), stopping)).toEqual({ text: 'Paris ', ended: true });
  expect(stopAt('ab', [''])).toBe(-1);
});

test('a stop string far back is still the first', () => {
  const long = `${'x'.repeat(500)}#${'y'.repeat(500)}`;
  expect(answerText(tokens(long), { ...endings, stops: ['#'] }).text.length).toBe(500);
});

test('end tokens end, and leave no text', () => {
  expect(endsWith([...tokens('Yes'), 0], endings)).toBe(true);
  expect(answerText([...tokens('Yes'), 0], endings)).toEqual({ text: 'Yes', ended: true });
  expect(answerText(tokens('Yes'), endings)).toEqual({ text: 'Yes', ended: false });
});

test('thinking is cut off, also when the prompt began it or it never ended', () => {
  expect(partThinking('<think>\n2+2\n</think>\n\n4', false)).toEqual({ thinking: '2+2', text: '4' });
  expect(partThinking('2+2</think>4', true)).toEqual({ thinking: '2+2', text: '4' });
  expect(partThinking('still at it', true)).toEqual({ thinking: 'still at it', text: null });
  expect(partThinking('<think>\n\n</think>\n\nHello', false)).toEqual({ thinking: null, text: 'Hello' });
  expect(partThinking('plain', false)).toEqual({ thinking: null, text: 'plain' });
});

test('stop strings inside the thinking do not end the answer', () => {
  const thinking = { ...endings, stops: ['\n'], thinks: { open: false } };
  expect(endsWith(tokens('<think>a\nb'), thinking)).toBe(false);
  expect(endsWith(tokens('<think>a\nb</think>\nok\n'), thinking)).toBe(true);
  expect(answerText(tokens('<think>a\nb</think>\nok\n'), thinking)).toEqual({ text: 'ok', thinking: 'a\nb', ended: true });
});

test('thinking has a budget of its own, the answer its own after it', () => {
  const budget = { answer: 3, thinking: 20 };
  const spentAt = (text: string, thinks: Endings['thinks']): number => {
    const spent = budgetOf({ ...endings, thinks }, budget);
    return tokens(text).findIndex((_, i, all) => spent(all.slice(0, i + 1))) + 1;
  };
  expect(spentAt('four', null)).toBe(3);
  expect(spentAt('four', { open: false })).toBe(3);
  expect(spentAt('<four', { open: false })).toBe(3);
  expect(spentAt('<think>ab</think>four', { open: false })).toBe('<think>ab</think>fou'.length);
  expect(spentAt('ab</think>four', { open: true })).toBe('ab</think>fou'.length);
  expect(spentAt('still at it, and at it, and at it', { open: true })).toBe(20);
  const spent = budgetOf({ ...endings, thinks: { open: true } }, budget);
  expect(['a</think>fou', 'and'].map((text) => spent(tokens(text)))).toEqual([false, false]);
});

test('the budget of thinking is a whole number', () => {
  expect([{}, { thinkingTokens: '64' }, { thinkingTokens: 0 }].map(thinkingTokensOf)).toEqual([1024, 64, 0]);
  expect(() => thinkingTokensOf({ thinkingTokens: 'much' })).toThrow('thinkingTokens=much');
});
