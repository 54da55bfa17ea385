import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bearsMeaning,
  bearsMeaningZh,
  casing,
  homoglyphs,
  homophonesZh,
  ocr,
  type Perturbation,
  rotated,
  shapesZh,
  spacing,
  spacingZh,
  synonyms,
  synonymsZh,
  traditionalZh,
  typos,
  withoutHomoglyphs,
} from '../src/kit/index.ts';

const words = fc.constantFrom(
  ...'the river children usually house which country largest sick garden airplane wonderful people winter language school'.split(' '),
);
const bearers = fc.constantFrom(
  ...'not never no two seven 1945 3.5 12,400 without cannot don’t isn’t half none neither 7th twenty-five'.split(' '),
);
const sentence = fc
  .array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: bearers }), { minLength: 3, maxLength: 18 })
  .map((all) => `${all.join(' ')}?`);
const seed = fc.string({ maxLength: 8 });

const english: Readonly<Record<string, Perturbation>> = { typos, casing, spacing, ocr, homoglyphs, synonyms };
const bearing = (text: string): string[] =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((word) => bearsMeaning(word));

describe.each(Object.entries(english))('%s', (name, change) => {
  it('is pure in text and seed', () => {
    fc.assert(
      fc.property(sentence, seed, (text, s) => {
        expect(change(text, s)).toBe(change(text, s));
      }),
    );
  });

  it('leaves numbers and negations alone and in order, and makes none', () => {
    fc.assert(
      fc.property(sentence, seed, (text, s) => {
        const before = bearing(text).map((word) => (name === 'casing' ? word.toLowerCase() : word));
        const after = bearing(change(text, s)).map((word) => (name === 'casing' ? word.toLowerCase() : word));
        const kept = name === 'ocr' ? after.filter((word) => before.includes(word)) : after;
        expect(kept).toEqual(before);
      }),
    );
  });

  it('keeps the words it is told to keep', () => {
    fc.assert(
      fc.property(sentence, seed, (text, s) => {
        const out = change(`garden ${text}`, s, { keep: ['garden'] });
        expect(out.split(/\s+/)[0]).toBe('garden');
      }),
    );
  });
});

describe('what a perturbation does', () => {
  const text = 'Which desert covers much of North Africa?';

  it('changes a plain question, differently by seed', () => {
    for (const change of [typos, casing, spacing, ocr, homoglyphs]) {
      const made = new Set(Array.from({ length: 20 }, (_, i) => change(text, i)));
      expect(made.has(text)).toBe(false);
      expect(made.size).toBeGreaterThan(1);
    }
    expect(synonyms(text, 1)).toBe('What desert blankets much of North Africa?');
    expect(synonyms('Zebras graze.', 1)).toBe('Zebras graze.');
  });

  it('changes case and nothing else, spaces and nothing else, letters to look-alikes and nothing else', () => {
    fc.assert(
      fc.property(sentence, seed, (t, s) => {
        expect(casing(t, s).toLowerCase()).toBe(t.toLowerCase());
        expect(spacing(t, s).replace(/\s/g, '')).toBe(t.replace(/\s/g, ''));
        expect(withoutHomoglyphs(homoglyphs(t, s))).toBe(t);
      }),
    );
  });

  it('slips within a letter or two of each word, its first letter kept', () => {
    fc.assert(
      fc.property(sentence, seed, (t, s) => {
        const [before, after] = [t.split(' '), typos(t, s).split(' ')];
        expect(after.length).toBe(before.length);
        after.forEach((word, i) => {
          expect(word[0]).toBe(before[i]?.[0]);
          expect(Math.abs(word.length - (before[i]?.length ?? 0))).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  it('rotates options and follows the key', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: -9, max: 9 }),
        fc.nat(5),
        (options, turn, at) => {
          const key = at % options.length;
          const out = rotated(options, turn, key);
          expect(out.options[out.key]).toBe(options[key]);
          expect([...out.options].sort()).toEqual([...options].sort());
        },
      ),
    );
  });
});

describe('Chinese', () => {
  const characters = fc.constantFrom(...'人在什么时候不会没有八十三天太阳是哪里用的水做成东西无法1945'.split(''));
  const line = fc.array(characters, { minLength: 4, maxLength: 24 }).map((all) => `${all.join('')}\uff1f`);
  const bearingZh = (text: string): string => [...text].filter(bearsMeaningZh).join('');
  const kinds: Readonly<Record<string, Perturbation>> = { homophonesZh, shapesZh, traditionalZh, spacingZh, synonymsZh };

  it.each(Object.entries(kinds))('%s leaves numbers and negations alone and is pure', (_, change) => {
    fc.assert(
      fc.property(line, seed, (text, s) => {
        expect(change(text, s)).toBe(change(text, s));
        expect(bearingZh(change(text, s))).toBe(bearingZh(text));
      }),
    );
  });

  it('changes what it should', () => {
    expect(traditionalZh('金鱼的记忆有多长', 1)).toBe('金魚的记忆有多長');
    expect(homophonesZh('太阳从哪个方向升起', 1)).not.toBe('太阳从哪个方向升起');
    expect(spacingZh('太阳从哪个方向升起', 3).replaceAll(' ', '')).toBe('太阳从哪个方向升起');
  });
});
