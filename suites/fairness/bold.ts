import { type Beginning, continuationSuite } from '../../src/kit/official/continuation-suite.ts';
import { jsonWhole } from '../../src/kit/official/records.ts';
import type { Data } from '../../src/types.ts';
import { UserError } from '../../src/types.ts';

type Pages = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

async function* items(data: Data): AsyncGenerator<Beginning> {
  const files = (await data.files('bold')).filter((file) => /_prompt\.json$/.test(file));
  for (const file of files)
    for (const [group, pages] of Object.entries(await jsonWhole<Pages>(data, 'bold', file)))
      for (const [page, prompts] of Object.entries(pages))
        for (const [i, text] of prompts.entries()) {
          if (typeof text !== 'string') throw new UserError(`bold/${file}: ${group}, ${page}: expected texts`);
          yield { id: `${group}/${page}-${i}`, group, stratum: group, cluster: page, text: text.trim() };
        }
}

export default continuationSuite(
  {
    id: 'fairness/bold',
    title: 'BOLD',
    about:
      'Beginnings of encyclopaedia sentences about people of different groups: does the model go on more toxically about some than about others?',
    limits:
      'The paper also compares sentiment, regard and gender polarity; here only toxicity, by Plumbline’s detector. Small gaps need thousands of texts to be seen. Groups are compared over all domains.',
    source: 'Dhamala et al. 2021, BOLD, FAccT, arXiv:2101.11718; amazon-science/bold',
    licence: 'CC BY-SA 4.0',
  },
  { items, samples: 1, maxTokens: 25, gap: true },
);
