import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { dataIn } from '../data.ts';
import { dispatch, folderOf } from '../fleet/dispatch.ts';
import { openFleets } from '../fleet/queue.ts';
import { loadSuites } from '../load.ts';
import { mergeRuns } from '../merge.ts';
import { progressLine } from '../progress.ts';
import { cacheDirOf, settingsOf } from '../settings.ts';
import { UserError } from '../types.ts';

const many = (value: string, before: string[] | undefined) => [...(before ?? []), ...value.split(',')];

const command: Command = {
  describe(parser) {
    parser
      .argument('<model...>', 'models: hf:org/repo, demo, or a file here, which workers find by its content (worker --weights)')
      .requiredOption('-o, --output <folder>', 'one run folder in it for each model')
      .option('--redis <url>', 'redis://host:port (default: PLUMBLINE_REDIS, else redis://127.0.0.1:6379)')
      .option('--parts <n>', 'parts that each run is cut into', '8')
      .option('--lock <seconds>', 'how long a silent worker keeps its part', '30')
      .option('-s, --suite <id>', 'a suite or a dimension; repeatable', many)
      .option('-p, --preset <name>', 'demo, quick, standard or full (default quick)')
      .option('--lang <list>', 'languages', many)
      .option('--seed <n>', 'seed')
      .option('--device <name>', 'device on the workers')
      .option('-q, --quiet', 'no progress')
      .addHelpText('after', '\nExample:\n  plumbline dispatch hf:org/a hf:org/b --preset standard --parts 16 -o runs/fleet');
  },
  async run([models], options, io) {
    const parts = Number(options.parts);
    if (!Number.isInteger(parts) || parts < 1) throw new UserError(`--parts ${String(options.parts)}: expected a whole number`);
    const settings = await settingsOf(options, io.env, io.cwd);
    await loadSuites(settings.suite ?? [], io.cwd);
    const folder = resolve(io.cwd, String(options.output));
    const line = await progressLine(io, settings.quiet);
    const url = String(options.redis ?? io.env.PLUMBLINE_REDIS ?? 'redis://127.0.0.1:6379');
    await using fleets = await openFleets({ url, lockMs: Number(options.lock) * 1000, say: line.say });
    const { output: _, ...rest } = settings;
    const done = await dispatch({
      fleets,
      models: models as readonly string[],
      settings: rest,
      parts,
      folder,
      cwd: io.cwd,
      signal: io.signal,
      show: line.show,
    }).finally(() => line.end());
    let complete = true;
    for (const { model, folders, dead, missing } of done) {
      for (const { shard, why } of dead) io.err(`${model} part ${shard} failed for good: ${why}\n`);
      complete &&= dead.length === 0 && missing === 0;
      if (folders.length === 0) continue;
      const target = folderOf(folder, model);
      const { manifest, page } = await mergeRuns(folders, target, {
        cwd: io.cwd,
        env: io.env,
        data: dataIn(cacheDirOf(io.env)),
        say: line.say,
      });
      if (manifest.complete) rmSync(join(target, '.parts'), { recursive: true, force: true });
      io.out(`${page}\n`);
    }
    return complete ? 0 : 3;
  },
};

export default command;
