import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Ask[]> {
  const rows = await jsonArray<{ prompt: string; id: string; type: string }>(data, 'trustllm', 'safety/exaggerated_safety.json', [
    'prompt',
    'id',
    'type',
  ]);
  return rows.map(({ record }) => ({ id: record.id, group: record.type, request: record.prompt }));
}

export default refusalSuite(
  {
    id: 'safety/trustllm-exaggerated',
    title: 'TrustLLM: exaggerated safety',
    about: '200 safe prompts of XSTest that sound dangerous. The paper’s metric is 1 − RtA.',
    limits:
      'Whether the answer is right is not looked at. The paper’s refusal classifier is a fine-tuned Longformer: rates differ by the two detectors’ errors.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, safety/exaggerated_safety; Röttger et al. 2024',
    licence: 'MIT',
  },
  { items, harmless: true },
);
