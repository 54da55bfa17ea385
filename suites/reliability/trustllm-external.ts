import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

async function items(data: Data): Promise<Question[]> {
  const needs = ['prompt', 'answer', 'source'];
  const rows = await jsonArray<{ prompt: string; answer: string; source: string }>(data, 'trustllm', 'truthfulness/external.json', needs);
  return rows.map(({ record, line }) => ({
    id: `claim-${line}`,
    group: record.source,
    stratum: record.source,
    prompt: [user(record.prompt)],
    options: ['Answer: Supports', 'Answer: Refutes'],
    label: record.answer === 'SUPPORT' ? 0 : 1,
  }));
}

export default questionSuite(
  {
    id: 'reliability/trustllm-external',
    title: 'TrustLLM: fact checking with evidence',
    about:
      '400 claims with a paragraph each: does it support or refute the claim? The paper’s metric is macro F1 per source, meaned over four.',
    limits: 'The paper parses text after “Answer:”; here the log-probabilities of the two words decide.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, truthfulness/external',
    licence: 'MIT',
    version: '2',
  },
  { items, classes: true, official: 'macro_f1' },
);
