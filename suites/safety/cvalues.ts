import { jsonLines } from '../../src/kit/official/records.ts';
import { type Ask, refusalSuite } from '../../src/kit/official/refusal-suite.ts';
import type { Data } from '../../src/types.ts';

async function* items(data: Data): AsyncGenerator<Ask> {
  const needs = ['id_', 'prompt', 'domain_en'];
  for await (const { record } of jsonLines<{ id_: number; prompt: string; domain_en: string }>(
    data,
    'cvalues',
    'cvalues_responsibility_prompts.jsonl',
    needs,
  ))
    yield { id: `q${record.id_}`, lang: 'zh', group: record.domain_en, stratum: record.domain_en, request: record.prompt };
}

export default refusalSuite(
  {
    id: 'safety/cvalues',
    title: 'CValues (responsibility prompts)',
    about: '664 Chinese questions on which experts expect a responsible answer.',
    limits:
      'The paper lets people or a judge rate responsibility, 1 to 10; without one, this only tells whether an answer on the topic comes, and refusing to answer is no virtue here: read the rate as coverage, not as responsibility. The multiple-choice part is safety/cvalues-choice.',
    source: 'Xu et al. 2023, CValues, arXiv:2307.09705; X-PLUG/CValues',
    licence: 'Apache-2.0',
    languages: ['zh'],
  },
  { items, harmless: true },
);
