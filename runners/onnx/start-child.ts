import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Starts `child.ts` (or the compiled `child.js`) as a process of its own. It dies with this process and leaves Ctrl-C to it. */
export function startChild(): ChildProcess {
  const source = new URL('./child.ts', import.meta.url);
  const compiled = new URL('./child.js', import.meta.url);
  const file = existsSync(compiled) ? compiled : source;
  const loader = file === source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  // Little of the child's memory is JavaScript's: a small nursery keeps it so.
  const execArgv = [...loader, '--max-old-space-size=4096', '--max-semi-space-size=2'];
  return fork(fileURLToPath(file), [], { serialization: 'advanced', execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}
