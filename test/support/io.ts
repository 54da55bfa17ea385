import type { Io } from '../../src/command.ts';

/** An Io that keeps what a command says. */
export function keptIo(cwd: string, env: Readonly<Record<string, string>> = {}): Io & { readonly said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  return {
    said,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env,
    cwd,
    columns: 80,
    terminal: false,
    colour: false,
    signal: new AbortController().signal,
  };
}
