import { join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { dataIn } from '../data.ts';
import { profileOf } from '../engine/profile.ts';
import { Recording } from '../engine/recording.ts';
import { answersFile, lock, manifestOf, resultIds, writeManifest } from '../engine/run-folder.ts';
import { contextOf, scoreAll } from '../evaluate.ts';
import { finish } from '../finish.ts';
import { plansAgain } from '../open-run.ts';
import { cacheDirOf } from '../settings.ts';
import { type Manifest, UserError } from '../types.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<run>', 'a run folder')
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
    using recording = Recording.open(join(folder, answersFile), 'read');
    const say = (message: string) => io.err(`${message}\n`);
    if (changed.length > 0) say(`changed since the run, so not scored: ${changed.join(', ')}; run again to ask what is new`);
    const { results, failed } = scoreAll(
      folder,
      plans,
      contextOf(manifest, (key) => recording.get(key)),
      say,
    );
    const complete = changed.length === 0 && results.every((result) => result.complete) && Object.keys(failed).length === 0;
    const { failed: _before, ...rest } = manifest;
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
