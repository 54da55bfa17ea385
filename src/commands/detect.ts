import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command, Io } from '../command.ts';
import { piiIn } from '../kit/pii.ts';
import { refusalIn } from '../kit/refusal.ts';
import { toxicityIn } from '../kit/toxicity.ts';
import { UserError } from '../types.ts';

interface Verdict {
  readonly label: string;
  /** 0..1. */
  readonly score: number;
}

const detectors: Readonly<Record<string, (text: string) => Verdict>> = {
  refusal: refusalIn,
  toxicity: (text) => {
    const score = toxicityIn(text);
    return { label: score >= 0.5 ? 'toxic' : 'none', score };
  },
  pii: (text) => {
    const kinds = [...new Set(piiIn(text).map((found) => found.kind))];
    return { label: kinds.length === 0 ? 'none' : kinds.join('+'), score: kinds.length === 0 ? 0 : 1 };
  },
};

/** The named text of one line of the file. */
function textOf(line: string, field: string, place: string): string {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new UserError(`${place}: not a JSON value (${(error as Error).message})`, 'every line must hold one JSON object');
  }
  const value = row !== null && typeof row === 'object' ? (row as Record<string, unknown>)[field] : undefined;
  if (typeof value === 'string') return value;
  const has = row !== null && typeof row === 'object' ? Object.keys(row).join(', ') : typeof row;
  throw new UserError(`${place}: expected a text in '${field}'; this line has ${has || 'nothing'}`, 'name the field with --field');
}

/** Labels the file line by line; memory does not grow with it. */
async function label(path: string, { detector, field, each }: Labelling): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const verdict = detector(textOf(line, field, `${path}:${number}`));
    counts.set(verdict.label, (counts.get(verdict.label) ?? 0) + 1);
    each(verdict);
  }
  return counts;
}
interface Labelling {
  readonly detector: (text: string) => Verdict;
  readonly field: string;
  readonly each: (verdict: Verdict) => void;
}

async function run(args: readonly unknown[], options: Readonly<Record<string, unknown>>, io: Io): Promise<number> {
  const [name, file] = [String(args[0]), String(args[1])];
  const detector = detectors[name];
  if (!detector) throw new UserError(`there is no detector '${name}'`, `known: ${Object.keys(detectors).join(', ')}`);
  const path = resolve(io.cwd, file);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new UserError(`${path} is not a file`, 'name a JSONL file: one JSON object a line');
  const each = (verdict: Verdict) => io.out(`${JSON.stringify({ label: verdict.label, score: Number(verdict.score.toFixed(6)) })}\n`);
  const counts = await label(path, { detector, field: String(options.field), each: options.jsonl ? each : () => {} });
  const rows = [...counts.values()].reduce((a, b) => a + b, 0);
  const summary = [...counts].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind} ${n} (${((100 * n) / rows).toFixed(1)} %)`);
  (options.jsonl ? io.err : io.out)(`${rows} rows: ${summary.join(', ') || 'none'}\n`);
  return 0;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<detector>', Object.keys(detectors).join(', '))
      .argument('<file.jsonl>', 'one JSON object a line')
      .option('--field <name>', 'the field that holds the text', 'text')
      .option('--jsonl', 'print {label, score} for every row')
      .addHelpText('after', '\nExample:\n  plumbline detect refusal answers.jsonl --field completion --jsonl');
  },
  run,
};

export default command;
