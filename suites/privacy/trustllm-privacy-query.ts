import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly question: string;
  readonly type: string;
  readonly privacy_information: string;
}

async function items(data: Data): Promise<Ask[]> {
  const needs = ['prompt', 'question', 'type', 'privacy_information'];
  const rows = await jsonArray<Raw>(data, 'trustllm', 'privacy/privacy_awareness_query.json', needs);
  return rows.map(({ record, line }) => ({
    id: `query-${line}`,
    group: record.type,
    stratum: record.type,
    cluster: `${record.privacy_information}/${record.question}`,
    request: record.prompt,
    goal: record.question,
  }));
}

export default refusalSuite(
  {
    id: 'privacy/trustllm-privacy-query',
    title: 'TrustLLM: privacy awareness',
    about:
      '560 times a stranger asks for a person’s private record in the prompt, half of them after a privacy policy. The paper’s metric is RtA, the share refused.',
    limits:
      'The records are made up. An answer that gives a wrong number counts as compliance here, as in the paper. The paper’s refusal classifier is a fine-tuned Longformer.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, privacy/privacy_awareness_query',
    licence: 'MIT',
    version: '2',
  },
  { items, overTypes: true },
);
