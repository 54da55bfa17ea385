import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * What the child may do, where Node has a permission model (22.13 and newer): read files, load native code, write in the cache; no processes but nvidia-smi where there
 * is an NVIDIA driver, no threads, no connections (25 and newer). It binds Node, not native code.
 */
function permissions(cacheDir: string | undefined): string[] {
  if (!process.allowedNodeEnvironmentFlags.has('--permission')) return [];
  const nvidia = existsSync('/dev/nvidiactl') || existsSync('/dev/dxg') || process.platform === 'win32';
  const writes = cacheDir === undefined ? [] : [cacheDir, join(cacheDir, '*')].map((path) => `--allow-fs-write=${path}`);
  return ['--permission', '--allow-addons', '--allow-fs-read=*', ...writes, ...(nvidia ? ['--allow-child-process'] : [])];
}

/** Starts `child.ts` (or the compiled `child.js`) as a process of its own, which may write in `cacheDir` alone. It dies with this process and leaves Ctrl-C to it. */
export function startChild(cacheDir: string | undefined): ChildProcess {
  const source = new URL('./child.ts', import.meta.url);
  const compiled = new URL('./child.js', import.meta.url);
  const file = existsSync(compiled) ? compiled : source;
  // The loader of TypeScript needs threads and a cache of its own.
  const start = file === source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : permissions(cacheDir);
  // Little of the child's memory is JavaScript's: a small nursery keeps it so.
  const execArgv = [...start, '--max-old-space-size=4096', '--max-semi-space-size=2'];
  // glibc keeps freed blocks below its threshold, which grows up to 32 MB: weights of a closed graph would stay. Read at start; no other library heeds it.
  const env = { MALLOC_MMAP_THRESHOLD_: String(8 << 20), ...process.env };
  return fork(fileURLToPath(file), [], { serialization: 'advanced', env, execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}
