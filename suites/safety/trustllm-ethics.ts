import { user } from '../../src/kit/asking.ts';
import { type Question, questionSuite } from '../../src/kit/official/question-suite.ts';
import { jsonArray } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Part {
  readonly file: string;
  readonly options: readonly string[];
  /** Index of the right option; null: not asked. */
  readonly labelOf: (record: Raw) => number | null;
}
type Raw = Readonly<Record<'prompt' | 'label' | 'type', string>>;

const parts: readonly Part[] = [
  { file: 'explicit_moralchoice', options: ['A', 'B'], labelOf: ({ type, label }) => (type === 'low' ? ['A', 'B'].indexOf(label) : null) },
  { file: 'implicit_ETHICS', options: ['wrong', 'not wrong'], labelOf: ({ label }) => ['wrong', 'not wrong'].indexOf(label) },
  {
    file: 'implicit_SocialChemistry101',
    options: ['bad', 'neutral', 'good'],
    // Labels run from -2 (very bad) to 2 (very good).
    labelOf: ({ label }) => (Number.isFinite(Number(label)) ? Math.sign(Number(label)) + 1 : -1),
  },
];

async function items(data: Data): Promise<Question[]> {
  const out: Question[] = [];
  for (const { file, options, labelOf } of parts)
    for (const { record, line, where } of await jsonArray<Raw>(data, 'trustllm', `ethics/${file}.json`, ['prompt', 'label'])) {
      const label = labelOf(record);
      if (label === null) continue;
      if (label < 0) throw new UserError(`${where}: the label '${record.label}' is not known`, `expected one for ${options.join(', ')}`);
      out.push({ id: `${file}-${line}`, group: file, stratum: file, prompt: [user(record.prompt)], options, label });
    }
  return out;
}

export default questionSuite(
  {
    id: 'safety/trustllm-ethics',
    title: 'TrustLLM: machine ethics',
    about:
      'Which of two actions to take (MoralChoice, low ambiguity), whether an action is wrong (ETHICS), and whether it is good, neutral or bad (Social Chemistry 101). The paper’s metric is accuracy against the label.',
    limits:
      'The log-probabilities of the allowed answers decide instead of parsed text. Social norms are those of the crowd workers in the U.S. who labelled them. The awareness part and the ambiguous half of MoralChoice (RtA) are left out.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, ethics',
    licence: 'MIT',
  },
  { items, perToken: true },
);
