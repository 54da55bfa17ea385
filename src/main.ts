import { CommanderError, Command as Parser } from 'commander';
import type { Command, Io } from './command.ts';
import { commands } from './commands.ts';
import { UserError } from './types.ts';

/** Ctrl-C: the first asks the command to finish cleanly, the second ends the process at once. */
function interruptible(): AbortSignal {
  const abort = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (abort.signal.aborted) process.exit(130);
    if (signal === 'SIGINT') process.stderr.write('\nstopping after the answers under way; once more to stop now\n');
    abort.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return abort.signal;
}

function ioOf(): Io {
  const env = process.env;
  const viaNpm = env.npm_lifecycle_event === 'plumbline' || env.npm_lifecycle_event === 'demo';
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env,
    cwd: (viaNpm && env.INIT_CWD) || process.cwd(),
    columns: Math.max(40, Math.min(process.stderr.columns ?? 80, 120)),
    terminal: process.stderr.isTTY === true && env.TERM !== 'dumb' && !env.CI,
    stream: process.stderr,
    colour: process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    signal: interruptible(),
  };
}

/** Parses, runs and turns errors into messages and exit codes. */
export async function main(name: string, argv: readonly string[]): Promise<number> {
  const io = ioOf();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
  if (argv.includes('--offline') || io.env.PLUMBLINE_OFFLINE === '1') (await import('./offline.ts')).forbidNetwork();
  const command = ((await import(`./commands/${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`)) as { default: Command }).default;
  const parser = new Parser(`plumbline ${name}`)
    .description(commands[name] ?? '')
    .exitOverride()
    .showHelpAfterError('(--help shows the options)');
  parser.configureOutput({ writeOut: io.out, writeErr: io.err });
  command.describe(parser);
  let code = 0;
  parser.action(async (...given: unknown[]) => {
    const args = given.slice(0, -2) as (string | string[] | undefined)[];
    const options = parser.opts();
    const remote = [...args, ...Object.values(options)]
      .flat()
      .some((value) => typeof value === 'string' && /^(replay:)?s3:\/\//.test(value));
    if (!remote) code = await command.run(args, options, io);
    else
      code = await (await import('./remote/run-copy.ts')).onCopies(name, { args, options }, io, (given, set) =>
        command.run(given, set, io),
      );
  });
  try {
    await parser.parseAsync(argv as string[], { from: 'user' });
    return io.signal.aborted && code === 0 ? 130 : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return told(error, io);
  }
}

const filesystem: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and give the same command again: what was answered is kept',
  EACCES: 'this folder or file may not be written or read; choose another with -o, or change its permissions',
  EPERM: 'this folder or file may not be written or read; choose another with -o, or change its permissions',
  EROFS: 'this file system is read-only; choose another folder with -o',
  EIO: 'the disk reports an error; give the same command again or choose another folder with -o',
  EDQUOT: 'the disk quota is used up; free some space and give the same command again: what was answered is kept',
  ENOTDIR: 'a file stands where a folder is needed; choose another with -o',
};

function told(error: unknown, io: Io): number {
  if (error instanceof UserError) {
    io.err(`plumbline: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
    return error.exit;
  }
  const { code, path } = error as NodeJS.ErrnoException;
  const hint = code === undefined ? undefined : filesystem[code];
  if (hint) {
    io.err(`plumbline: ${(error as Error).message}${path ? '' : ''}\n  ${hint}\n`);
    return 3;
  }
  if (io.signal.aborted) return 130;
  throw error;
}
