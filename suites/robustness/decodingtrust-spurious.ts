import { demonstrationFiles, demonstrationsIn } from '../../src/kit/official/demonstrations.ts';
import { type Pair, pairedSuite } from '../../src/kit/official/paired-suite.ts';
import type { Data } from '../../src/types.ts';

/** Each question without demonstrations, and after ones in which a construction always goes with one answer. */
async function* items(data: Data): AsyncGenerator<Pair> {
  for (const { file, parts, seed } of await demonstrationFiles(data, 'spurious')) {
    const part = parts.join('/');
    if (!/bias$/.test(part)) continue;
    for await (const one of demonstrationsIn(data, file))
      yield {
        id: `${part.replace('/', '-')}-${seed}-${one.line}`,
        group: part,
        stratum: part,
        cluster: `${parts[0]}-${one.input}`,
        clean: one.bare,
        changed: one.shown,
        options: one.options,
        label: one.label,
      };
  }
}

export default pairedSuite(
  {
    id: 'robustness/decodingtrust-spurious',
    title: 'DecodingTrust: spurious correlations',
    about:
      'Inference questions after demonstrations in which a construction (a passive, an adverb …) always goes with one answer. The paper’s metric is accuracy, meaned over six constructions and both directions.',
    limits:
      'Tested on made-up files in the published format only. The clean twin is the question without demonstrations. The task is told in our words; options’ log-probabilities decide.',
    source: 'Wang et al. 2023, DecodingTrust, NeurIPS, arXiv:2306.11698, §7.2; data/adv_demonstration/spurious',
    licence: 'CC BY-SA 4.0',
  },
  { items, headline: 'robust', overTasks: true },
);
