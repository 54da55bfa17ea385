import type { Command as Parser } from 'commander';

/** Where a command talks: data to `out`, talk to `err`. Only commands see the environment. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's folder; relative paths are resolved against it. */
  readonly cwd: string;
  readonly columns: number;
  /** Whether stderr is a terminal that takes cursor movements. */
  readonly terminal: boolean;
  /** That terminal, for progress. */
  readonly stream?: NodeJS.WriteStream;
  readonly colour: boolean;
  /** Aborted at the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal;
}

/** The default export of `src/commands/<name>.ts`. */
export interface Command {
  /** Declares arguments, options and an example on a fresh commander parser. */
  readonly describe: (parser: Parser) => void;
  /** Returns the exit code. `args`: the declared arguments in order; `options`: as commander names them. */
  readonly run: (
    args: readonly (string | readonly string[] | undefined)[],
    options: Readonly<Record<string, unknown>>,
    io: Io,
  ) => Promise<number>;
}
