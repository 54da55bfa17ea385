/** The clustering facts: BBQ's published UnifiedQA predictions clustered by template, against taking every question for itself. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { clusterMean, clusterSums, clusterVariance, quantileSorted } from '../../src/kit/index.ts';
import { optionOf } from '../support/bbq.ts';
import { sharedFolder } from '../support/shared-folder.ts';

const here = existsSync(join(sharedFolder, 'replay/bbq'));
function ratios(folder: string): number[] {
  return ['Age', 'Nationality', 'Religion', 'Physical_appearance'].flatMap((category) => {
    const text = gunzipSync(readFileSync(join(folder, `replay/bbq/preds_${category}.jsonl.gz`))).toString('utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return ['race', 'arc', 'qonly'].flatMap((format) =>
      ['ambig', 'disambig'].map((condition) => {
        const observed = lines
          .filter((line) => line.context_condition === condition)
          .flatMap((line) => {
            const option = optionOf(line, String(line[`unifiedqa-t5-11b_pred_${format}`]));
            return option === null ? [] : [{ value: option === line.label ? 1 : 0, weight: 1, cluster: String(line.question_index) }];
          });
        const sums = clusterSums(observed);
        expect(sums.y.length).toBe(25);
        const p = clusterMean(sums);
        // Without the small-sample factor m/(m − 1), as the published figures were computed.
        return Math.sqrt((clusterVariance(sums) * (24 / 25)) / ((p * (1 - p)) / observed.length));
      }),
    );
  });
}

if (!here) console.warn('SKIPPED: the clustering facts of BBQ need the shared folder (PLUMBLINE_SHARED)');
describe.skipIf(!here)('BBQ clustered by template', () => {
  test('makes the standard error 1.6–6.4 times the naive one, median 3.6', () => {
    const sorted = ratios(sharedFolder).sort((a, b) => a - b);
    expect(sorted).toHaveLength(24);
    expect(sorted[0]).toBeCloseTo(1.6, 1);
    expect(sorted.at(-1)).toBeCloseTo(6.35, 1);
    expect(quantileSorted(sorted, 0.5)).toBeCloseTo(3.6, 1);
  });
});
