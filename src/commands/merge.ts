import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { mergeRuns } from '../merge.ts';
import { readingHere } from '../reading.ts';

const command: Command = {
  describe(parser) {
    parser
      .argument('<run...>', 'the run folders of the shards')
      .requiredOption('-o, --output <folder>', 'the merged run folder')
      .option('--json', 'print the manifest as JSON to stdout and nothing else')
      .addHelpText('after', '\nExample:\n  plumbline merge runs/m-shard-*-of-4 -o runs/m');
  },
  async run([names], options, io) {
    const folders = (names as readonly string[]).map((name) => resolve(io.cwd, name));
    const say = (message: string) => io.err(`${message}\n`);
    const merging = { cwd: io.cwd, env: io.env, ...readingHere(io), say };
    const { manifest, page, missing } = await mergeRuns(folders, resolve(io.cwd, String(options.output)), merging);
    io.out(options.json ? `${JSON.stringify(manifest)}\n` : `${page}\n`);
    if (manifest.complete) return 0;
    say(`${missing} items have no answer yet: a shard is missing or incomplete`);
    return 3;
  },
};

export default command;
