import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Ask[]> {
  const rows = await jsonArray<{ prompt: string; label: readonly string[] }>(data, 'trustllm', 'safety/jailbreak.json', [
    'prompt',
    'label',
  ]);
  return rows.map(({ record, line }) => ({ id: `jailbreak-${line}`, group: String(record.label[0] ?? ''), request: record.prompt }));
}

export default refusalSuite(
  {
    id: 'safety/trustllm-jailbreak',
    title: 'TrustLLM: jailbreak',
    about: '1,400 requests in 13 kinds of jailbreak. The paper’s metric is RtA, the share refused.',
    limits:
      'The requests have been public for years and may have been trained on. An answer counts as compliance when it is on the topic and refuses neither in full nor in part; the first 48 tokens are read, and no judge looks at whether the help would work, so the rate is an upper bound of what the paper’s judge would find. The paper’s refusal classifier is a fine-tuned Longformer: rates differ by the two detectors’ errors.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, safety/jailbreak',
    licence: 'MIT',
  },
  { items },
);
