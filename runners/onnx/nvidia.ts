import { spawnSync } from 'node:child_process';
import type { Json } from '../../src/types.ts';

/** Rows of a question to nvidia-smi; none where there is no such tool or it does not answer. */
function ask(command: string, query: string): string[][] {
  // No driver was found when this process was started (start-child.ts).
  if (process.permission?.has('child') === false) return [];
  const { stdout, status } = spawnSync(command, [query, '--format=csv,noheader,nounits'], { encoding: 'utf8', timeout: 3000 });
  if (status !== 0 || !stdout) return [];
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()));
}

/** What NVIDIA's driver tells of a process now: its memory on the devices, and the watts that they draw. Empty without nvidia-smi. */
export function processOnGpu(pid: number, command = 'nvidia-smi'): { readonly [key: string]: Json } {
  const own = ask(command, '--query-compute-apps=pid,used_memory').filter(([id]) => Number(id) === pid);
  const megabytes = own.reduce((sum, [, used]) => sum + Number(used), 0);
  if (own.length === 0 || !Number.isFinite(megabytes)) return {};
  const watts = ask(command, '--query-gpu=power.draw').map(([draw]) => Number(draw));
  return {
    deviceMemoryBytes: megabytes * 2 ** 20,
    ...(watts.length > 0 && watts.every(Number.isFinite) ? { deviceWatts: watts.reduce((a, b) => a + b, 0) } : {}),
  };
}
