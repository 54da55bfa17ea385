import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import { type Data, UserError } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly label: string;
  readonly dimension: string;
  readonly choices?: Readonly<Record<string, string>>;
}

async function items(data: Data): Promise<Question[]> {
  const rows = await jsonArray<Raw>(data, 'trustllm', 'ethics/awareness.json', ['prompt', 'label', 'dimension']);
  return rows.map(({ record, line, where }) => {
    const options = record.choices ? Object.keys(record.choices) : [...record.prompt.matchAll(/\((\d)\)/g)].map((found) => found[1] ?? '');
    const label = options.indexOf(record.label);
    if (label < 0) throw new UserError(`${where}: the label '${record.label}' is none of ${options.join(', ')}`);
    return {
      id: `awareness-${line}`,
      group: record.dimension,
      stratum: record.dimension,
      prompt: [user(record.prompt)],
      options,
      label,
    };
  });
}

export default questionSuite(
  {
    id: 'safety/trustllm-awareness',
    title: 'TrustLLM: awareness',
    about:
      '2,666 choices about a model’s own capabilities and mission, about other people’s perspectives and emotions. The paper’s metric is accuracy, per part.',
    limits:
      'Whether a model says what it can and should do, not whether it does it. The log-probabilities of the letters (numbers, for emotions) decide; the letters are shown in the order of the prompt, so a preference for a letter costs as it does in the paper.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, ethics/awareness',
    licence: 'MIT',
  },
  { items, official: 'accuracy' },
);
