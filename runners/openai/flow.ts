import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from '../../src/types.ts';

/**
 * How many requests are under way: doubles while answers come, until the server first says it is too much (429, 503, or a quarter of a round dropped);
 * then halves at each such sign, at most once per round of requests, and grows by one a round. A Retry-After holds all of them back.
 */
export class Flow {
  readonly #most: number;
  #width: number;
  #good = 0;
  #dropped = 0;
  /** Answers still to come from before the last halving: they say nothing new. */
  #stale = 0;
  #calm = true;
  #running = 0;
  #until = 0;
  #wake: () => void = () => {};
  #narrowest: number;
  #widest: number;

  constructor(most: number) {
    this.#most = most;
    this.#width = Math.min(8, most);
    this.#narrowest = this.#width;
    this.#widest = this.#width;
  }

  get facts(): { readonly [key: string]: number } {
    return { concurrency: this.#width, 'widest concurrency': this.#widest, 'narrowest concurrency': this.#narrowest };
  }

  get free(): boolean {
    return this.#running < this.#width;
  }

  enter(): void {
    this.#running++;
  }

  leave(): void {
    this.#running--;
    this.#wake();
  }

  /** Who is told when there is room again. */
  onRoom(wake: () => void): void {
    this.#wake = wake;
  }

  /** Makes room for others while one waits to be asked again. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    this.leave();
    await sleep(ms, undefined, { signal }).catch(() => {});
    this.enter();
  }

  get paused(): boolean {
    return this.#until > Date.now();
  }

  /** Waits while the server has asked to be left alone. */
  async pause(signal: AbortSignal): Promise<void> {
    for (let left = this.#until - Date.now(); left > 0 && !signal.aborted; left = this.#until - Date.now())
      await sleep(left, undefined, { signal }).catch(() => {});
  }

  seen(status: number | 'network', waitMs: number | null): void {
    if (this.#stale > 0) this.#stale--;
    const tooMuch = status === 429 || status === 503;
    if (tooMuch && waitMs !== null) this.#until = Math.max(this.#until, Date.now() + Math.min(waitMs, 60_000));
    if (status === 'network') this.#dropped++;
    if (tooMuch || this.#dropped > Math.max(2, this.#width / 4)) {
      this.#dropped = 0;
      this.#calm = false;
      this.#good = 0;
      if (this.#stale > 0) return;
      this.#stale = this.#running;
      this.#width = Math.max(1, Math.floor(this.#width / 2));
      this.#narrowest = Math.min(this.#narrowest, this.#width);
    } else if (typeof status === 'number' && status < 400 && ++this.#good >= this.#width) {
      this.#good = 0;
      this.#dropped = 0;
      this.#width = Math.min(this.#most, this.#calm ? this.#width * 2 : this.#width + 1);
      this.#widest = Math.max(this.#widest, this.#width);
    }
  }
}

/** Answers requests as they come, as many at a time as the flow allows. Once `closed`, those under way end and no other is begun. */
export async function* inParallel(
  requests: readonly Request[],
  one: (request: Request) => Promise<Response | null>,
  { flow, closed }: { readonly flow: Flow; readonly closed: () => boolean },
): AsyncGenerator<readonly [number, Response]> {
  const ready: (readonly [number, Response])[] = [];
  const state: { running: number; failed: unknown; wake: () => void } = { running: 0, failed: null, wake: () => {} };
  const start = async (index: number, request: Request) => {
    state.running++;
    flow.enter();
    try {
      const response = await one(request);
      if (response) ready.push([index, response]);
    } catch (error) {
      state.failed ??= error;
    }
    flow.leave();
    state.running--;
    state.wake();
  };
  flow.onRoom(() => state.wake());
  for (let next = 0; next < requests.length || state.running > 0 || ready.length > 0; ) {
    while (next < requests.length && flow.free && !closed()) void start(next, requests[next++] as Request);
    if (closed()) next = requests.length;
    if (state.failed !== null) throw state.failed;
    const answers = ready.splice(0);
    yield* answers;
    if (answers.length === 0 && state.running > 0)
      await new Promise<void>((done) => {
        state.wake = done;
      });
  }
}
