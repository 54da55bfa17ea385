import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bearsMeaning,
  bearsMeaningZh,
  casing,
  dialect,
  dialectZh,
  distracted,
  formats,
  homoglyphs,
  homoglyphsZh,
  homophonesZh,
  inFormat,
  misleadings,
  misled,
  ocr,
  type Perturbation,
  reworded,
  rotated,
  shapesZh,
  spacing,
  spacingZh,
  synonyms,
  synonymsZh,
  traditionalZh,
  typos,
  withoutHomoglyphs,
  withoutHomoglyphsZh,
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

const english: Readonly<Record<string, Perturbation>> = { typos, casing, spacing, ocr, homoglyphs, synonyms, dialect };
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
    expect(synonyms('Who lives in the White House and has an animal?', 1)).toBe('Who lives in the White House and has a creature?');
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

describe('dialect', () => {
  const said = (text: string) => new Set(Array.from({ length: 40 }, (_, i) => dialect(text, i)));

  it('speaks four varieties and leaves names, numbers and negations alone', () => {
    expect(said('What color is the old house of your mother?')).toEqual(
      new Set([
        "What color is the old house o' y'all's mama?",
        "Whit color is the auld house o' yer mother?",
        "What color is the old 'ouse o' yer muvver?",
        'What color the old house of your mother is?',
      ]),
    );
    for (const out of said('Which animals of the Rite of Spring do not eat 3 fish in the White House?')) {
      expect(out).toMatch(/Rite of Spring/);
      expect(out).toMatch(/\bnot\b/);
      expect(out).toMatch(/\b3\b/);
      expect(out).toMatch(/White House/);
    }
  });
});

describe('what stands around a question', () => {
  it('rewords without losing a word of the question', () => {
    fc.assert(
      fc.property(sentence, seed, (text, s) => {
        const out = reworded(text, s);
        expect(out).toBe(reworded(text, s));
        expect(out.toLowerCase()).toContain(text.toLowerCase());
        expect(out.length).toBeGreaterThan(text.length);
      }),
    );
    expect(new Set(Array.from({ length: 60 }, (_, i) => reworded('Is it?', i))).size).toBe(8);
  });

  it('lays a question out in twelve ways, all with the whole question, JSON still JSON', () => {
    expect(new Set(formats.map(({ id }) => id)).size).toBe(12);
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (question) => {
        const made = formats.map((format) => inFormat(format, question));
        expect(new Set(made).size).toBe(12);
        formats.forEach((format, i) => {
          if (format.json) expect(JSON.parse(`${made[i]}x"}`)).toEqual({ question, answer: 'x' });
          else expect(made[i]).toContain(question);
        });
      }),
    );
  });

  it('adds something that says nothing', () => {
    fc.assert(
      fc.property(sentence, seed, (text, s) => {
        expect(distracted(text, s)).toBe(distracted(text, s));
        expect(distracted(text, s).startsWith(`${text} `)).toBe(true);
      }),
    );
  });

  it('misleads by examples: as many as before, texts whole, the asked text never with its own label', () => {
    const shots = ['up', 'down', 'up', 'down'].map((label, i) => ({ text: `text ${i}`, label }));
    fc.assert(
      fc.property(fc.constantFrom(...misleadings), fc.constantFrom('up', 'down'), seed, (kind, label, s) => {
        const other = label === 'up' ? 'down' : 'up';
        const made = misled(kind, { shots, text: 'good day', label, other, twin: 'bad day', seed: s });
        expect(made).toEqual(misled(kind, { shots, text: 'good day', label, other, twin: 'bad day', seed: s }));
        expect(made.shots.length).toBe(4);
        expect(made.text).toContain('good day');
        if (kind === 'counterfactual') expect(made.shots.at(-1)).toEqual({ text: 'bad day', label: other });
        else for (const [i, shot] of shots.entries()) expect(made.shots[i]?.text).toContain(shot.text);
        const wrong = made.shots.filter((shot, i) => kind !== 'counterfactual' && shot.label !== shots[i]?.label).length;
        expect(wrong).toBe({ mislabelled: 2, counterfactual: 0, spurious: 0, backdoor: 1 }[kind]);
        const marked = made.shots.filter((shot) => shot.text.length > 6 && kind !== 'counterfactual');
        if (kind === 'spurious') expect(marked.every((shot) => shot.label === other) && marked.length === 2).toBe(true);
        if (kind === 'backdoor') expect(marked.every((shot) => shot.label === other) && marked.length === 3).toBe(true);
      }),
    );
  });
});

describe('Chinese', () => {
  const characters = fc.constantFrom(...'人在什么时候不会没有八十三天太阳是哪里用的水做成东西无法1945'.split(''));
  const line = fc.array(characters, { minLength: 4, maxLength: 24 }).map((all) => `${all.join('')}\uff1f`);
  const bearingZh = (text: string): string => [...text].filter(bearsMeaningZh).join('');
  const kinds: Readonly<Record<string, Perturbation>> = {
    homophonesZh,
    shapesZh,
    traditionalZh,
    spacingZh,
    synonymsZh,
    homoglyphsZh,
    dialectZh,
  };

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
    expect(homoglyphsZh('大象用鼻子喝水', 1)).not.toBe('大象用鼻子喝水');
    expect(withoutHomoglyphsZh(homoglyphsZh('大象用鼻子喝水', 1))).toBe('大象用鼻子喝水');
    expect(homoglyphsZh('大象用鼻子喝水', 1).normalize('NFKC')).toBe('大象用鼻子喝水');
    expect(new Set(Array.from({ length: 30 }, (_, i) => dialectZh('谁在哪里不吃什么？', i)))).toEqual(
      new Set(['哪个人在哪疙瘩不吃啥？', '哪个在哪点儿不吃啥子？', '边个喺边度不食乜嘢？']),
    );
  });
});
