/** How a runner's own child process ends, for every runner that keeps one. */

/** As much of a child process as it takes. */
interface Child {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly connected: boolean;
  once(event: 'exit', listener: () => void): unknown;
  disconnect(): void;
  kill(signal: 'SIGKILL'): boolean;
}

/** Lets a child go by itself, and kills it where that takes more than two seconds. */
export async function endChild(child: Child | null): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.connected) child.disconnect();
  const impatient = setTimeout(() => child.kill('SIGKILL'), 2000);
  await gone;
  clearTimeout(impatient);
}

/** How it ended, with the last line it wrote to stderr. */
export function howEnded(code: number | null, signal: string | null, stderr: string): string {
  const last = stderr.trim().split('\n').at(-1);
  return `${signal ? `killed by ${signal}` : `exit code ${code}`}${last ? `: ${last.slice(0, 300)}` : ''}`;
}
