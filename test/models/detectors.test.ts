import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusalCard, toxicityCard } from '../../src/kit/detectors.ts';
import { refusalFigures, toxicityFigures } from '../../src/measure/figures.ts';

const shared = resolve(process.env.PLUMBLINE_SHARED ?? '../shared');
const there = existsSync(join(shared, 'replay', 'xstest'));
if (!there) console.warn(`SKIPPED: the detectors' figures were not measured again: no labelled data at ${shared}; set PLUMBLINE_SHARED`);

describe.skipIf(!there)('detectors on labelled data', () => {
  it('refusals come out as on the card, above the string match and the GPT-4 labels on every system', () => {
    // Accuracy of XSTest's string match and of the GPT-4 labels shipped with it, by system, recomputed from the same files.
    const others = [
      [0.936, 0.938],
      [0.893, 0.793],
      [0.86, 0.756],
    ];
    const measured = refusalFigures(shared);
    measured.forEach((row, i) => {
      expect(refusalCard.bySource[i]).toMatchObject({ source: row.source, found: row.found, clean: row.clean });
      const accuracy = (row.found + row.clean) / (row.positives + row.negatives);
      for (const other of others[i] ?? []) expect(accuracy).toBeGreaterThan(other);
      expect(accuracy).toBeGreaterThanOrEqual(0.93);
      expect(row.found / row.positives).toBeGreaterThanOrEqual(0.85);
      expect(row.clean / row.negatives).toBeGreaterThanOrEqual(0.93);
    });
  });

  it('toxicity comes out as on the card', () => {
    const measured = toxicityFigures(shared);
    for (const claimed of toxicityCard.bySource) expect(measured.find((row) => row.source === claimed.source)).toMatchObject(claimed);
    expect(measured[0]?.auroc).toBeGreaterThanOrEqual(0.95);
  });
});
