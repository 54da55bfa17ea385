import { type GlueRecord, glueQuestion } from '../../src/kit/official/glue.ts';
import { type Pair, pairedSuite } from '../../src/kit/official/paired-suite.ts';
import { jsonWhole } from '../../src/kit/official/records.ts';
import { type Data, UserError } from '../../src/types.ts';

type Raw = GlueRecord & { readonly index?: number | string; readonly method?: string };

const texts = ['sentence', 'sentence1', 'sentence2', 'question', 'question1', 'question2', 'premise', 'hypothesis'] as const;

/** The record with its texts as they were before the attack (`original_…`); null where it does not tell. */
function before(record: Raw): GlueRecord | null {
  const held = record as unknown as Readonly<Record<string, unknown>>;
  const originals = texts.flatMap((name) =>
    typeof held[`original_${name}`] === 'string' ? [[name, held[`original_${name}`]] as const] : [],
  );
  return originals.length === 0 ? null : { ...record, ...Object.fromEntries(originals) };
}

async function* items(data: Data): AsyncGenerator<Pair> {
  const files = (await data.files('decodingtrust')).filter((file) => /^(?:adv-glue-plus-plus|advglue)\/.*\.json$/.test(file));
  if (files.length === 0)
    throw new UserError(
      'decodingtrust: AdvGLUE++ is not at hand',
      'plumbline data pull decodingtrust --from <folder with adv-glue-plus-plus/>',
    );
  for (const file of files) {
    const victim = file.split('/').at(-1)?.slice(0, -'.json'.length) ?? file;
    for (const [task, records] of Object.entries(await jsonWhole<Readonly<Record<string, readonly Raw[]>>>(data, 'decodingtrust', file))) {
      if (!Array.isArray(records)) throw new UserError(`decodingtrust/${file}, ${task}: expected a list of records`);
      for (const [i, record] of records.entries()) {
        const where = `decodingtrust/${file}, ${task} ${i + 1}`;
        const clean = before(record);
        if (clean === null) continue;
        const { prompt, options, label } = glueQuestion(task, record, where);
        yield {
          id: `${victim}-${task}-${i}`,
          group: task,
          stratum: `${victim} ${task}`,
          cluster: `${task}-${record.idx ?? record.index ?? i}`,
          clean: glueQuestion(task, clean, where).prompt,
          changed: prompt,
          options,
          label,
        };
      }
    }
  }
}

export default pairedSuite(
  {
    id: 'robustness/decodingtrust-advglue',
    title: 'DecodingTrust: AdvGLUE++',
    about:
      'GLUE sentences changed word by word by five attacks against Alpaca, Vicuna and StableVicuna, each with its plain original. The paper’s metric is robust accuracy, meaned over tasks.',
    limits:
      'Tested on made-up files in the published format only. The attacks were made against other models: transfer attacks here. Records without their original are left out, since nothing tells whether the model could do the task.',
    source: 'Wang et al. 2023, DecodingTrust, NeurIPS, arXiv:2306.11698, §5; data/adv-glue-plus-plus',
    licence: 'CC BY-SA 4.0',
  },
  { items, headline: 'robust', overTasks: true },
);
