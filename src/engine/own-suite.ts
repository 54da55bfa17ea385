import type { Suite } from '../types.ts';
import { attackSet, isAttack } from './attack-set.ts';
import { ownRows } from './own-rows.ts';
import { questionSet } from './question-set.ts';

/** The suite of a user's own file: recorded attacks where its first row has a goal and a prompt, else questions. */
export async function ownSuite(path: string): Promise<Suite> {
  for await (const [, fields] of ownRows(path)) return isAttack(fields) ? attackSet(path) : questionSet(path);
  return questionSet(path);
}
