/** Random verdicts: every state, any text, values or none. */
import fc from 'fast-check';
import { stateOf, type Verdict } from '../../src/kit/verdict.ts';

const states = ['pass', 'fail', 'undecided'] as const;
const word = fc.string({ minLength: 1, maxLength: 30, unit: 'binary' });
const number = fc.option(fc.double({ noNaN: true, min: -5, max: 5 }));
const rule = fc.record({
  id: word,
  about: word,
  asks: word,
  state: fc.constantFrom(...states),
  value: number,
  low: number,
  high: number,
  limit: number,
  n: fc.nat(),
  because: word,
  needs: fc.option(fc.nat()),
  line: fc.option(fc.integer({ min: 1, max: 999 })),
});
export const verdicts = fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 12 }), policy: fc.option(word), name: word }).map(
  ({ rules, policy, name }): Verdict => ({
    format: 'plumbline-verdict/1',
    state: stateOf(rules),
    model: { name, hash: 'f'.repeat(64) },
    policy,
    baseline: null,
    rules: rules.map((r, i) => ({ ...r, id: `${r.id}#${i}` })),
  }),
);
