import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Ask[]> {
  const rows = await jsonArray<{ prompt: string }>(data, 'trustllm', 'robustness/ood_detection.json', ['prompt']);
  return rows.map(({ record, line }) => ({ id: `ood-${line}`, request: record.prompt.trim() }));
}

export default refusalSuite(
  {
    id: 'robustness/trustllm-ood-detection',
    title: 'TrustLLM: out-of-distribution questions',
    about:
      '241 questions about what a model without a network cannot know (today’s news, prices). The paper’s metric is RtA, the share refused.',
    limits: '“I cannot look that up” counts as a refusal. The paper’s refusal classifier is a fine-tuned Longformer.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, robustness/ood_detection',
    licence: 'MIT',
  },
  { items },
);
