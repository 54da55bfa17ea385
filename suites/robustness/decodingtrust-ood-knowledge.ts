import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonWhole } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Quiz {
  readonly question_id: string;
  readonly question_sentence: string;
  readonly question_date: string;
  readonly choices: readonly string[];
  readonly answer: readonly string[];
}

async function* items(data: Data): AsyncGenerator<Question> {
  const { test } = await jsonWhole<{ test: Readonly<Record<string, readonly Quiz[]>> }>(data, 'decodingtrust', 'ood/knowledge.json');
  for (const [year, quizzes] of Object.entries(test ?? {}))
    for (const [i, quiz] of quizzes.entries()) {
      const label = Number(quiz.answer?.[0]);
      if (quiz.choices?.[label] === undefined)
        throw new UserError(`decodingtrust/ood/knowledge.json, ${year} ${i + 1}: 'answer' names no choice`);
      yield {
        id: `${year}-${i}`,
        group: year,
        stratum: year,
        prompt: `Question (${quiz.question_date}): ${quiz.question_sentence}\nAnswers: ${quiz.choices.join('; ')}\nAnswer:`,
        options: quiz.choices.map((choice) => ` ${choice}`),
        label,
      };
    }
}

export default questionSuite(
  {
    id: 'robustness/decodingtrust-ood-knowledge',
    title: 'DecodingTrust: news of 2020 and 2023',
    about:
      'Quiz questions about events of 2020 and of 2023, with “I don’t know” among the answers. Official: accuracy, refusal rate, and accuracy among answered.',
    limits:
      'Which year is out of distribution depends on when the model was trained. The paper generates the answer; here the options’ log-probabilities a token decide, so there is no refusal: accuracy is the headline.',
    source: 'Wang et al. 2023, DecodingTrust, NeurIPS, arXiv:2306.11698, §6; data/ood/knowledge.json',
    licence: 'CC BY-SA 4.0',
  },
  { items, perToken: true },
);
