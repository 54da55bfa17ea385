/** A folder of runs at one moment: what `plumbline serve` shows and sends. Pure data. */
import type { ReportOptions } from '../types.ts';

export interface RunState {
  /** The run folder's name under the served folder; '' where that folder is itself the run. */
  readonly name: string;
  readonly model: string;
  readonly preset: string;
  readonly created: string;
  readonly answers: number;
  /** Answers a second over the last few seconds; null where nothing was written lately. */
  readonly rate: number | null;
  readonly items: number;
  readonly results: number;
  readonly suites: number;
  readonly state: 'running' | 'finished' | 'incomplete' | 'stopped' | 'damaged';
  /** Grades of the five dimensions with their intervals; null: not told (yet). */
  readonly profile: readonly {
    readonly dimension: string;
    readonly grade: number | null;
    readonly low: number | null;
    readonly high: number | null;
  }[];
}

/** The default export of `reports/overview.ts` has this besides a report's fields. */
export interface OverviewReport {
  readonly page: (runs: readonly RunState[], options: ReportOptions) => string;
}
