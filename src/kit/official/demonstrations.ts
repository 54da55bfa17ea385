/** DecodingTrust's demonstrations (Wang et al. 2023, §7): one question a line with solved examples before it. */
import type { Data, Message } from '../../types.ts';
import { UserError } from '../../types.ts';
import { assistant, user } from '../asking.ts';
import { jsonLines } from './records.ts';

interface Raw {
  readonly input: string;
  readonly option: readonly string[];
  readonly label: string;
  readonly examples?: readonly (readonly [input: string, label: string])[];
}

export interface Demonstrated {
  readonly input: string;
  readonly options: readonly string[];
  readonly label: number;
  /** With its examples, and without them. */
  readonly shown: readonly Message[];
  readonly bare: readonly Message[];
  readonly line: number;
}

export interface DemonstrationFile {
  readonly file: string;
  /** Folders below the kind, e.g. ['snli_premise_cf'] or ['PP', 'entail-bias']. */
  readonly parts: readonly string[];
  readonly seed: string;
}

const root = /^adv_demonstration\//;

/** The files of a kind ('counterfactual', 'spurious', 'backdoor/experiment1') at hand; none: the command to type. */
export async function demonstrationFiles(data: Data, kind: string): Promise<DemonstrationFile[]> {
  const found = (await data.files('decodingtrust')).filter(
    (file) => root.test(file) && file.includes(`/${kind}/`) && !file.includes('/generations/') && file.endsWith('.jsonl'),
  );
  if (found.length === 0)
    throw new UserError(
      `decodingtrust: there is no adv_demonstration/${kind} at hand`,
      'plumbline data pull decodingtrust --from <folder with adv_demonstration/>',
    );
  return found.map((file) => {
    const parts = file.slice(file.indexOf(`/${kind}/`) + kind.length + 2).split('/');
    return { file, parts: parts.slice(0, -1), seed: (parts.at(-1) ?? '').replace(/\.jsonl$/, '') };
  });
}

export async function* demonstrationsIn(data: Data, file: string): AsyncGenerator<Demonstrated> {
  for await (const { record, where, line } of jsonLines<Raw>(data, 'decodingtrust', file, ['input', 'option', 'label'])) {
    if (!Array.isArray(record.option)) throw new UserError(`${where}: 'option' is not a list`);
    const label = record.option.findIndex((option) => option.toLowerCase() === String(record.label).toLowerCase());
    if (label < 0) throw new UserError(`${where}: the label '${record.label}' is none of ${record.option.join(', ')}`);
    const task = { role: 'system', content: `Answer with one of: ${record.option.join(', ')}.` } as const;
    const turns = (record.examples ?? []).flatMap(([input, answer]) => [user(input), assistant(answer)]);
    yield {
      input: record.input,
      options: record.option,
      label,
      shown: [task, ...turns, user(record.input)],
      bare: [task, user(record.input)],
      line,
    };
  }
}
