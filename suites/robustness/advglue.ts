import { type GlueRecord, glueQuestion } from '../../src/kit/official/glue.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonWhole } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';

async function* items(data: Data): AsyncGenerator<Question> {
  const tasks = await jsonWhole<Readonly<Record<string, readonly GlueRecord[]>>>(data, 'advglue', 'dev.json');
  for (const [task, records] of Object.entries(tasks))
    for (const record of records)
      yield {
        id: `${task}-${record.idx}`,
        group: task,
        stratum: task,
        ...glueQuestion(task, record, `advglue/dev.json, ${task} ${record.idx}`),
      };
}

export default questionSuite(
  {
    id: 'robustness/advglue',
    title: 'AdvGLUE',
    about: '738 adversarially changed sentences of five GLUE tasks (SST-2, QQP, MNLI, QNLI, RTE). The paper’s metric is accuracy per task.',
    limits:
      'The development set has no clean twins, so it cannot tell an attack that worked from a task that is too hard: robustness/trustllm-advglue has pairs. The paper fine-tunes on each task; here the task is asked plainly, so figures are not comparable.',
    source: 'Wang et al. 2021, AdvGLUE, NeurIPS D&B, arXiv:2111.02840; AI-secure/adversarial-glue',
    licence: 'CC BY-SA 4.0',
    version: '2',
  },
  { items, official: 'accuracy', says: 'is right on {n} of 100 adversarial sentences' },
);
