import type { KvCache } from './kv-cache.ts';
import type { Run } from './schedule.ts';
import { type Feeds, int64, type Session } from './session.ts';

const hidden = -3e38;

/**
 * Who sees whom in one run, as attention_bias [1,1,S,T]: every new token sees the past, its own ancestors and itself, as far as `window` reaches (null: all).
 * 0 where it sees, else a number that softmax turns into 0.
 */
export function biasOfRun(run: Run, window: number | null): Float32Array {
  const total = run.past + run.ids.length;
  const bias = new Float32Array(run.ids.length * total).fill(hidden);
  run.above.forEach((above, i) => {
    const at = i * total;
    if (above < 0) bias.fill(0, at, at + run.past);
    else bias.copyWithin(at, above * total, (above + 1) * total);
    bias[at + run.past + i] = 0;
    if (window === null) return;
    // A parent's row already hides what is out of its own reach: one more position goes out of sight at most, unless this row starts from the past.
    const place = run.positions[i] ?? 0;
    const last = place - window;
    if (last < 0) return;
    if (above < 0) bias.fill(hidden, at, at + Math.min(run.past, last + 1));
    else if (last < run.past) bias[at + last] = hidden;
    else for (let j = run.past; j < run.past + i; j++) if ((run.positions[j - run.past] ?? 0) <= last) bias[at + j] = hidden;
  });
  return bias;
}

/** The feeds of one run but the cache's. */
export function feedsOf(session: Session, run: Run, span: number): Feeds {
  const { ort, graph } = session;
  const [size, total] = [run.ids.length, run.past + run.ids.length];
  const feeds: Feeds = {};
  for (const { name } of graph.inputs) {
    if (name === 'input_ids') feeds[name] = int64(ort, run.ids, [1, size]);
    else if (name === 'position_ids') feeds[name] = int64(ort, run.positions, [1, size]);
    else if (name === 'span') feeds[name] = int64(ort, new Array(size).fill(span), [1, size]);
    else if (name === 'key_positions') feeds[name] = int64(ort, [...Array(run.past).keys(), ...run.positions], [1, total]);
    else if (name === 'seqlens_k') feeds[name] = new ort.Tensor('int32', Int32Array.of(total - 1), [1]);
    else if (name === 'total_sequence_length') feeds[name] = new ort.Tensor('int32', Int32Array.of(total), []);
    else if (name === 'pick') feeds[name] = int64(ort, picked(run.picks.map((pick) => pick.index)), [Math.max(1, run.picks.length)]);
    else if (name === 'target') feeds[name] = int64(ort, picked(run.picks.map((pick) => pick.target)), [Math.max(1, run.picks.length)]);
  }
  for (const { name, window } of graph.biases) feeds[name] = new ort.Tensor('float32', biasOfRun(run, window), [1, 1, size, total]);
  return feeds;
}

/** A run that reads nothing (a header) still picks one position: graphs want at least one. */
const picked = (values: readonly number[]): readonly number[] => (values.length > 0 ? values : [0]);

/** Makes one run and hands each slot its log-probability (natural). `cache`: one row, where the session's graph has caches. */
export async function scoreRun(
  session: Session,
  run: Run,
  cache: KvCache | null,
  options: { span: number; hand: (slot: number, value: number) => void },
): Promise<void> {
  const feeds = { ...feedsOf(session, run, options.span), ...(await cache?.past(0, 1)) };
  const out = await session.run(feeds, { ...(run.picks.length > 0 ? { logprob: null } : {}), ...(run.kept ? cache?.wanted : {}) });
  if (run.kept) cache?.keep(out, 0, [{ start: run.past, count: run.ids.length }]);
  const values = out.logprob?.data as Float32Array | undefined;
  run.picks.forEach((pick, i) => {
    for (const slot of pick.slots) options.hand(slot, values?.[i] ?? Number.NaN);
  });
}
