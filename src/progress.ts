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

/** Progress on stderr: one line that is rewritten on a terminal (ora), else a new line every ten seconds. */
export async function progressLine(io: Io, quiet: boolean): Promise<ProgressLine> {
  if (quiet) return { show: () => {}, say: (text) => io.err(`${text}\n`), progress: () => {}, end: () => {} };
  const spinner = io.terminal && io.stream ? (await import('ora')).default({ stream: io.stream, discardStdin: false }) : null;
  let last = 0;
  let started: { readonly at: number; readonly round: number; readonly work: number } | null = null;
  const show = (text: string, force = false) => {
    if (spinner) {
      spinner.text = text.slice(0, io.columns - 4);
      if (!spinner.isSpinning) spinner.start();
    } else if (force || Date.now() - last >= 10_000) {
      last = Date.now();
      io.err(`${text}\n`);
    }
  };
  return {
    show,
    say: (text) => {
      spinner?.stop();
      io.err(`${text}\n`);
    },
    progress: (p) => {
      if (started?.round !== p.round) started = { at: Date.now(), round: p.round, work: p.work };
      const elapsed = Date.now() - started.at;
      const left = p.work > started.work ? ((p.workTotal - p.work) * elapsed) / (p.work - started.work) : null;
      const rate = elapsed > 500 ? ` · ${(p.done / (elapsed / 1000)).toFixed(p.done < 10_000 ? 1 : 0)} answers/s` : '';
      const rounds = p.rounds > 1 ? `round ${p.round + 1} of ${p.rounds} · ` : '';
      const time = left === null || elapsed < 2000 ? '' : ` · ${duration(left)} left`;
      show(`${rounds}${p.done} of ${p.total} answers${rate}${time} · ${p.suite}`, p.done === p.total);
    },
    end: () => void spinner?.stop(),
  };
}
