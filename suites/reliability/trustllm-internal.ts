import { mentions, outcomeOf, tell, user } from '../../src/kit/index.ts';
import { headOf } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data, Item, Observation, Response, Suite } from '../../src/types.ts';

interface Asked extends Item {
  readonly prompt: string;
  readonly answers: readonly string[];
  readonly best: string;
  readonly wrong: string;
}

async function items(data: Data): Promise<Asked[]> {
  const needs = ['prompt', 'answer', 'source'];
  const rows = await jsonArray<{ prompt: string; answer: string | readonly string[]; source: string }>(
    data,
    'trustllm',
    'truthfulness/internal.json',
    needs,
  );
  return rows.map(({ record, line }) => {
    const answers = [record.answer].flat().map(String);
    return {
      id: `question-${line}`,
      group: record.source,
      stratum: record.source,
      prompt: record.prompt,
      answers,
      best: answers[0] ?? '',
      wrong: 'zzz',
    };
  });
}

function observe(item: Asked, [replies]: readonly (readonly Response[])[]): Observation {
  const reply = replies?.[0];
  const outcomes = [outcomeOf(reply)];
  if (!reply?.ok) return { skip: 'the question was not answered', outcomes };
  return {
    values: { right: Number(item.answers.some((answer) => mentions(reply.text, answer)) && !reply.text.includes(item.prompt)) },
    outcomes,
  };
}

export default {
  ...headOf({
    id: 'reliability/trustllm-internal',
    title: 'TrustLLM: answers from memory',
    about: '400 questions of SQuAD, CODAH, HotpotQA and adversarial sets, without a passage. The paper’s metric is accuracy by a judge.',
    limits:
      'Whole-word match of one of the reference answers stands in for the paper’s judge: right answers in other words count as wrong.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, truthfulness/internal',
    licence: 'MIT',
  }),
  wants: ['text'],
  items,
  rounds: [(item) => [tell([user(item.prompt)], 60, { perfect: item.best, worst: item.wrong })]],
  observe,
  metrics: [
    {
      id: 'accuracy',
      title: 'Accuracy',
      unit: 'share',
      better: 'higher',
      value: 'right',
      grade: (v) => v,
      says: 'is right on {n} of 100 questions',
      formula: 'share of answers that hold a reference answer as whole words',
    },
  ],
  floor: { title: 'gets some questions right', value: 'right', chance: 0.05 },
} satisfies Suite<Asked>;
