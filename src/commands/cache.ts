import type { Command } from '../command.ts';
import { loadRunner } from '../load.ts';
import { cacheDirOf } from '../settings.ts';
import { UserError } from '../types.ts';

/** What the local runner keeps, and how to throw it away. */
interface CacheKeeper {
  readonly cache?: {
    readonly list: (
      folder: string,
    ) => readonly { readonly part: string; readonly name: string; readonly bytes: number; readonly used: number }[];
    readonly clear: (folder: string, parts?: readonly string[]) => number;
    readonly parts: readonly string[];
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const command: Command = {
  describe(parser) {
    parser
      .argument('[action]', 'show (default) or clear')
      .argument('[part]', 'clear only this: models, weights, tokenizers, graphs, hashes (default: all but the pulled models)')
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExample:\n  plumbline cache\n  plumbline cache clear weights');
  },
  async run([action = 'show', part], options, io) {
    const folder = cacheDirOf(io.env);
    const { cache } = (await loadRunner('onnx:cache', io.cwd)).module as CacheKeeper;
    if (!cache) throw new UserError('the local runner keeps no cache');
    if (action !== 'show' && action !== 'clear')
      throw new UserError(`cache ${String(action)}: expected show or clear`, 'plumbline cache --help');
    if (part !== undefined && !cache.parts.includes(part as string))
      throw new UserError(`there is no part '${String(part)}'`, `name one of ${cache.parts.join(', ')}`);
    if (action === 'clear') {
      const freed = cache.clear(folder, part === undefined ? undefined : [part as string]);
      io.out(options.json ? `${JSON.stringify({ folder, freedBytes: freed })}\n` : `${megabytes(freed)} freed in ${folder}\n`);
      return 0;
    }
    const entries = cache.list(folder).filter((entry) => part === undefined || entry.part === part);
    const total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (options.json) io.out(`${JSON.stringify({ folder, bytes: total, entries })}\n`);
    else {
      for (const entry of entries)
        io.out(
          `${entry.part.padEnd(11)}${megabytes(entry.bytes).padStart(12)}  ${new Date(entry.used).toISOString().slice(0, 10)}  ${entry.name}\n`,
        );
      io.out(`${'in all'.padEnd(11)}${megabytes(total).padStart(12)}  ${folder}\n`);
    }
    return 0;
  },
};

export default command;
