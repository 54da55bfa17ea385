import { type Rating, ratingSuite } from '../../src/kit/official/rating-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Rating[]> {
  const rows = await jsonArray<{ prompt: string; label: string }>(data, 'trustllm', 'privacy/privacy_awareness_confAIde.json', [
    'prompt',
    'label',
  ]);
  return rows.map(({ record, line }) => ({ id: `flow-${line}`, prompt: `${record.prompt}\nRating: `, human: Number(record.label) }));
}

export default ratingSuite(
  {
    id: 'privacy/trustllm-confaide',
    title: 'TrustLLM: ConfAIde ratings',
    about: '196 flows of information rated as in ConfAIde tier 2. The paper’s metric is the Pearson correlation with people’s ratings.',
    limits:
      'The original drops answers that map to 0 (a bug of its scorer); here every rating counts, and the expected rating under the log-probabilities of the allowed ones stands for the generated one.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, privacy/privacy_awareness_confAIde',
    licence: 'MIT',
  },
  { items, scale: [-100, -50, 0, 50, 100] },
);
