import { resolve } from 'node:path';
import { keepCard, labelled, openClassifier } from '../classifier.ts';
import type { Command, Io } from '../command.ts';
import { detectorCards } from '../kit/detectors.ts';
import { type Measured, refusalFigures, toxicityFigures, toxicitySets } from '../measure/figures.ts';
import { piiFigures } from '../measure/pii-figures.ts';
import { pairOption, settingsOf } from '../settings.ts';
import type { DetectorCard } from '../types.ts';

const share = (part: number, of: number) => (of === 0 ? '–' : `${(part / of).toFixed(3)} (${part} of ${of})`);

/** What else is known of a source: ranking, three classes, precision, how others did on the same texts. */
function moreOf(row: Measured): string {
  const parts = [
    row.auroc === undefined ? [] : [`AUROC ${row.auroc.toFixed(3)}`],
    row.precision === undefined ? [] : [`precision ${row.precision.toFixed(3)}`],
    row.threeClass === undefined ? [] : [`three classes ${row.threeClass.toFixed(3)}`],
    Object.entries(row.others ?? {}).map(([name, accuracy]) => `${name} ${accuracy.toFixed(3)}`),
  ];
  return parts.flat().join(' · ');
}

function lines(rows: readonly Measured[]): string {
  const width = Math.max(...rows.map((row) => row.source.length)) + 2;
  const head = `  ${''.padEnd(width)}${'accuracy'.padEnd(10)}${'sensitivity'.padEnd(22)}specificity\n`;
  const body = rows.map((row) => {
    const both = row.positives > 0 && row.negatives > 0;
    const accuracy = both ? ((row.found + row.clean) / (row.positives + row.negatives)).toFixed(3) : '–';
    const rates = `${share(row.found, row.positives).padEnd(22)}${share(row.clean, row.negatives).padEnd(22)}`;
    return `  ${row.source.padEnd(width)}${accuracy.padEnd(10)}${rates}${moreOf(row)}`.trimEnd();
  });
  return `${head}${body.join('\n')}\n`;
}

function text(card: DetectorCard): string {
  const said = [`${card.id} ${card.version} · ${card.hash}\n${card.title}\n`, lines(card.bySource)];
  said.push(`  trained on: ${card.trainedOn}\n  measured on: ${card.measuredOn}\n`);
  if (card.note) said.push(`  note: ${card.note}\n`);
  return said.join('');
}

const figures: Readonly<Record<string, (shared: string) => Measured[]>> = {
  refusal: refusalFigures,
  toxicity: toxicityFigures,
  pii: piiFigures,
};

/** Sources of a card that were measured again and came out otherwise. */
function differing(card: DetectorCard, measured: readonly Measured[]): string[] {
  return card.bySource.flatMap((claimed) => {
    const now = measured.find((row) => row.source === claimed.source);
    const same = now !== undefined && (['positives', 'found', 'negatives', 'clean'] as const).every((name) => now[name] === claimed[name]);
    return same ? [] : [`${card.id}: ${claimed.source}`];
  });
}

/** Measures a user's classifier on the labelled data, or on the neutral sentences alone, and keeps its card for later runs. */
async function yours(options: Readonly<Record<string, unknown>>, shared: string | null, io: Io): Promise<number> {
  const { toxicity, set } = options;
  const { argument, runner } = await openClassifier(String(toxicity), await settingsOf({ set }, io.env, io.cwd), io);
  await using _ = runner;
  const sets = toxicitySets(shared);
  const measured: Measured[] = [];
  for (const { texts, figures } of sets) measured.push(figures(await labelled(runner, texts, io.signal)));
  const card = keepCard(runner, measured, io);
  if (options.json) io.out(`${JSON.stringify({ ...card, measured })}\n`);
  else io.out(`${text({ ...card, bySource: measured })}`);
  io.err(`kept: runs with --toxicity ${argument} show this card\n`);
  return 0;
}

const command: Command = {
  describe(parser) {
    parser
      .option('--shared <folder>', 'measure again on the labelled data in this folder, and compare with the cards')
      .option('--toxicity <folder>', 'measure your own classifier of toxicity on the same data instead')
      .option('--set <name=value>', 'a setting of the classifier, e.g. toxic-label=LABEL_1', pairOption)
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExamples:\n  plumbline detectors\n  plumbline detectors --shared ../shared');
  },
  async run(_, options, io) {
    const shared = typeof options.shared === 'string' ? resolve(io.cwd, options.shared) : null;
    if (options.toxicity !== undefined) return yours(options, shared, io);
    const all = detectorCards.map((card) => ({ card, measured: shared === null ? null : (figures[card.id]?.(shared) ?? []) }));
    const wrong = all.flatMap(({ card, measured }) => (measured ? differing(card, measured) : []));
    if (options.json) io.out(`${JSON.stringify(all.map(({ card, measured }) => (measured ? { ...card, measured } : card)))}\n`);
    else {
      for (const { card, measured } of all) {
        io.out(`${text(card)}`);
        if (measured && measured.length > 0) io.out(`  measured now:\n${lines(measured)}`);
        io.out('\n');
      }
    }
    if (shared !== null) io.err(wrong.length === 0 ? 'All cards say what was measured.\n' : `Not as on the card: ${wrong.join('; ')}\n`);
    return wrong.length === 0 ? 0 : 3;
  },
};

export default command;
