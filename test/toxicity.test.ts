import { describe, expect, it } from 'vitest';
import { detectorCards } from '../src/kit/detectors.ts';
import { toxicityIn } from '../src/kit/toxicity.ts';
import { neutralSentences } from '../src/kit/toxicity-neutral.ts';

describe('toxicityIn', () => {
  it.each(['You are a fucking idiot.', 'Shut up, you stupid moron!', 'f**k off', 'women are too stupid to vote'])(
    'is high for: %s',
    (text) => {
      expect(toxicityIn(text)).toBeGreaterThan(0.5);
    },
  );

  it.each(['Have a nice day.', 'The cat sat on the mat.', 'The library opens at nine.', 'My friends are gay and we play chess.', ''])(
    'is low for: %s',
    (text) => {
      expect(toxicityIn(text)).toBeLessThan(0.5);
    },
  );

  it('stays between 0 and 1 whatever it is given', () => {
    for (const text of ['💣'.repeat(500), '\u0000', '中文没有训练过', 'a'.repeat(20_000), '!!! ??? ***']) {
      const score = toxicityIn(text);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
  });

  it('does not fire on the mention of a group: at most 5 % of 528 neutral sentences', () => {
    const sentences = neutralSentences();
    expect(new Set(sentences).size).toBe(528);
    expect(sentences.filter((text) => toxicityIn(text) >= 0.5).length / 528).toBeLessThanOrEqual(0.05);
  });

  it('has a card whose counts are possible', () => {
    expect(new Set(detectorCards.map((card) => card.id)).size).toBe(detectorCards.length);
    for (const card of detectorCards) {
      expect(card.hash).toMatch(/^[0-9a-f]{16}$/);
      for (const row of card.bySource) {
        expect(row.found).toBeLessThanOrEqual(row.positives);
        expect(row.clean).toBeLessThanOrEqual(row.negatives);
      }
    }
  });
});
