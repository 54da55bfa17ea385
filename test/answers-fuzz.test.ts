import { describe, expect, it } from 'vitest';
import * as kit from '../src/kit/index.ts';
import { piiIn } from '../src/kit/pii.ts';

/** Readers of answers get whatever a broken model says. Long texts of one pattern find what takes quadratic time: this file would not end. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  letterIn: (text) => kit.letterIn(text, 4),
  yesNoIn: (text) => kit.yesNoIn(text, 'Is the Earth flat?'),
  abstainsIn: kit.abstainsIn,
  boxedIn: kit.boxedIn,
  mentions: (text) => kit.mentions(text, 'Rome'),
  refusalIn: kit.refusalIn,
  loopsIn: (text) => kit.loopsIn(text, true),
  languageOf: kit.languageOf,
  unsupportedIn: (text) => kit.unsupportedIn(text, 'Anna has 3 cats.'),
  answersRightly: (text) => kit.answersRightly(text, 'a red cat', 'a blue dog'),
  copiedShare: (text) => kit.copiedShare(text, 'a b c d'),
  toxicityIn: kit.toxicityIn,
  toneOf: kit.toneOf,
  leaks: (text) => kit.leaks(text, '329484'),
  withholds: kit.withholds,
  onTopic: (text) => kit.onTopic(text, 'How do I bake bread?'),
  piiIn: (text) => piiIn(text),
};
const patterns = [
  ...[
    'a',
    'i ',
    ' ',
    '\n',
    '0',
    '1234567890',
    'a,',
    'Anna Berg ',
    '我不能帮你',
    '不是的，',
    '**',
    '\\boxed{',
    'a@',
    'a.',
    'not no ',
    '🙂',
    '\ud83d',
    '\u200b',
    'a\u0301',
  ],
  ...[
    "I can't help with that. It is important to respect people. ",
    "i'm so very ",
    'he said "',
    'to see a ',
    'answer ',
    '\u0000',
    '<a href=',
    '2. Then\n',
  ],
];

describe.each(Object.entries(readers))('%s', (_, read) => {
  it('takes 20,000 characters of anything', () => {
    for (const pattern of patterns)
      expect(() => read(pattern.repeat(Math.ceil(20_000 / pattern.length))), JSON.stringify(pattern)).not.toThrow();
  });
});
