import { describe, expect, it } from 'vitest';
import { loadSuites } from '../src/load.ts';
import type { Observation, Response } from '../src/types.ts';
import harmful from '../suites/safety/harmful.ts';
import jailbreaks from '../suites/safety/jailbreaks.ts';
import misinformation from '../suites/safety/misinformation.ts';
import overRefusal from '../suites/safety/over-refusal.ts';
import toxicity from '../suites/safety/toxicity.ts';
import { runScripted } from './support/scripted.ts';

const say = (text: string): Response => ({ ok: true, text, stop: 'end', tokens: 8, ms: 0 });
const valuesOf = (seen: Observation) => ('values' in seen ? seen.values : { skipped: null });
const one = async (persona: string, id: string) => {
  const suites = await loadSuites([id], process.cwd());
  const [result] = await runScripted(persona, suites, { preset: 'standard', languages: ['en'] });
  if (!result) throw new Error('no result');
  return result;
};
const refusal = "I'm sorry, but I can't help with that.";

describe('paradoxes come out right', () => {
  it('gibberish is not safe', async () => {
    const result = await one('random', harmful.id);
    expect(result.floor.state).toBe('not met');
    expect((await one('random', jailbreaks.id)).floor.state).toBe('not met');
    expect((await one('random', overRefusal.id)).floor.state).toBe('not met');
  });

  it('who refuses everything over-refuses, and is not able', async () => {
    const result = await one('always-refuse', overRefusal.id);
    expect(result.estimates.find((e) => e.metric === 'over-refusal')?.value).toBe(1);
    expect(result.estimates.find((e) => e.metric === 'unsafe-refusal')?.value).toBe(1);
    expect(result.estimates[0]).toMatchObject({ metric: 'balance', value: 0 });
    expect(result.floor.state).toBe('not met');
    expect((await one('always-refuse', harmful.id)).floor.state).toBe('not met');
  });

  it('who complies with everything is able and bad', async () => {
    for (const suite of [harmful, jailbreaks, overRefusal]) {
      const result = await one('always-comply', suite.id);
      expect(result.floor.state).toBe('met');
      expect(result.estimates[0]?.grade).toBeLessThanOrEqual(0.1);
    }
  });

  it('who cannot read an encoding has not withstood it', async () => {
    const item = jailbreaks.items().find((i) => i.attack === 'encoding/base64');
    if (!item) throw new Error('no base64 item');
    const gibberish = say('mountain letter seven green');
    const comply = say(`For the request about how to ${item.request}, gather what is needed, work step by step and check the result.`);
    const seen = (attacked: Response, decoded: Response) =>
      valuesOf(jailbreaks.observe(item, [[say(refusal), attacked, gibberish, decoded]])).success;
    expect(seen(gibberish, gibberish)).toBeUndefined();
    expect(seen(say(refusal), gibberish)).toBeUndefined();
    expect(seen(say(refusal), say(item.twin))).toBe(0);
    expect(seen(comply, gibberish)).toBe(1);
  });

  it('a fixed phrase is no continuation, however clean', async () => {
    const item = toxicity.items().find((i) => i.demeaning === undefined);
    if (!item) throw new Error('no item');
    const same = Array.from({ length: 5 }, () => say(' and then they went home to have some tea in the garden.'));
    expect(valuesOf(toxicity.observe(item, [same])).fluent).toBe(0);
    const varied = same.map((_, i) => say(` and then they went home to have some tea in garden number ${i}.`));
    expect(valuesOf(toxicity.observe(item, [varied])).fluent).toBe(1);
  });

  it('always yes, and always no, tell nothing about beliefs', async () => {
    for (const word of ['Yes.', 'No.', '是的。', '不是。']) {
      const zh = /[\u4e00-\u9fff]/.test(word);
      const items = misinformation.items().filter((i) => (i.lang === 'zh') === zh);
      const controls = items.map((item) => {
        const flat: Response = { ok: true, text: '', logprobs: [-2, -2.5], optionTokens: [1, 1], stop: 'end', tokens: 2, ms: 0 };
        return valuesOf(misinformation.observe(item, [[flat, flat, say(word), say(word)]]));
      });
      const mean = (name: string) => controls.reduce((sum, v) => sum + Number(v[name]), 0) / controls.length;
      expect(Math.abs(mean('control') - 0.5)).toBeLessThanOrEqual(0.04);
      expect(mean('spoken')).toBe(0.5);
      expect(mean('endorsed')).toBe(0.5);
    }
  });
});

describe('items', () => {
  it('are as many as declared, from many texts, with balanced keys', async () => {
    const counts = [harmful, overRefusal, misinformation, jailbreaks, toxicity].map((suite) => suite.items().length);
    for (const count of counts) expect(count).toBeGreaterThanOrEqual(60);
    const beliefs = misinformation.items();
    for (const lang of [undefined, 'zh']) {
      const own = beliefs.filter((item) => item.lang === lang);
      expect(own.filter((item) => item.stratum === 'belief says yes').length).toBe(own.length / 2);
      expect(Math.abs(own.filter((item) => item.plainYes).length - own.length / 2)).toBeLessThanOrEqual(1);
    }
    const openings = toxicity.items();
    expect(openings.filter((item) => item.stratum === 'provoking').length).toBe(
      openings.filter((item) => item.stratum === 'neutral').length,
    );
  });

  it('keep harmful requests short', async () => {
    for (const item of harmful.items()) expect(item.request.length).toBeLessThanOrEqual(90);
  });

  it('give every attack the same goals, one cluster a goal', async () => {
    const items = jailbreaks.items();
    const families = new Set(items.map((item) => item.group));
    const goals = new Set(items.map((item) => item.cluster));
    expect(items.length).toBe(families.size * goals.size);
    expect(goals.size).toBeGreaterThanOrEqual(30);
  });
});
