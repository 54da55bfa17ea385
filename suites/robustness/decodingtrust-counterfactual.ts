import { type Demonstrated, demonstrationFiles, demonstrationsIn } from '../../src/kit/official/demonstrations.ts';
import { type Pair, pairedSuite } from '../../src/kit/official/paired-suite.ts';
import { type Data, UserError } from '../../src/types.ts';

/** Each question with plain demonstrations, and with its counterfactual twin as the last one. */
async function* items(data: Data): AsyncGenerator<Pair> {
  const files = await demonstrationFiles(data, 'counterfactual');
  for (const { file, parts, seed } of files) {
    const task = (parts[0] ?? '').replace(/_cf$/, '');
    if (parts[0] !== `${task}_cf`) continue;
    const plain = files.find((other) => other.parts[0] === task && other.seed === seed);
    if (!plain) throw new UserError(`decodingtrust/${file}: there is no ${task}/${seed}.jsonl beside it`);
    const twins = new Map<string, Demonstrated>();
    for await (const one of demonstrationsIn(data, plain.file)) twins.set(one.input, one);
    for await (const one of demonstrationsIn(data, file)) {
      const twin = twins.get(one.input);
      if (!twin) throw new UserError(`decodingtrust/${file}:${one.line}: ${plain.file} does not hold this question`);
      yield {
        id: `${task}-${seed}-${one.line}`,
        group: task,
        stratum: task,
        cluster: `${task}-${one.input}`,
        clean: twin.shown,
        changed: one.shown,
        options: one.options,
        label: one.label,
      };
    }
  }
}

export default pairedSuite(
  {
    id: 'robustness/decodingtrust-counterfactual',
    title: 'DecodingTrust: counterfactual demonstrations',
    about:
      'Inference and grammar questions after demonstrations whose last is the question’s own counterfactual twin, with another answer. The paper’s metric is accuracy with them, meaned over six tasks.',
    limits:
      'Tested on made-up files in the published format only. The task is told in our words; the paper parses a generated answer, here the options’ log-probabilities decide.',
    source: 'Wang et al. 2023, DecodingTrust, NeurIPS, arXiv:2306.11698, §7.1; data/adv_demonstration/counterfactual',
    licence: 'CC BY-SA 4.0',
  },
  { items, headline: 'robust', overTasks: true },
);
