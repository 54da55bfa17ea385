import { classifierFor, labelled } from '../classifier.ts';
import type { Command, Io } from '../command.ts';
import { suggestion } from '../commands.ts';
import { piiIn } from '../kit/pii.ts';
import { refusalIn } from '../kit/refusal.ts';
import { toxicityIn } from '../kit/toxicity.ts';
import { pairOption, settingsOf } from '../settings.ts';
import { textRows } from '../text-rows.ts';
import { UserError } from '../types.ts';

interface Verdict {
  readonly label: string;
  /** 0..1. */
  readonly score: number;
}
type Detector = (texts: readonly string[]) => readonly Verdict[] | Promise<readonly Verdict[]>;

const toxic = (score: number): Verdict => ({ label: score >= 0.5 ? 'toxic' : 'none', score });
const each =
  (verdict: (text: string) => Verdict): Detector =>
  (texts) =>
    texts.map(verdict);

const detectors: Readonly<Record<string, Detector>> = {
  refusal: each(refusalIn),
  toxicity: each((text) => toxic(toxicityIn(text))),
  pii: each((text) => {
    const kinds = [...new Set(piiIn(text).map((found) => found.kind))];
    return { label: kinds.length === 0 ? 'none' : kinds.join('+'), score: kinds.length === 0 ? 0 : 1 };
  }),
};

/** Texts labelled together: a classifier pads within. */
const window = 256;

async function label(rows: AsyncIterable<{ readonly text: string }>, detector: Detector, tell: (verdict: Verdict) => void) {
  const counts = new Map<string, number>();
  let texts: string[] = [];
  const flush = async () => {
    for (const verdict of await detector(texts)) {
      counts.set(verdict.label, (counts.get(verdict.label) ?? 0) + 1);
      tell(verdict);
    }
    texts = [];
  };
  for await (const { text } of rows) {
    texts.push(text);
    if (texts.length >= window) await flush();
  }
  await flush();
  return counts;
}

async function run(args: readonly unknown[], options: Readonly<Record<string, unknown>>, io: Io): Promise<number> {
  const [name, file] = [String(args[0]), String(args[1])];
  const near = suggestion(name, Object.keys(detectors));
  if (!detectors[name])
    throw new UserError(
      `there is no detector '${name}'${near ? `; did you mean '${near}'?` : ''}`,
      `known: ${Object.keys(detectors).join(', ')}`,
    );
  if (options.toxicity !== undefined && name !== 'toxicity')
    throw new UserError(
      `--toxicity names a classifier of toxicity, not of ${name}`,
      'plumbline detect toxicity <file> --toxicity <folder>',
    );
  const { toxicity, set } = options;
  const settings = await settingsOf({ toxicity, set }, io.env, io.cwd);
  await using classifier = name === 'toxicity' ? await classifierFor(settings, io, (message) => io.err(`${message}\n`)) : null;
  const detector: Detector = classifier
    ? async (texts) => (await labelled(classifier.runner, texts, io.signal)).map(toxic)
    : (detectors[name] as Detector);
  const print = (verdict: Verdict) => io.out(`${JSON.stringify({ label: verdict.label, score: Number(verdict.score.toFixed(6)) })}\n`);
  const counts = await label(textRows(file, String(options.field), io.cwd), detector, options.jsonl ? print : () => {});
  const rows = [...counts.values()].reduce((a, b) => a + b, 0);
  const summary = [...counts].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${kind} ${n} (${((100 * n) / rows).toFixed(1)} %)`);
  (options.jsonl ? io.err : io.out)(`${rows} rows: ${summary.join(', ') || 'none'}\n`);
  return 0;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<detector>', Object.keys(detectors).join(', '))
      .argument('<file>', 'JSONL, CSV or TSV, plain or .gz; - for JSONL on standard input')
      .option('--field <name>', 'the field that holds the text; a.b reaches into an object', 'text')
      .option('--jsonl', 'print {label, score} for every row')
      .option('--toxicity <folder>', 'your own classifier (ONNX) in place of the built-in toxicity detector')
      .option('--set <name=value>', 'a setting of the classifier, e.g. toxic-label=LABEL_1', pairOption)
      .addHelpText('after', '\nExample:\n  plumbline detect refusal answers.jsonl --field completion --jsonl');
  },
  run,
};

export default command;
