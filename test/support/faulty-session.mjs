/**
 * Loaded before the local runner's child (NODE_OPTIONS=--import=…): its sessions fail as devices do.
 *   SESSION_MOST    elements of the first input beyond which a run fails as on a device whose memory ran out
 *   SESSION_ERROR   the message, as onnxruntime words it
 *   SESSION_ABORTS  a file with how many runs are left until the process aborts; it is counted down, also over restarts
 *   SESSION_OPENS   how many sessions may be opened before opening fails with the message
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { SESSION_MOST, SESSION_ERROR, SESSION_ABORTS, SESSION_OPENS, SESSION_ROOT } = process.env;
if (process.send && SESSION_ROOT) {
  const { InferenceSession } = createRequire(SESSION_ROOT)('onnxruntime-node');
  const create = InferenceSession.create.bind(InferenceSession);
  let opened = 0;
  InferenceSession.create = async (...args) => {
    if (SESSION_OPENS !== undefined && opened++ >= Number(SESSION_OPENS)) throw new Error(SESSION_ERROR);
    const session = await create(...args);
    const run = session.run.bind(session);
    session.run = async (feeds, ...more) => {
      if (SESSION_ABORTS && existsSync(SESSION_ABORTS)) {
        const left = Number(readFileSync(SESSION_ABORTS, 'utf8')) - 1;
        writeFileSync(SESSION_ABORTS, String(left));
        if (left === 0) process.abort();
      }
      const [first] = Object.values(feeds);
      if (SESSION_MOST !== undefined && first.size > Number(SESSION_MOST)) throw new Error(SESSION_ERROR);
      return run(feeds, ...more);
    };
    return session;
  };
}
