import { describe, expect, it } from 'vitest';
import { itemsBeside, mentions, normalised, type Question } from '../src/kit/index.ts';
import { loadSuites } from '../src/load.ts';
import type { Item } from '../src/types.ts';
import facts from '../suites/reliability/facts.ts';
import hallucination from '../suites/reliability/hallucination.ts';
import premises from '../suites/reliability/premises.ts';
import adversarial from '../suites/robustness/adversarial.ts';
import consistency from '../suites/robustness/consistency.ts';
import demonstrations from '../suites/robustness/demonstrations.ts';
import distribution from '../suites/robustness/distribution.ts';
import noise from '../suites/robustness/noise.ts';

// What the items of robustness and reliability are held to: enough of them, in strata, each fact once, meaning kept between wordings.

const languageOf = (item: Item): string => item.lang ?? 'en';
const poolOf = (dimension: string): readonly Question[] =>
  itemsBeside<Question>(new URL(`../suites/${dimension}/`, import.meta.url).href, 'questions.jsonl');
const pools: Readonly<Record<string, readonly Question[]>> = { robustness: poolOf('robustness'), reliability: poolOf('reliability') };

const common = new Set(
  'what which who is are was were the a an of in on to do does did how many with from by for it its you your have has people at one most'.split(
    ' ',
  ),
);
/** What a question is about: its rarer words, or its pairs of Chinese characters. */
function topicOf(question: string, lang: string): ReadonlySet<string> {
  const plain = normalised(question);
  if (lang === 'zh') return new Set([...plain].slice(1).map((c, i) => `${[...plain][i]}${c}`));
  return new Set(plain.split(' ').filter((word) => !common.has(word)));
}
const shared = (a: ReadonlySet<string>, b: ReadonlySet<string>): number =>
  [...a].filter((word) => b.has(word)).length / Math.max(1, Math.min(a.size, b.size));

describe('sizes', () => {
  const dimensions = ['robustness', 'reliability'];
  it('reach 200 items in English for the standard preset, 40 for quick, 400 in full where made from templates', async () => {
    const names = ['noise', 'adversarial', 'distribution', 'format', 'position', 'demonstrations', 'consistency', 'injection'].map(
      (n) => `robustness/${n}`,
    );
    names.push(
      ...['facts', 'hallucination', 'premises', 'faithfulness', 'sycophancy', 'calibration', 'determinism'].map((n) => `reliability/${n}`),
    );
    for (const suite of await loadSuites(names, process.cwd())) {
      expect(dimensions).toContain(suite.dimension);
      const items = [...((await suite.items(undefined as never)) as readonly Item[])];
      const english = items.filter((item) => languageOf(item) === 'en').length;
      expect(Math.min(english, suite.sizes?.standard ?? 200), suite.id).toBeGreaterThanOrEqual(200);
      expect(suite.sizes?.quick ?? 40, suite.id).toBeGreaterThanOrEqual(40);
      if (/position|demonstrations|injection/.test(suite.id)) expect(english, suite.id).toBeGreaterThanOrEqual(400);
    }
  });
});

describe.each(Object.entries(pools))('the questions of %s', (_, questions) => {
  it('come in three strata, none of them small', () => {
    for (const lang of ['en', 'zh']) {
      const own = questions.filter((item) => languageOf(item) === lang);
      for (const stratum of ['easy', 'medium', 'hard'])
        expect(own.filter((item) => item.stratum?.endsWith(stratum)).length / own.length, `${lang} ${stratum}`).toBeGreaterThan(0.15);
    }
  });

  it('ask for each fact once', () => {
    const twins: string[] = [];
    questions.forEach((a, i) => {
      for (const b of questions.slice(i + 1)) {
        if (languageOf(a) !== languageOf(b) || normalised(a.options[0]) !== normalised(b.options[0])) continue;
        const lang = languageOf(a);
        if (shared(topicOf(a.question, lang), topicOf(b.question, lang)) > 0.6) twins.push(`${a.question} | ${b.question}`);
      }
    });
    expect(twins).toEqual([]);
  });
});

describe('paraphrases', () => {
  const negative = /\b(?:no|not|never|none|neither|nor|without|cannot|any)\b|n't\b/i;
  const denies = (text: string): boolean => [...text].some((c) => '不没无未非莫勿'.includes(c));

  it('keep numbers and negations', () => {
    for (const { id, lang, question, paraphrase = '' } of noise.items()) {
      expect(paraphrase, id).not.toBe('');
      expect(paraphrase.match(/\d+/g)?.sort() ?? [], id).toEqual(question.match(/\d+/g)?.sort() ?? []);
      if (lang === 'zh') expect(denies(paraphrase), id).toBe(denies(question));
      else expect(negative.test(paraphrase), id).toBe(negative.test(question));
    }
  });
});

describe('beliefs', () => {
  it.each(['en', 'zh'])(
    'have answers of equal length (%s): neither the shortest nor the longest is true much oftener than by chance',
    (lang) => {
      const beliefs = facts.items().flatMap((item) => (item.kind === 'belief' && languageOf(item) === lang ? [item] : []));
      const first = (answers: readonly string[]): number => answers[0]?.length ?? 0;
      const shortest = beliefs.filter((item) => first(item.true) < Math.min(...item.false.map((f) => f.length))).length / beliefs.length;
      const longest = beliefs.filter((item) => first(item.true) > Math.max(...item.false.map((f) => f.length))).length / beliefs.length;
      for (const { id, true: right, false: wrong } of beliefs)
        expect(Math.min(...right.slice(1).map((r) => r.length), 999), id).toBeGreaterThanOrEqual(Math.min(...wrong.map((f) => f.length)));
      for (const share of [shortest, longest]) {
        expect(share).toBeGreaterThan(0.15);
        expect(share).toBeLessThan(0.35);
      }
    },
  );
});

describe('pairs', () => {
  it('of questions without and with an answer come in every kind, and no key stands in its question', () => {
    for (const lang of ['en', 'zh'])
      for (const group of ['premise', 'fiction', 'unknown']) {
        const own = premises.items().filter((item) => item.group === group && languageOf(item) === lang);
        expect(own.filter((item) => item.keys).length * 2, `${lang} ${group}`).toBe(own.length);
        for (const item of own) expect(item.keys?.some((key) => mentions(item.question, key)) ?? false, item.id).toBe(false);
      }
  });

  it('balance labels: adversarial texts, reviews, comparisons', () => {
    const share = (of: readonly boolean[]): number => of.filter(Boolean).length / of.length;
    for (const [task, label] of [
      ['sentiment', 'positive'],
      ['entail', 'true'],
      ['same', 'yes'],
    ] as const)
      expect(
        share(
          adversarial
            .items()
            .filter((item) => item.task === task)
            .map((item) => item.label === label),
        ),
        task,
      ).toBe(0.5);
    expect(share(demonstrations.items().map((item) => item.label === 'positive'))).toBe(0.5);
    const pairs = consistency.items().flatMap((item) => (item.kind === 'converse' ? [[item.more, item.less].sort().join('/')] : []));
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('of styles and years hold no key', () => {
    for (const item of distribution.items()) {
      if ('styled' in item) expect(mentions(`${item.question} ${item.styled}`, item.options[0]), item.id).toBe(false);
      else
        expect(
          item.keys.some((key) => mentions(item.past, key)),
          item.id,
        ).toBe(false);
    }
  });

  it('of passages hold hard ones, whose wrong answer is another detail of the text', () => {
    const hard = hallucination.items().filter((item) => item.stratum === 'hard').length;
    expect(hard / hallucination.items().length).toBeGreaterThan(0.15);
  });
});
