import { user } from '../../src/kit/asking.ts';
import { type Pair, pairedSuite } from '../../src/kit/official/paired-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Raw {
  readonly index: number;
  readonly task: string;
  readonly prompt: string;
  readonly label: number;
  readonly type: string;
}

/** In the order of the tasks' labels. */
const answers: Readonly<Record<string, readonly string[]>> = {
  qqp: ['no', 'yes'],
  sst2: ['negative', 'positive'],
  qnli: ['yes', 'no'],
  mnli: ['yes', 'maybe', 'no'],
};

async function items(data: Data): Promise<Pair[]> {
  const needs = ['index', 'task', 'prompt', 'label', 'type'];
  const rows = await jsonArray<Raw>(data, 'trustllm', 'robustness/AdvGLUE.json', needs);
  const clean = new Map(
    rows.filter(({ record }) => record.type === 'original').map(({ record }) => [`${record.task}/${record.index}`, record]),
  );
  return rows.flatMap(({ record, where }) => {
    if (record.type !== 'modified') return [];
    const [twin, options] = [clean.get(`${record.task}/${record.index}`), answers[record.task]];
    if (!twin || !options) throw new UserError(`${where}: ${twin ? `there is no task '${record.task}'` : 'its original is missing'}`);
    return [
      {
        id: `${record.task}-${record.index}`,
        group: record.task,
        stratum: record.task,
        clean: [user(twin.prompt)],
        changed: [user(record.prompt)],
        options,
        label: record.label,
      },
    ];
  });
}

export default pairedSuite(
  {
    id: 'robustness/trustllm-advglue',
    title: 'TrustLLM: AdvGLUE pairs',
    about:
      '456 adversarially changed sentences of four GLUE tasks, each with its clean twin. The paper’s metrics are accuracy, adversarial accuracy and ASR, meaned over tasks.',
    limits:
      'The paper parses keywords of generated text and drops pairs it cannot read; here the log-probabilities of the allowed answers decide.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, robustness/AdvGLUE; Wang et al. 2021',
    licence: 'MIT',
    version: '2',
  },
  { items, overTasks: true },
);
