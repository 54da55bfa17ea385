import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './cli.ts';

/** Compiles a library of test/support that is loaded before libc into a folder; null, said aloud, where that cannot be. */
export function preloaded(name: string, folder: string, lacking: string): string | null {
  const library = join(folder, `${name}.so`);
  try {
    if (process.platform !== 'linux') throw new Error('not Linux');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, join(root, `test/support/${name}.c`), '-ldl'], { stdio: 'ignore' });
    return library;
  } catch {
    console.warn(`SKIPPED: no gcc on Linux here, so ${lacking}`);
    return null;
  }
}

export const faultyIo = (folder: string): string | null => preloaded('faulty-io', folder, 'broken disks and jumping clocks are not tried');

export interface Fault {
  /** Only files whose path holds this text. */
  readonly path: string;
  readonly call: 'write' | 'read' | 'rename' | 'fsync';
  /** An errno of Linux; 0: one byte only is written. */
  readonly error: number;
  /** Calls that still succeed, then calls that fail (default: all). */
  readonly after?: number;
  readonly times?: number;
}
export const errnos = { EIO: 5, EBUSY: 16, EXDEV: 18, ENOSPC: 28, ESTALE: 116, EDQUOT: 122 } as const;

/** The environment in which a process meets a fault. */
export function faultEnv(library: string, { path, call, error, after = 0, times }: Fault): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAULT_PATH: path,
    FAULT_CALL: call,
    FAULT_ERROR: String(error),
    FAULT_AFTER: String(after),
    ...(times !== undefined && { FAULT_TIMES: String(times) }),
  };
}
