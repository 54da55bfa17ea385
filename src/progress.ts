import type { Io } from './command.ts';
import type { Progress } from './engine/collect.ts';

export interface ProgressLine {
  readonly show: (text: string) => void;
  readonly say: (text: string) => void;
  readonly progress: (progress: Progress) => void;
  readonly end: () => void;
}

const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
};

/** One line on stderr: rewritten on a terminal, else a new line every ten seconds. */
export function progressLine(io: Io, quiet: boolean): ProgressLine {
  if (quiet) return { show: () => {}, say: (text) => io.err(`${text}\n`), progress: () => {}, end: () => {} };
  let last = 0;
  let wide = 0;
  let started: { readonly at: number; readonly round: number; readonly work: number } | null = null;
  const clear = () => {
    if (io.terminal && wide > 0) io.err(`\r${' '.repeat(wide)}\r`);
    wide = 0;
  };
  const write = (text: string, force: boolean) => {
    const now = Date.now();
    if (!force && now - last < (io.terminal ? 100 : 10_000)) return;
    last = now;
    const cut = text.slice(0, io.columns - 1);
    if (!io.terminal) return io.err(`${text}\n`);
    io.err(`\r${cut.padEnd(wide)}`);
    wide = cut.length;
  };
  return {
    show: (text) => write(text, false),
    say: (text) => {
      clear();
      io.err(`${text}\n`);
    },
    progress: (p) => {
      if (started?.round !== p.round) started = { at: Date.now(), round: p.round, work: p.work };
      const elapsed = Date.now() - started.at;
      const left = p.work > started.work ? ((p.workTotal - p.work) * elapsed) / (p.work - started.work) : null;
      const rate = elapsed > 500 ? ` · ${(p.done / (elapsed / 1000)).toFixed(p.done < 10_000 ? 1 : 0)} answers/s` : '';
      const rounds = p.rounds > 1 ? `round ${p.round + 1} of ${p.rounds} · ` : '';
      write(
        `${rounds}${p.done} of ${p.total} answers${rate}${left === null || elapsed < 2000 ? '' : ` · ${duration(left)} left`} · ${p.suite}`,
        p.done === p.total,
      );
    },
    end: clear,
  };
}
