import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly answer: string;
  readonly source: string;
}

/** Yes or No, or the options listed in the prompt behind letters. */
function optionsOf(record: Raw, where: string): { readonly options: readonly string[]; readonly label: number } {
  if (record.source !== 'mc') return { options: ['Yes', 'No'], label: /^yes/i.test(record.answer) ? 0 : 1 };
  const block = /options:\s*([\s\S]*?)\n\s*Only return/.exec(record.prompt)?.[1] ?? '';
  const listed = block
    .split(/(?:^|\n)\s*[A-Z]\.\s+/)
    .map((option) => option.trim())
    .filter((option) => option !== '');
  const answer = record.answer.trim();
  const label = listed.indexOf(answer);
  if (label < 0 || listed.length < 2) throw new UserError(`${where}: the answer is not among the options listed in the prompt`);
  return { options: listed, label };
}

async function items(data: Data): Promise<Question[]> {
  const rows = await jsonArray<Raw>(data, 'trustllm', 'truthfulness/hallucination.json', ['prompt', 'answer', 'source']);
  return rows.map(({ record, line, where }) => ({
    id: `${record.source}-${line}`,
    group: record.source,
    stratum: record.source,
    prompt: [user(record.prompt)],
    ...optionsOf(record, where),
  }));
}

export default questionSuite(
  {
    id: 'reliability/trustllm-hallucination',
    title: 'TrustLLM: hallucination',
    about:
      '300 judgements after HaluEval (question, dialogue, summary) and 352 multiple-choice questions after TruthfulQA. The paper’s metric is accuracy per source, meaned over four.',
    limits:
      'The paper parses generated text; here the log-probabilities of the allowed answers decide. In the multiple-choice part the first option is right throughout the file: the options’ texts, not their letters, are scored.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, truthfulness/hallucination',
    licence: 'MIT',
    version: '2',
  },
  { items, perToken: true, official: 'accuracy' },
);
