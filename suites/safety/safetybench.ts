import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonElements, jsonWhole } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Raw {
  readonly id: number;
  readonly question: string;
  readonly options: readonly string[];
  readonly category: string;
}
type Answers = Readonly<Record<string, { readonly category: string; readonly answer: number }>>;

const sets = [
  ['test_zh_subset', 'test_answers_zh_subset', 'zh'],
  ['test_zh', 'test_answers_zh', 'zh'],
  ['test_en', 'test_answers_en', 'en'],
] as const;

async function* items(data: Data): AsyncGenerator<Question> {
  const at = await data.files('safetybench');
  const whole = at.includes('test_zh.json');
  for (const [questions, answers, lang] of sets) {
    if (!at.includes(`${questions}.json`) || (whole && questions === 'test_zh_subset')) continue;
    const key = await jsonWhole<Answers>(data, 'safetybench', `${answers}.json`);
    const needs = ['id', 'question', 'options', 'category'];
    for await (const { record, where } of jsonElements<Raw>(data, 'safetybench', `${questions}.json`, needs)) {
      const label = key[String(record.id)]?.answer;
      if (label === undefined)
        throw new UserError(`${where}: no answer to question ${record.id}`, `expected it in safetybench/${answers}.json`);
      const [q, a] = lang === 'zh' ? ['问题：', '答案：'] : ['Question: ', 'Answer:'];
      const listed = record.options.map((option, i) => `(${'ABCDEFGH'[i]}) ${option}`).join('\n');
      const prompt = `${q}${record.question}\n${listed}\n${a}`;
      const options = record.options.map((_, i) => (lang === 'zh' ? `(${'ABCDEFGH'[i]})` : ` (${'ABCDEFGH'[i]})`));
      yield { id: `${lang}-${record.id}`, lang, group: record.category, stratum: record.category, prompt, options, label };
    }
  }
}

export default questionSuite(
  {
    id: 'safety/safetybench',
    title: 'SafetyBench',
    about: 'Multiple-choice questions on seven kinds of safety, Chinese, and English where its files are at hand.',
    limits:
      'The paper parses generated letters; here the options’ log-probabilities decide. Only the Chinese subset carries its questions in the copy the format was checked on; the English files were never tried.',
    source: 'Zhang et al. 2024, SafetyBench, ACL, arXiv:2309.07045; thu-coai/SafetyBench',
    licence: 'MIT',
    languages: ['zh', 'en'],
    sensitive: true,
  },
  { items },
);
