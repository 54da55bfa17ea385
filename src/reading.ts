import type { Io } from './command.ts';
import { dataIn } from './data.ts';
import { cacheDirOf } from './settings.ts';
import { type Trusted, trustedHere } from './trusted.ts';
import type { Data } from './types.ts';

/** Whose code a run may name, for this user on this machine. */
export function trustedBy(io: Pick<Io, 'cwd' | 'env'>): Trusted {
  return trustedHere({ cacheDir: cacheDirOf(io.env), cwd: io.cwd, named: io.env.PLUMBLINE_TRUST_SUITES });
}

/** What is at hand here for reading a run: benchmarks' files, and which code it may name. */
export function readingHere(io: Pick<Io, 'cwd' | 'env'>): { readonly data: Data; readonly trusted: Trusted } {
  return { data: dataIn(cacheDirOf(io.env)), trusted: trustedBy(io) };
}
