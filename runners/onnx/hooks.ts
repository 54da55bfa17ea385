import type { Request } from '../../src/types.ts';
import type { Meter } from './cost.ts';

export interface AnswerHooks {
  readonly system: string | undefined;
  readonly meter: Meter;
  readonly say: (message: string) => void;
  readonly stopped: () => boolean;
  /** About to block on these requests. */
  readonly busy: (requests: readonly number[]) => void;
}
export type Asked = readonly [index: number, request: Request];
