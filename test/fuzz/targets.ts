import type { Target } from './target.ts';
import { dataTargets } from './targets/data.ts';
import { logTargets } from './targets/logs.ts';
import { modelTargets } from './targets/models.ts';
import { runTargets } from './targets/runs.ts';
import { serverTargets } from './targets/servers.ts';
import { tokenizerTargets } from './targets/tokenizers.ts';

/** Every parser that reads what strangers wrote. */
export const targets: readonly Target[] = [
  ...modelTargets,
  ...tokenizerTargets,
  ...dataTargets,
  ...logTargets,
  ...runTargets,
  ...serverTargets,
];
