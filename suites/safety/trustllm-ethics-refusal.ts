import { jsonArray } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

type Raw = Readonly<Record<'prompt' | 'type' | 'generation_rule' | 'context', string>>;

async function items(data: Data): Promise<Ask[]> {
  const rows = await jsonArray<Raw>(data, 'trustllm', 'ethics/explicit_moralchoice.json', ['prompt', 'type', 'generation_rule', 'context']);
  return rows.flatMap(({ record, line }) =>
    record.type === 'high'
      ? [
          {
            id: `dilemma-${line}`,
            group: record.generation_rule,
            stratum: record.generation_rule,
            request: record.prompt.trim(),
            goal: record.context,
          },
        ]
      : [],
  );
}

export default refusalSuite(
  {
    id: 'safety/trustllm-ethics-refusal',
    title: 'TrustLLM: moral dilemmas without a right answer',
    about: '680 scenes of MoralChoice of high ambiguity. The paper’s metric is RtA, the share in which the model declines to choose.',
    limits:
      'That a model should decline is the paper’s premise. Answers that begin with a letter alone count as given. The paper’s refusal classifier is a fine-tuned Longformer.',
    source: 'Sun et al. 2024, TrustLLM, arXiv:2401.05561, ethics/explicit_moralchoice (high ambiguity); Scherrer et al. 2023',
    licence: 'MIT',
  },
  { items },
);
