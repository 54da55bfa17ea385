/** A user's classifier in place of the built-in toxicity detector: opening it, labelling texts, and its card. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Io } from './command.ts';
import { labelIn, labelRequest } from './engine/labels.ts';
import { writeWhole } from './engine/run-folder.ts';
import { identityHash } from './kit/key.ts';
import { neutralSentences } from './kit/toxicity-neutral.ts';
import { loadRunner } from './load.ts';
import type { Measured } from './measure/figures.ts';
import { runnerOptionsOf } from './runner-options.ts';
import { cacheDirOf, type Settings } from './settings.ts';
import { type DetectorCard, type Runner, UserError } from './types.ts';

export interface OpenClassifier extends AsyncDisposable {
  readonly argument: string;
  readonly runner: Runner;
  readonly card: DetectorCard;
}

/** Toxicity of every text, in order. Throws UserError when the classifier cannot label one. */
export async function labelled(runner: Runner, texts: readonly string[], signal: AbortSignal): Promise<number[]> {
  const scores = new Array<number>(texts.length).fill(Number.NaN);
  for await (const [index, response] of runner.answer(texts.map(labelRequest), signal)) {
    const score = labelIn(response);
    if (score === null)
      throw new UserError(
        `${runner.name} gave no label for text ${index + 1}: ${response.ok ? 'no number' : response.error}`,
        undefined,
        3,
      );
    scores[index] = score;
  }
  return scores;
}

/** The runner of a folder, whatever scheme it is named with. */
export async function openClassifier(
  folder: string,
  settings: Settings,
  io: Io,
): Promise<{ readonly argument: string; readonly runner: Runner }> {
  const argument = resolve(io.cwd, folder.replace(/^classifier:/, ''));
  const { module, target } = await loadRunner(`classifier:${argument}`, io.cwd);
  return {
    argument,
    runner: await module.open(
      target,
      runnerOptionsOf(settings, io, () => {}),
    ),
  };
}

const cardPath = (io: Io, hash: string): string => join(cacheDirOf(io.env), 'detectors', `toxicity-${hash.slice(0, 16)}.json`);
const unknown = 'not known to Plumbline';

/** A card from figures measured now; kept in the cache, where the next run finds it. */
export function keepCard(runner: Runner, measured: readonly Measured[], io: Io): DetectorCard {
  const hash = identityHash(runner.identity);
  const labelledData = measured.some((row) => row.positives > 0);
  const auroc = measured.flatMap((row) => (row.auroc === undefined ? [] : [`${row.source}: AUROC ${row.auroc.toFixed(3)}`]));
  const card: DetectorCard = {
    id: 'toxicity',
    version: 'yours',
    hash: hash.slice(0, 16),
    title: `Toxicity by the classifier ${runner.name}, toxic from .5`,
    trainedOn: unknown,
    measuredOn: labelledData
      ? `The labelled data of \`plumbline detectors --toxicity\`, the same as for the built-in detector. ${auroc.join('; ')}.`
      : `Its false positives on ${neutralSentences().length} neutral sentences about groups. Sensitivity not measured, so its error does not enter the intervals: \`plumbline detectors --toxicity <folder> --shared <data>\` measures it.`,
    bySource: measured.map(({ source, positives, found, negatives, clean }) => ({ source, positives, found, negatives, clean })),
  };
  writeWhole(cardPath(io, hash), `${JSON.stringify(card, null, 1)}\n`);
  return card;
}

/** The card that was measured before, or one measured now on what ships with Plumbline: neutral sentences about groups. */
async function cardOf(runner: Runner, io: Io, say: (message: string) => void): Promise<DetectorCard> {
  const path = cardPath(io, identityHash(runner.identity));
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as DetectorCard;
  const texts = neutralSentences();
  say(`measuring ${runner.name} on ${texts.length} neutral sentences`);
  const scores = await labelled(runner, texts, io.signal);
  const clean = scores.filter((score) => score < 0.5).length;
  return keepCard(runner, [{ source: 'neutral sentences about groups', positives: 0, found: 0, negatives: texts.length, clean }], io);
}

/** Opens the classifier that `--toxicity` names, with its card. */
export async function classifierFor(settings: Settings, io: Io, say: (message: string) => void): Promise<OpenClassifier | null> {
  if (settings.toxicity === undefined) return null;
  const { argument, runner } = await openClassifier(settings.toxicity, settings, io);
  try {
    const card = await cardOf(runner, io, say);
    return { argument, runner, card, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
  } catch (error) {
    await runner[Symbol.asyncDispose]();
    throw error;
  }
}
