import type { Request, Response } from '../../src/types.ts';

/** Something that answers a part of the requests: a child. */
export interface Answerer {
  answer(requests: ReadonlyMap<number, Request>, signal: AbortSignal): AsyncIterable<readonly [number, Response]>;
}

/** Deals the requests out in neighbouring parts (neighbours share prefixes), a part at a time to whoever is free. Yields answers as they come. */
export async function* shareOut(
  answerers: readonly Answerer[],
  requests: ReadonlyMap<number, Request>,
  signal: AbortSignal,
): AsyncGenerator<readonly [number, Response]> {
  const all = [...requests];
  const size = Math.max(1, Math.ceil(all.length / (answerers.length * 8)));
  const parts = Array.from({ length: Math.ceil(all.length / size) }, (_, i) => new Map(all.slice(i * size, (i + 1) * size)));
  const answers: (readonly [number, Response])[] = [];
  let wake = () => {};
  let failure: unknown;
  let working = answerers.length;
  const work = async (answerer: Answerer): Promise<void> => {
    try {
      for (let part = parts.shift(); part && !signal.aborted && failure === undefined; part = parts.shift())
        for await (const answer of answerer.answer(part, signal)) {
          answers.push(answer);
          wake();
        }
    } catch (error) {
      failure ??= error;
    } finally {
      working--;
      wake();
    }
  };
  const workers = answerers.map(work);
  while (working > 0 || answers.length > 0) {
    const next = answers.shift();
    if (next) yield next;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (working === 0) resolve();
      });
  }
  await Promise.all(workers);
  if (failure !== undefined) throw failure;
}
