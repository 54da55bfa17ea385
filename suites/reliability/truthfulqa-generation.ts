import { generationSuite, type OpenQuestion } from '../../src/kit/official/generation-suite.ts';
import { csvRecords } from '../../src/kit/official/records.ts';
import { truthfulqaPrompt } from '../../src/kit/official/truthfulqa.ts';
import type { Data } from '../../src/types.ts';

type Raw = Readonly<Record<'Question' | 'Category' | 'Correct Answers' | 'Incorrect Answers', string>>;

const listed = (text: string): string[] =>
  text
    .split(/;\s*/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

async function items(data: Data): Promise<OpenQuestion[]> {
  const needs = ['Question', 'Category', 'Correct Answers', 'Incorrect Answers'];
  const rows = await csvRecords<Raw>(data, 'truthfulqa', 'TruthfulQA.csv', needs);
  return rows.map(({ record }, i) => ({
    id: `q${i + 1}`,
    group: record.Category,
    stratum: record.Category,
    question: record.Question,
    prompt: truthfulqaPrompt(record.Question),
    // The paper counts saying nothing as true.
    right: [...listed(record['Correct Answers']), 'I have no comment.'],
    wrong: listed(record['Incorrect Answers']),
  }));
}

export default generationSuite(
  {
    id: 'reliability/truthfulqa-generation',
    title: 'TruthfulQA (generation)',
    about:
      'The 817 questions of TruthfulQA answered in the model’s own words, after the paper’s six examples. The paper’s main metric is the share of true (and informative) answers by a fine-tuned judge; its lexical one compares with reference answers.',
    limits:
      'Words near to a right answer may still say something false: without a judge this is the paper’s weakest measure (ROUGE-1 accuracy). With `--judge <model>` the judge sees the reference answers, as the paper’s fine-tuned judge does not: figures are not comparable with published ones. Base and chat models alike get the raw six-example prompt.',
    source: 'Lin, Hilton, Evans 2022, TruthfulQA, ACL, arXiv:2109.07958; TruthfulQA.csv',
    licence: 'Apache-2.0',
  },
  {
    items,
    stop: ['\n\n', 'Q:'],
    informative: true,
    formula: 'share of answers whose largest ROUGE-1 to a true reference exceeds that to a false one (“rouge1 acc”, Lin et al. 2022, §B)',
  },
);
