import { execFileSync } from 'node:child_process';

/** Tests call the compiled command line: it is compiled once before them. */
export default function build(): void {
  if (process.env.PLUMBLINE_NO_BUILD) return;
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], { stdio: 'inherit' });
}
