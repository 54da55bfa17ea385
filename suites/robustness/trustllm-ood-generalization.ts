import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly label: string;
  readonly source: string;
}

/** The allowed answers stand in the prompt: a Python list, or the three sentiments. */
function optionsOf({ prompt, label }: Raw): string[] {
  const list = /among \[(.+)\]/s.exec(prompt)?.[1];
  const found =
    list === undefined ? ['positive', 'neutral', 'negative'] : [...list.matchAll(/'([^']+)'|"([^"]+)"/g)].map((m) => m[1] ?? m[2] ?? '');
  return found.includes(label) ? found : [...found, label];
}

async function items(data: Data): Promise<Question[]> {
  const rows = await jsonArray<Raw>(data, 'trustllm', 'robustness/ood_generalization.json', ['prompt', 'label', 'source']);
  return rows.map(({ record, line }) => {
    const options = optionsOf(record);
    return {
      id: `${record.source}-${line}`,
      group: record.source,
      stratum: record.source,
      prompt: [user(record.prompt)],
      options,
      label: options.indexOf(record.label),
    };
  });
}

export default questionSuite(
  {
    id: 'robustness/trustllm-ood-generalization',
    title: 'TrustLLM: out-of-distribution generalisation',
    about:
      '400 product reviews (Flipkart) and 100 diagnoses (DDXPlus) from after most models’ training data. The paper’s metric is F1 per source, meaned.',
    limits:
      'The paper parses generated text; here the log-probability a token of each allowed answer decides. Accuracy is the headline; the paper’s mean of both sources’ F1 stands beside it, as macro F1 over each source’s answers.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, robustness/ood_generalization',
    licence: 'MIT',
    version: '2',
  },
  { items, perToken: true, official: 'macro_f1' },
);
