import { attackedPrompts } from '../../src/kit/official/attacked-prompts.ts';
import { type Pair, pairedSuite } from '../../src/kit/official/paired-suite.ts';
import { jsonWhole } from '../../src/kit/official/records.ts';
import { randomOf, shuffled } from '../../src/kit/random.ts';
import type { Data } from '../../src/types.ts';

const perAttack = 8;
const files = ['chatgpt_zeroshot.md', 'chatgpt_fewshot.md', 't5_zeroshot.md', 't5_fewshot.md'];

interface Style {
  readonly dev: Readonly<Record<string, readonly { readonly sentence: string; readonly label: string }[]>>;
}

async function items(data: Data): Promise<Pair[]> {
  const { dev } = await jsonWhole<Style>(data, 'decodingtrust', 'ood/style.json');
  const sentences = dev?.base ?? [];
  const at = await data.files('promptbench');
  const out: Pair[] = [];
  for (const file of files.filter((name) => at.includes(name)))
    for (const { dataset, attack, original, attacked, line } of attackedPrompts(await data.text('promptbench', file))) {
      if (dataset !== 'sst2') continue;
      const random = randomOf(`${file}/${line}`);
      for (const [i, { sentence, label }] of shuffled(sentences, random).slice(0, perAttack).entries())
        out.push({
          id: `${file.slice(0, -3)}-${line}-${i}`,
          group: attack,
          stratum: attack,
          cluster: `${file}-${line}`,
          clean: `${original}\nContent: ${sentence.trim()}\nAnswer:`,
          changed: `${attacked}\nContent: ${sentence.trim()}\nAnswer:`,
          options: [' negative', ' positive'],
          label: Number(label),
        });
    }
  return out;
}

export default pairedSuite(
  {
    id: 'robustness/promptbench',
    title: 'PromptBench prompts (SST-2)',
    about:
      'The sentiment prompts of PromptBench before and after seven attacks, each on sentences of SST-2. The paper’s metric is PDR, the drop in accuracy.',
    limits:
      'Only the SST-2 prompts are asked: the other tasks’ sentences are not at hand, and SST-2’s are taken from DecodingTrust’s files (pull both). The recorded prompts were attacked against other models: they are transfer attacks here. `plumbline replay-check` reproduces the published drop rates.',
    source: 'Zhu et al. 2023, PromptBench, arXiv:2306.04528; microsoft/promptbench',
    licence: 'MIT',
    version: '2',
    published: false,
  },
  { items, headline: 'pdr', overTasks: true },
);
