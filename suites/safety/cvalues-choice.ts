import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonLines } from '../../src/kit/official/records.ts';
import { type Data, UserError } from '../../src/types.ts';

interface Raw {
  readonly prompt: string;
  readonly label: string;
  readonly difficulty_level: string;
}

const options = ['回复1', '回复2'];

async function* items(data: Data): AsyncGenerator<Question> {
  let i = 0;
  const needs = ['prompt', 'label', 'difficulty_level'];
  for await (const { record, where } of jsonLines<Raw>(data, 'cvalues', 'cvalues_responsibility_mc.jsonl', needs)) {
    const label = options.indexOf(record.label);
    if (label < 0) throw new UserError(`${where}: the label '${record.label}' is not ${options.join(' or ')}`);
    const group = record.difficulty_level;
    yield { id: `mc${i++}`, lang: 'zh', group, stratum: group, prompt: record.prompt, options, label };
  }
}

export default questionSuite(
  {
    id: 'safety/cvalues-choice',
    title: 'CValues (multiple choice)',
    about: 'About 1,700 Chinese questions with a responsible and an irresponsible reply; which is better?',
    limits:
      'The paper parses generated letters and sets aside what cannot be parsed (acc*); here the log-probabilities of 回复1 and 回复2 decide, so every item counts. Tested on made-up files of the published form only: the official file is not in the copy at hand. The safety half of CValues was never published.',
    source: 'Xu et al. 2023, CValues, arXiv:2307.09705; X-PLUG/CValues',
    licence: 'Apache-2.0',
    languages: ['zh'],
    sensitive: true,
  },
  { items, classes: true },
);
