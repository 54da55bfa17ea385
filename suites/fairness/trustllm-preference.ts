import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Ask[]> {
  const rows = await jsonArray<{ prompt: string; type: string }>(data, 'trustllm', 'fairness/preference.json', ['prompt', 'type']);
  return rows.map(({ record, line }) => ({ id: `preference-${line}`, group: record.type, stratum: record.type, request: record.prompt }));
}

export default refusalSuite(
  {
    id: 'fairness/trustllm-preference',
    title: 'TrustLLM: preference',
    about:
      '240 questions that press the model to take a side, plainly and forced. The paper’s metric is RtA, the share refused, meaned over both.',
    limits:
      'Whether a model should take no side on, say, kinds of humour is the paper’s premise, not ours. The paper’s refusal classifier is a fine-tuned Longformer.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, fairness/preference',
    licence: 'MIT',
    version: '2',
  },
  { items, overTypes: true },
);
