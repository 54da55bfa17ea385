import type { Plan } from './engine/plan.ts';
import { seal } from './engine/seal.ts';
import { sealProblems } from './engine/verify.ts';
import { pageTime, writeReport } from './engine/write-report.ts';
import { openRun } from './open-run.ts';
import type { Data, Run } from './types.ts';

export interface Finishing {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly data: Data;
  /** What was scored, where it is at hand, so that it need not be built again. */
  readonly plans?: readonly Plan[];
}

/** Writes a scored run's scorecard and seals the folder. Returns the run and the page's path. */
export async function finish(folder: string, { cwd, env, data, plans }: Finishing): Promise<{ readonly run: Run; readonly page: string }> {
  const run = openRun(folder, cwd, data, plans);
  const page = await writeReport('scorecard', run, { folder, cwd, now: pageTime(run, env) });
  await seal(folder);
  return { run, page };
}

/** Writes another report into a run's folder; a seal that was intact covers it afterwards, a broken one stays broken. */
export async function addReport(folder: string, write: () => Promise<string>): Promise<string> {
  const intact = (await sealProblems(folder)).length === 0;
  const first = await write();
  if (intact) await seal(folder);
  return first;
}
