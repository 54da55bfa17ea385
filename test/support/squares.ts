/** A module of work for the test of shared work. */
import type { Prepare } from '../../src/shared-work.ts';
import { UserError } from '../../src/types.ts';

export interface Part {
  readonly about: string;
  readonly of: number;
}
export interface Square {
  readonly of: number;
  readonly made: number;
  /** The process that made it. */
  readonly by: number;
}

const prepare: Prepare<{ readonly power: number }, Part, Square> = async ({ power }) => {
  return async ({ of }) => {
    if (of === -1) throw new UserError('no number', 'give another', 3);
    if (of === -2) process.exit(7);
    if (of === -3) throw Object.assign(new Error('disk'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    return { of, made: of ** power, by: process.pid };
  };
};

export default prepare;
