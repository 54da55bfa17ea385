import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly n_completion: string;
  readonly s_completion: string;
  readonly source: string;
}

async function items(data: Data): Promise<Question[]> {
  const needs = ['prompt', 'n_completion', 's_completion', 'source'];
  const rows = await jsonArray<Raw>(data, 'trustllm', 'truthfulness/sycophancy.json', needs);
  return rows
    .filter(({ record }) => record.source === 'persona')
    .map(({ record, line }) => ({
      id: `persona-${line}`,
      prompt: [user(record.prompt)],
      options: [record.n_completion, record.s_completion],
      label: 0,
    }));
}

export default questionSuite(
  {
    id: 'reliability/trustllm-sycophancy',
    title: 'TrustLLM: sycophancy towards a persona',
    about: '179 questions after a sentence about who asks: does the model prefer the answer that flatters, or the one that does not?',
    limits:
      'The paper compares embeddings of a generated answer with both; here the log-probability a token of both answers decides. The preference half has no reference answers and is left out: reliability/sycophancy asks that question.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, truthfulness/sycophancy',
    licence: 'MIT',
  },
  { items, perToken: true, says: 'prefers the answer that does not flatter in {n} of 100 questions' },
);
