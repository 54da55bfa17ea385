import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, Io } from '../command.ts';
import { Recording } from '../engine/recording.ts';
import { writeWhole } from '../engine/run-folder.ts';
import { identityHash, keyOf } from '../kit/key.ts';
import { intervalText, short } from '../kit/numbers.ts';
import { type JudgeFigures, type JudgeTask, judgeFigures, judgeTasks, requestsOf } from '../measure/judge-study.ts';
import { openModel } from '../run-model.ts';
import { cacheDirOf, pairOption, settingsOf } from '../settings.ts';
import { textRows } from '../text-rows.ts';
import { type Response, type Runner, UserError } from '../types.ts';

const yesWords: Readonly<Record<string, boolean>> = { yes: true, true: true, '1': true, no: false, false: false, '0': false };

/** A labelled file of the user's: a text and a verdict a row. */
async function ownTask(file: string, options: Readonly<Record<string, unknown>>, cwd: string): Promise<JudgeTask> {
  const rows: { id: string; text: string; yes: boolean }[] = [];
  const labels = textRows(file, String(options.label), cwd);
  for await (const { text, place } of textRows(file, String(options.field), cwd)) {
    const label = (await labels.next()).value?.text ?? '';
    const yes = yesWords[label.trim().toLowerCase()];
    if (yes === undefined)
      throw new UserError(`${place}: the label is ${JSON.stringify(label)}`, 'labels are yes or no (true, false, 1, 0)');
    rows.push({ id: place, text, yes });
  }
  if (rows.length === 0) throw new UserError(`${file} has no rows`, 'one JSON object a line: {"text": "…", "label": "yes"}');
  return { id: 'yours', source: file, question: String(options.ask), rows };
}

interface Asking {
  readonly runner: Runner;
  readonly io: Io;
  readonly show: (text: string) => void;
}

/** The judge's verdicts on a task; what was asked before, here or in an earlier try, comes from the cache. */
async function verdicts(task: JudgeTask, { runner, io, show }: Asking): Promise<(Response | undefined)[]> {
  const hash = identityHash(runner.identity);
  const folder = join(cacheDirOf(io.env), 'judges');
  mkdirSync(folder, { recursive: true });
  using recording = Recording.open(join(folder, `${hash.slice(0, 32)}.jsonl`), 'write');
  const requests = requestsOf(task);
  const keys = requests.map((request) => keyOf(hash, request));
  const missing = requests.flatMap((request, i) =>
    recording.placeOf(keys[i] as string)?.failed === false ? [] : [{ request, key: keys[i] as string }],
  );
  let done = 0;
  for await (const [i, response] of runner.answer(
    missing.map(({ request }) => request),
    io.signal,
  )) {
    recording.append(missing[i]?.key as string, response);
    show(`${task.id}: ${++done} of ${missing.length} questions`);
  }
  recording.flush();
  return keys.map((key) => recording.get(key) ?? undefined);
}

const interval = (rate: JudgeFigures['kappa']): string => (rate ? `${short(rate.value)} (${intervalText(rate.low, rate.high, '')})` : '–');

/** A Markdown table: it reads well in a terminal, too. */
function table(figures: readonly JudgeFigures[]): string {
  const head = ['task', 'n', 'yes', 'accuracy', 'kappa', 'Se', 'Sp', 'AUROC', 'alpha', 'same in both orders', 'alpha of orders'];
  const rows = figures.map((f) => [
    f.task,
    `${f.n}${f.unread > 0 ? ` (${f.unread} unread)` : ''}`,
    short(f.yes),
    interval(f.accuracy),
    interval(f.kappa),
    interval(f.sensitivity),
    interval(f.specificity),
    short(f.auroc),
    short(f.alpha),
    interval(f.steady),
    short(f.alphaOrders),
  ]);
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

async function tasksOf(options: Readonly<Record<string, unknown>>, io: Io): Promise<JudgeTask[]> {
  if (typeof options.labelled === 'string') {
    if (typeof options.ask !== 'string')
      throw new UserError('--labelled needs the question that its labels answer', '--ask "Is the answer polite?"');
    return [await ownTask(options.labelled, options, io.cwd)];
  }
  if (typeof options.shared !== 'string')
    throw new UserError(
      'no labelled data was named',
      '--shared <folder with data/ and replay/>, or --labelled rows.jsonl --ask "Is the answer polite?"',
    );
  const count = Number(options.n);
  if (!Number.isInteger(count) || count < 10) throw new UserError(`--n ${String(options.n)}: expected a number of rows, at least 10`);
  const all = judgeTasks(resolve(io.cwd, options.shared), count);
  const wanted = options.task as readonly string[] | undefined;
  const unknown = wanted?.find((id) => !all.some((task) => task.id === id));
  if (unknown !== undefined) throw new UserError(`there is no task '${unknown}'`, `known: ${all.map(({ id }) => id).join(', ')}`);
  return wanted ? all.filter(({ id }) => wanted.includes(id)) : all;
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<model>', 'the model to measure as a judge')
      .option('--shared <folder>', 'public sets with human labels, in data/ and replay/')
      .option('--task <id>', 'refusal, truth, informative, hallucination; repeatable', (value: string, before: string[] = []) => [
        ...before,
        value,
      ])
      .option('--n <rows>', 'rows of each set, the same for every judge', '200')
      .option('--labelled <file>', 'your own labelled rows instead (JSONL, CSV or TSV)')
      .option('--ask <question>', 'the yes/no question that your labels answer')
      .option('--field <name>', 'the field that holds the text', 'text')
      .option('--label <name>', 'the field that holds yes or no', 'label')
      .option('--device <name>', 'auto, cpu, cuda, webgpu, dml, coreml (default auto)')
      .option('--set <name=value>', 'a setting of the runner; repeatable', pairOption)
      .option('--offline', 'never open a network connection')
      .option('-o, --output <file>', 'write the figures as JSON')
      .option('--json', 'print JSON')
      .addHelpText(
        'after',
        '\nThe judge answers by the log-probabilities of yes and no, asked in both orders. Verdicts are kept in the cache: the same command goes on where it stopped.\n\nExamples:\n  plumbline judge-card demo --shared ../shared\n  plumbline judge-card model.gguf --labelled rows.jsonl --ask "Is the answer polite?"',
      );
  },
  async run([model], options, io) {
    const tasks = await tasksOf(options, io);
    const { device, set, offline } = options;
    const settings = await settingsOf({ device, set, offline }, io.env, io.cwd);
    const { progressLine } = await import('../progress.ts');
    const line = await progressLine(io, false);
    await using opened = await openModel(String(model), settings, io, line.show);
    const { runner } = opened;
    if (!runner.wants.includes('choice'))
      throw new UserError(`${runner.name} gives no log-probabilities of answers, so it cannot judge`, 'a local model file can');
    const figures: JudgeFigures[] = [];
    for (const task of tasks) {
      if (io.signal.aborted) break;
      const replies = await verdicts(task, { runner, io, show: line.show });
      if (!io.signal.aborted) figures.push(judgeFigures(task, replies));
    }
    line.end();
    const card = { format: 'plumbline-judge-card/1', judge: runner.name, identity: identityHash(runner.identity), tasks: figures };
    if (typeof options.output === 'string') writeWhole(resolve(io.cwd, options.output), `${JSON.stringify(card, null, 1)}\n`);
    io.out(options.json ? `${JSON.stringify(card)}\n` : `${runner.name} as a judge\n\n${table(figures)}\n`);
    return io.signal.aborted ? 130 : 0;
  },
};

export default command;
