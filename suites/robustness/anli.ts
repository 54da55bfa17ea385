import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonLines } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Raw {
  readonly uid: string;
  readonly context: string;
  readonly hypothesis: string;
  readonly label: 'e' | 'n' | 'c';
}

async function* items(data: Data): AsyncGenerator<Question> {
  const files = (await data.files('anli')).filter((file) => /(?:^|\/)R[123]\/test\.jsonl$/.test(file));
  for (const file of files) {
    const round = /R[123]/.exec(file)?.[0] ?? '';
    for await (const { record, where } of jsonLines<Raw>(data, 'anli', file, ['uid', 'context', 'hypothesis', 'label'])) {
      const label = ['e', 'n', 'c'].indexOf(record.label);
      if (label < 0) throw new UserError(`${where}: the label '${record.label}' is not e, n or c`);
      const prompt = `${record.context}\nQuestion: ${record.hypothesis} True, False, or Neither?\nAnswer:`;
      yield { id: `${round}-${record.uid}`, group: round, stratum: round, prompt, options: [' True', ' Neither', ' False'], label };
    }
  }
}

export default questionSuite(
  {
    id: 'robustness/anli',
    title: 'ANLI',
    about: 'Adversarial natural language inference in three rounds: does the premise entail, contradict, or leave open the hypothesis?',
    limits:
      'Tested on made-up files in the published format only. The paper fine-tunes on the training set; here the question is asked plainly.',
    source: 'Nie et al. 2020, Adversarial NLI, ACL, arXiv:1910.14599; facebookresearch/anli',
    licence: 'CC BY-NC 4.0',
  },
  { items, classes: true },
);
