/** Loaded before the local runner's child (NODE_OPTIONS=--import=…): tries what no model should make it do, and tells in the cache what it could. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const { TRIES_OUTSIDE, TRIES_TOLD } = process.env;
const could = (what) => {
  try {
    what();
    return true;
  } catch (error) {
    return error.code;
  }
};
if (process.send && TRIES_TOLD) {
  const tried = {
    write: could(() => writeFileSync(TRIES_OUTSIDE, 'x')),
    spawn: could(() => execFileSync(process.execPath, ['--version'])),
    thread: could(() => new Worker('', { eval: true }).terminate()),
  };
  writeFileSync(TRIES_TOLD, JSON.stringify(tried));
}
