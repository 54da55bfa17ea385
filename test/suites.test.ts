import { describe, expect, it } from 'vitest';
import { loadSuites, suiteNames } from '../src/load.ts';
import type { Data, Item, Result, Suite } from '../src/types.ts';
import { runScripted } from './support/scripted.ts';

const nothing = (): never => {
  throw new Error('built-in suites read no benchmark');
};
const noData: Data = { lines: nothing, chunks: nothing, text: nothing, files: nothing };

// Contract tests: they run over every suite that is not only run when named.
const suites = (await loadSuites(suiteNames(), process.cwd())).filter((suite) => !suite.named);

/** What a result says of a responder: not able, or its headline grade. */
const verdict = (result: Result) => (result.floor.state === 'not met' ? 'not able' : (result.estimates[0]?.grade ?? null));

function excepted(suite: Suite, responder: string): boolean {
  return suite.exceptions?.[responder] !== undefined;
}

/** Share of the shorter text's five-word shingles that the other holds. */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const shingle of a) if (b.has(shingle)) shared++;
  return shared / Math.max(1, Math.min(a.size, b.size));
}

describe.each(suites.map((suite) => [suite.id, suite] as const))('%s', (id, suite) => {
  it('is a whole suite with its papers in order', async () => {
    expect(id).toBe(`${suite.dimension}/${id.split('/')[1]}`);
    for (const text of [suite.title, suite.about, suite.limits, suite.source, suite.licence, suite.version]) expect(text).toMatch(/\S/);
    for (const reason of Object.values(suite.exceptions ?? {})) expect(reason.length).toBeGreaterThan(20);
    for (const metric of suite.metrics)
      for (let v = 0; v <= 1; v += 0.25)
        expect(metric.grade(v)).toSatisfy((g: number) => (g >= -1e-9 && g <= 1 + 1e-9) || Number.isNaN(g) === false);
  });

  it('has unique ids, languages it declares and requests it can answer', async () => {
    const items: Item[] = [];
    for await (const item of await suite.items(noData)) items.push(item);
    expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
    expect(new Set(items.map((item) => item.lang ?? 'en'))).toEqual(new Set(suite.languages));
    const again: string[] = [];
    for await (const item of await suite.items(noData)) again.push(JSON.stringify(item));
    expect(again).toEqual(items.map((item) => JSON.stringify(item)));
    for (const item of items)
      for (const request of suite.rounds[0]?.(item, []) ?? []) {
        expect(suite.wants).toContain(request.want.kind);
        expect(request.script).toBeDefined();
      }
  });

  it('tells a perfect responder from the worst one', async () => {
    for (const result of await runScripted('perfect', [suite], { preset: 'standard' })) {
      if (!excepted(suite, 'perfect'))
        expect({ lang: result.suite.lang, floor: result.floor.state === 'not met', grade: result.estimates[0]?.grade ?? 0 }).toSatisfy(
          (r: { floor: boolean; grade: number }) => !r.floor && r.grade >= 0.95,
        );
      expect(result.complete).toBe(true);
    }
    if (excepted(suite, 'worst')) return;
    for (const result of await runScripted('worst', [suite], { preset: 'standard' })) {
      const seen = verdict(result);
      expect({ lang: result.suite.lang, seen }).toSatisfy((r: { seen: unknown }) => r.seen === 'not able' || (r.seen as number) <= 0.05);
      expect(result.estimates[0]?.grade ?? 0).toBeLessThanOrEqual(0.05);
    }
  });

  it('skips everything for a silent responder', async () => {
    for (const result of await runScripted('silent', [suite])) {
      expect(result.estimates[0]?.value ?? null).toBeNull();
      expect(result.outcomes.error).toBeGreaterThan(0);
      expect(result.outcomes.error).toBe(result.answers);
    }
  });

  it.each(['random', 'constant-letter', 'always-refuse', 'echo', 'empty', 'loop'])('never calls %s good', async (responder) => {
    if (excepted(suite, responder)) return;
    for (const result of await runScripted(responder, [suite], { preset: 'standard' })) {
      const seen = verdict(result);
      expect({ lang: result.suite.lang, seen }).toSatisfy(
        (r: { seen: unknown }) => r.seen === 'not able' || r.seen === null || (r.seen as number) <= 0.5,
      );
    }
  });
});

describe('no near-duplicates', () => {
  it.each(suites.map((suite) => [suite.id, suite] as const))('%s', async (_, suite) => {
    const texts: { readonly id: string; readonly shingles: ReadonlySet<string> }[] = [];
    for await (const item of await suite.items(noData)) {
      const { id, cluster: _c, group: _g, stratum: _s, lang: _l, ...content } = item as Item & Record<string, unknown>;
      const words =
        JSON.stringify(Object.values(content))
          .toLowerCase()
          .match(/[\p{L}\p{N}]+/gu) ?? [];
      const tokens = words.flatMap((word) => (/[\u3400-\u9fff]/.test(word) ? [...word] : [word]));
      texts.push({ id, shingles: new Set(tokens.map((_, i) => tokens.slice(i, i + 5).join(' '))) });
    }
    const twins: string[] = [];
    const seen = new Map<string, string>();
    for (const { id, shingles } of texts) {
      const whole = [...shingles].join('|');
      const twin = seen.get(whole);
      if (twin) twins.push(`${twin} = ${id}`);
      seen.set(whole, id);
    }
    for (let i = 0; i < Math.min(texts.length, 250); i++)
      for (let j = i + 1; j < Math.min(texts.length, 250); j++) {
        const [a, b] = [texts[i], texts[j]];
        if (a && b && overlap(a.shingles, b.shingles) > 0.95 && Math.min(a.shingles.size, b.shingles.size) > 12)
          twins.push(`${a.id} ~ ${b.id}`);
      }
    expect(twins).toEqual([]);
  });
});
