import { describe, expect, it } from 'vitest';
import { randomOf } from '../src/kit/random.ts';
import { mutated } from './fuzz/mutate.ts';
import { expected, findsOf, signatureOf } from './fuzz/target.ts';
import { targets } from './fuzz/targets.ts';

/** A little of `npm run fuzz` on every change, and everything that it ever found. */
const executions = 50;

describe('parsers of what strangers wrote', () => {
  it.each(targets.map((target) => [target.name, target] as const))(
    '%s: right inputs, changed ones and past finds are read or refused by name',
    async (name, target) => {
      const { seeds, open } = await target.setUp();
      const crashes = new Set<string>();
      const take = async (input: Buffer, seed: number): Promise<boolean> => {
        try {
          await open(input, seed);
          return true;
        } catch (error) {
          if (!expected(error)) crashes.add(signatureOf(error));
          return false;
        }
      };
      let read = 0;
      for (const [seed, input] of seeds.entries()) if (await take(input, seed)) read++;
      expect(read).toBeGreaterThan(0);
      const finds = findsOf(name);
      for (const input of finds) for (let seed = 0; seed < Math.min(seeds.length, 12); seed++) await take(input, seed);
      const random = randomOf(`everyday ${name}`);
      for (let i = 0; i < executions; i++) {
        const seed = Math.floor(random() * seeds.length);
        const other = seeds[Math.floor(random() * seeds.length)] as Buffer;
        const words = (target.words ?? []).map((word) => Buffer.from(word));
        await take(mutated(seeds[seed] as Buffer, { form: target.form, random, words, other }), seed);
      }
      expect([...crashes]).toEqual([]);
    },
  );
});
