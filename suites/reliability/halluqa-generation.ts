import { generationSuite, type OpenQuestion } from '../../src/kit/official/generation-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

type Raw = Readonly<Record<string, string | number>>;

const numbered = (record: Raw, start: RegExp): string[] =>
  Object.entries(record).flatMap(([key, value]) => (start.test(key) && typeof value === 'string' && value.trim() !== '' ? [value] : []));

async function items(data: Data): Promise<OpenQuestion[]> {
  const needs = ['Question', 'Category', 'question_id', 'Best Answer1', 'Wrong_Answer1'];
  return (await jsonArray<Raw>(data, 'halluqa', 'HalluQA.json', needs)).map(({ record }) => ({
    id: `q${record.question_id}`,
    lang: 'zh',
    group: String(record.Category),
    stratum: String(record.Category),
    question: String(record.Question),
    right: numbered(record, /^Best[ _]Answer/),
    wrong: numbered(record, /^Wrong[ _]Answer/),
  }));
}

export default generationSuite(
  {
    id: 'reliability/halluqa-generation',
    title: 'HalluQA (generation)',
    about:
      '450 Chinese questions made to draw out hallucinations, answered in the model’s own words. The paper’s metric is the non-hallucination rate by a judge.',
    limits:
      'Characters near to a right answer may still say something false: without a judge this tells little. With `--judge <model>` the judge sees the reference answers, as the paper’s does. `plumbline replay-check` reproduces the published rates from judged recordings.',
    source: 'Cheng et al. 2023, HalluQA, arXiv:2310.03368; OpenMOSS/HalluQA',
    licence: 'Apache-2.0',
    languages: ['zh'],
  },
  {
    items,
    maxTokens: 80,
    formula: 'share of answers whose largest ROUGE-1 (of characters) to a right reference exceeds that to a wrong one',
  },
);
