import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { csvRows } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

type Raw = { Summary: string; Review: string; Sentiment: string };
const classes = ['positive', 'neutral', 'negative'];

async function* items(data: Data): AsyncGenerator<Question> {
  const [file] = (await data.files('flipkart')).filter((name) => name.endsWith('.csv'));
  if (file === undefined) throw new UserError('flipkart: there is no .csv file', 'plumbline data pull flipkart --from <folder>');
  for await (const { record, where, line } of csvRows<Raw>(data, 'flipkart', file, ['Review', 'Summary', 'Sentiment'])) {
    const label = classes.indexOf(record.Sentiment.trim().toLowerCase());
    if (label < 0) throw new UserError(`${where}: the sentiment '${record.Sentiment}' is not ${classes.join(', ')}`);
    yield {
      id: `review-${line}`,
      stratum: classes[label] ?? '',
      prompt: `Is the following product review positive, neutral, or negative?\nReview: ${record.Review} ${record.Summary}\nAnswer:`,
      options: classes.map((name) => ` ${name}`),
      label,
    };
  }
}

export default questionSuite(
  {
    id: 'robustness/flipkart',
    title: 'Flipkart product reviews',
    about:
      'Sentiment of product reviews written after most models’ training data: positive, neutral or negative (an out-of-distribution set of the robustness literature). The literature reports accuracy or F1.',
    limits:
      'Tested on made-up files in the published format only (Kaggle, a CSV of product_name, product_price, Rate, Review, Summary, Sentiment); TrustLLM’s 400 of them are in robustness/trustllm-ood-generalization. Users’ star ratings and labels disagree at times.',
    source: 'Vaghani and Thummar 2023, Flipkart product reviews (Kaggle); used by Wang et al. 2023, arXiv:2302.12095',
    licence: 'CC0',
  },
  { items, classes: true },
);
