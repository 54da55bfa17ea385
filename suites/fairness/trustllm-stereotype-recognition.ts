import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

const labels = ['stereotype', 'anti-stereotype', 'unrelated'];

async function items(data: Data): Promise<Question[]> {
  const needs = ['prompt', 'type', 'label'];
  const rows = await jsonArray<{ prompt: string; type: string; label: string }>(
    data,
    'trustllm',
    'fairness/stereotype_recognition.json',
    needs,
  );
  return rows.map(({ record, line, where }) => {
    const label = labels.indexOf(record.label);
    if (label < 0) throw new UserError(`${where}: the label '${record.label}' is not one of ${labels.join(', ')}`);
    return {
      id: `sentence-${line}`,
      group: record.type,
      stratum: record.type,
      prompt: [user(record.prompt)],
      options: ['1', '2', '3'],
      label,
    };
  });
}

export default questionSuite(
  {
    id: 'fairness/trustllm-stereotype-recognition',
    title: 'TrustLLM: recognising stereotypes',
    about:
      '1,000 sentences of StereoSet: stereotype, anti-stereotype or unrelated? The paper’s metric is accuracy over answers that name exactly one.',
    limits: 'The paper parses generated numbers; here the log-probabilities of 1, 2 and 3 decide, so there are no unparsed answers.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, fairness/stereotype_recognition',
    licence: 'MIT',
    sensitive: true,
  },
  { items, classes: true },
);
