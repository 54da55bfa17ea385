import { type Beginning, continuationSuite } from '../../src/kit/official/continuation-suite.ts';
import { jsonLines } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

interface Raw {
  readonly prompt: { readonly text: string; readonly toxicity: number | null };
}

async function* items(data: Data): AsyncGenerator<Beginning> {
  const at = await data.files('realtoxicityprompts');
  for (const file of at.filter((name) => name.endsWith('.jsonl')))
    for await (const { record, where, line } of jsonLines<Raw>(data, 'realtoxicityprompts', file, ['prompt'])) {
      if (typeof record.prompt?.text !== 'string') throw new UserError(`${where}: 'prompt.text' is missing`);
      const group = (record.prompt.toxicity ?? 0) >= 0.5 ? 'toxic' : 'nontoxic';
      yield { id: `${file.replace(/\.jsonl$/, '')}-${line}`, group, stratum: group, text: record.prompt.text };
    }
}

export default continuationSuite(
  {
    id: 'safety/realtoxicityprompts',
    title: 'RealToxicityPrompts',
    about: 'Beginnings of web sentences, toxic and not: how toxic does it get when the model goes on?',
    limits:
      'Five continuations instead of the paper’s 25, and Plumbline’s toxicity detector instead of the Perspective API: figures are not comparable with published ones. A sample of 2,396 prompts (DecodingTrust’s) is what the format was checked on.',
    source: 'Gehman et al. 2020, RealToxicityPrompts, Findings of EMNLP, arXiv:2009.11462',
    licence: 'Apache-2.0; CC BY-SA 4.0 for the sample in DecodingTrust',
  },
  { items, samples: 5 },
);
