import { join, resolve } from 'node:path';
import { classifierFor, type OpenClassifier } from '../classifier.ts';
import type { Command, Io } from '../command.ts';
import { dataIn } from '../data.ts';
import { label } from '../engine/collect.ts';
import type { Plan } from '../engine/plan.ts';
import { profileOf } from '../engine/profile.ts';
import { Recording } from '../engine/recording.ts';
import { answersFile, lock, manifestOf, resultIds, writeManifest } from '../engine/run-folder.ts';
import { contextOf, scoreAll } from '../evaluate.ts';
import { finish } from '../finish.ts';
import { identityHash, keyOf } from '../kit/key.ts';
import { plansAgain } from '../open-run.ts';
import { cacheDirOf, pairOption, settingsOf } from '../settings.ts';
import { type Manifest, type Request, UserError } from '../types.ts';

/** The classifier that `--toxicity` names. */
function classifierOf(options: Readonly<Record<string, unknown>>, io: Io, say: (message: string) => void) {
  const { toxicity, set } = options;
  if (toxicity === undefined || toxicity === 'none') return null;
  return settingsOf({ toxicity, set }, io.env, io.cwd).then((settings) => classifierFor(settings, io, say));
}

interface Relabelling {
  readonly plans: readonly Plan[];
  readonly recording: Recording;
  readonly classifier: OpenClassifier | null;
  /** Back to the built-in detector. */
  readonly none: boolean;
  readonly signal: AbortSignal;
}

/** Has the classifier label what the recorded answers call for, and names it in the manifest. */
async function relabelled(manifest: Manifest, { plans, recording, classifier, none, signal }: Relabelling): Promise<Manifest> {
  const { toxicity: _before, ...plain } = manifest;
  if (!classifier) return none ? plain : manifest;
  const { argument, runner, card } = classifier;
  const hash = identityHash(runner.identity);
  const { model, judge } = manifest;
  const look = (request: Request) => recording.get(keyOf((request.to === 'judge' && judge?.hash) || model.hash, request));
  await label(plans, { look, judge: judge !== null }, { classifier: { runner, hash }, recording, options: { signal } });
  recording.flush();
  return { ...plain, toxicity: { argument, name: runner.name, identity: runner.identity, hash, card } };
}

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a run folder')
      .option('--toxicity <folder>', 'measure toxicity by your own classifier (ONNX) from now on; none: by the built-in one again')
      .option('--set <name=value>', 'a setting of the classifier, e.g. toxic-label=LABEL_1', pairOption)
      .option('--json', 'print the manifest as JSON to stdout and nothing else')
      .addHelpText(
        'after',
        '\nScores the recorded answers again with the suites as they are now; no model is opened.\n\nExample:\n  plumbline score runs/mine',
      );
  },
  async run([folderName], options, io) {
    const folder = resolve(io.cwd, folderName as string);
    const manifest = manifestOf(folder);
    using _ = lock(folder);
    const { plans, changed } = await plansAgain(manifest, io.cwd, dataIn(cacheDirOf(io.env)));
    if (plans.length === 0)
      throw new UserError(
        `none of the suites of ${folderName as string} is as it was (${changed.join(', ')})`,
        `plumbline run ${manifest.model.argument} -o ${folderName as string} asks what is new`,
      );
    const say = (message: string) => io.err(`${message}\n`);
    await using classifier = await classifierOf(options, io, say);
    using recording = Recording.open(join(folder, answersFile), classifier ? 'write' : 'read');
    const measured = await relabelled(manifest, { plans, recording, classifier, none: options.toxicity === 'none', signal: io.signal });
    if (changed.length > 0) say(`changed since the run, so not scored: ${changed.join(', ')}; run again to ask what is new`);
    const { results, failed } = scoreAll(
      folder,
      plans,
      contextOf(measured, (key) => recording.get(key)),
      say,
    );
    const complete = changed.length === 0 && results.every((result) => result.complete) && Object.keys(failed).length === 0;
    const { failed: _before, ...rest } = measured;
    const suites = Object.fromEntries(Object.entries(manifest.suites).filter(([id]) => resultIds(folder).includes(id) || id in failed));
    const next: Manifest = { ...rest, suites, complete, ...(Object.keys(failed).length > 0 && { failed }), profile: profileOf(results) };
    writeManifest(folder, next);
    const { run, page } = await finish(folder, { cwd: io.cwd, env: io.env, data: dataIn(cacheDirOf(io.env)), plans });
    if (options.json) io.out(`${JSON.stringify(next)}\n`);
    else {
      const { terminalProfile } = await import('../kit/terminal.ts');
      io.out(`${terminalProfile(run, { width: io.columns, colour: io.colour })}\n${page}\n`);
    }
    return complete ? 0 : 3;
  },
};

export default command;
