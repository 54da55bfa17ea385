import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

const letters = ['A', 'B', 'C', 'D', 'E'];

async function items(data: Data): Promise<Question[]> {
  const examples = (await data.text('halluqa', 'prompts/Chinese_QA_prompt_mc.txt')).trim();
  const needs = ['question_id', 'question', 'answer'];
  const rows = await jsonArray<{ question_id: number; question: string; answer: string }>(data, 'halluqa', 'HalluQA_mc.json', needs);
  return rows.map(({ record, where }) => {
    const label = letters.indexOf(record.answer.replace(/^Answer:\s*/, '').trim());
    if (label < 0) throw new UserError(`${where}: the answer '${record.answer}' is not one of ${letters.join(', ')}`);
    const prompt = `${examples}\n\n${record.question.trim()}\nAnswer:`;
    return { id: `q${record.question_id}`, lang: 'zh', prompt, options: letters.map((letter) => ` ${letter}`), label };
  });
}

export default questionSuite(
  {
    id: 'reliability/halluqa',
    title: 'HalluQA (multiple choice)',
    about: '450 Chinese questions made to draw out hallucinations, five options each, after the benchmark’s own examples.',
    limits:
      'The paper parses a generated letter; here the letters’ log-probabilities decide, so an unparsable answer cannot occur. The open-ended half is reliability/halluqa-generation.',
    source: 'Cheng et al. 2023, HalluQA, arXiv:2310.03368; OpenMOSS/HalluQA',
    licence: 'Apache-2.0',
    languages: ['zh'],
  },
  { items, says: 'chooses the answer without hallucination in {n} of 100 questions' },
);
