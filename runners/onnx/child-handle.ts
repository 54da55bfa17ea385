import type { ChildProcess } from 'node:child_process';
import { endChild, howEnded } from '../../src/kit/child-end.ts';
import { type Request, type Response, UserError } from '../../src/types.ts';
import { afterDeath, type Group } from './blame.ts';
import { type About, errorIn, type FromChild, type Opening, type Question, type Replies, type ToChild } from './ipc.ts';
import { startChild } from './start-child.ts';

/** Deaths in a row without one answer after which the runner gives up. */
const patience = 3;

export interface Ears {
  readonly say: (message: string) => void;
  readonly progress?: ((what: string, done: number, total: number) => void) | undefined;
}

type Listener = (event: FromChild | { readonly kind: 'died'; readonly how: string; readonly killed: boolean }) => void;

/** One child process with one open model: starts it, restarts it when it dies or hangs, asks again what went unanswered. */
export class ChildHandle implements AsyncDisposable {
  #process: ChildProcess | null = null;
  #opening: Opening;
  readonly #ears: Ears;
  readonly #listeners = new Set<Listener>();
  #about: About | null = null;
  #counter = 0;
  #closed = false;
  #killedBecause: string | null = null;
  #stderr = '';

  private constructor(opening: Opening, ears: Ears) {
    this.#opening = opening;
    this.#ears = ears;
  }

  /** Opens the model in a fresh child. UserError for what a user can repair. */
  static async open(opening: Opening, ears: Ears): Promise<ChildHandle> {
    const handle = new ChildHandle(opening, ears);
    try {
      await handle.#ready();
    } catch (error) {
      await handle[Symbol.asyncDispose]();
      throw error;
    }
    return handle;
  }

  /** Whether the device can be used, tried in a child of its own: null, or why not. */
  static async probe(device: string, ears: Ears): Promise<string | null> {
    const handle = new ChildHandle({} as Opening, ears);
    try {
      return await handle.#exchange<string | null>({ kind: 'probe', device }, (event, settle) => {
        if (event.kind === 'reply') settle.resolve(event.value as string | null);
        if (event.kind === 'died') settle.resolve(`the process that tried it ended (${event.how})`);
        if (event.kind === 'broken' || event.kind === 'refused') settle.resolve(event.message);
      });
    } finally {
      await handle[Symbol.asyncDispose]();
    }
  }

  get about(): About {
    if (!this.#about) throw new Error('the model is not open');
    return this.#about;
  }

  /** The child's process id; undefined between two children. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Asks one question; asked again once when the child dies over it. */
  async question<Q extends Question>(question: Q): Promise<Replies[Q['ask']]> {
    for (let deaths = 0; ; deaths++) {
      await this.#ready();
      const id = ++this.#counter;
      const reply = await this.#exchange<{ value: unknown } | { died: string }>({ kind: 'question', id, question }, (event, settle) => {
        if (event.kind === 'died') settle.resolve({ died: event.how });
        if (event.kind === 'reply' && event.id === id) settle.resolve({ value: event.value });
        const error = 'id' in event && event.id === id ? errorIn(event) : null;
        if (error) settle.reject(error);
      });
      if ('value' in reply) return reply.value as Replies[Q['ask']];
      if (deaths >= 1)
        throw new UserError(`the local runner's process ended twice (${reply.died}) over one question`, 'see `plumbline doctor`', 3);
    }
  }

  /** Answers requests given with their indices, in any order; ends early when the signal aborts. */
  async *answer(requests: ReadonlyMap<number, Request>, signal: AbortSignal): AsyncGenerator<readonly [number, Response]> {
    const open = new Set(requests.keys());
    const groups: Group[] = [{ indices: [...open], deaths: 0 }];
    let fruitless = 0;
    for (let group = groups.shift(); group && !signal.aborted; group = groups.shift()) {
      await this.#ready();
      const asked = group;
      const wanted = new Set(asked.indices);
      const asking = this.#ask(new Map([...requests].filter(([index]) => wanted.has(index))), signal);
      let death: Death | null = null;
      for await (const event of asking) {
        if ('how' in event) death = event;
        else
          for (const [index, response] of event) {
            if (!open.delete(index)) continue;
            fruitless = 0;
            yield [index, response];
          }
      }
      if (!death) continue;
      const left = { indices: asked.indices.filter((index) => open.has(index)), deaths: asked.deaths };
      const { next, culprit } = afterDeath(
        left,
        death.busy.filter((index) => open.has(index)),
      );
      groups.unshift(...next);
      if (culprit !== null) {
        open.delete(culprit);
        yield [culprit, { ok: false, error: `the local runner's process ended each time it worked on this (${death.how})` }];
      } else if (++fruitless > patience && death.busy.length === 0)
        throw new UserError(
          `the local runner's process ended ${fruitless} times in a row (${death.how})`,
          'see `plumbline doctor`; `--device cpu` or `--batch-size 1` may help',
          3,
        );
    }
  }

  /** One batch: yields answers as they come, and at last how the child died, if it did. */
  async *#ask(
    requests: ReadonlyMap<number, Request>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly (readonly [number, Response])[] | Death> {
    const batch = ++this.#counter;
    const queue: FromQueue[] = [];
    let wake = () => {};
    let busy: readonly number[] = [];
    const push = (event: FromQueue) => {
      queue.push(event);
      wake();
    };
    const watch = this.#watchdog();
    const listener: Listener = (event) => {
      watch.touch();
      if (event.kind === 'busy' && event.batch === batch) busy = event.indices;
      if (event.kind === 'answer' && event.batch === batch) push(event.answers);
      if (event.kind === 'done' && event.batch === batch) push('done');
      const error = 'id' in event && event.id !== undefined ? null : errorIn(event);
      if (error) push(error);
      if (event.kind === 'died') push({ how: event.how, busy });
    };
    const cancel = () => {
      this.#send({ kind: 'cancel', batch });
      push('done');
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      this.#send({ kind: 'ask', batch, requests: [...requests] });
      for (;;) {
        const event = queue.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (event === 'done') return;
        if (event instanceof Error) throw event;
        yield event;
        if ('how' in event) return;
      }
    } finally {
      watch.stop();
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', cancel);
      if (queue.at(-1) !== 'done') this.#send({ kind: 'cancel', batch });
    }
  }

  /** Kills the child when it says nothing for too long while it has work. */
  #watchdog(): { touch: () => void; stop: () => void } {
    const seconds = Number(this.#opening.settings.timeout ?? 900);
    let timer: NodeJS.Timeout | undefined;
    const touch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.#killedBecause = `hung: no sign of life for ${seconds} s`;
        this.#process?.kill('SIGKILL');
      }, seconds * 1000);
    };
    touch();
    return { touch, stop: () => clearTimeout(timer) };
  }

  /** Makes sure a child with the open model is there. */
  async #ready(): Promise<void> {
    if (this.#process && this.#about) return;
    this.#about = await this.#exchange<About>({ kind: 'open', opening: this.#opening }, (event, settle) => {
      if (event.kind === 'opened') settle.resolve(event.about);
      const error = errorIn(event);
      if (error) settle.reject(error);
      if (event.kind === 'died')
        settle.reject(
          new UserError(
            `the local runner's process ended while opening the model (${event.how})`,
            'see `plumbline doctor`; less memory is needed with `--weights fast`',
            3,
          ),
        );
    });
  }

  #exchange<T>(message: ToChild, hear: (event: Parameters<Listener>[0], settle: Settle<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle: Settle<T> = {
        resolve: (value) => {
          this.#listeners.delete(listener);
          resolve(value);
        },
        reject: (error) => {
          this.#listeners.delete(listener);
          reject(error);
        },
      };
      const listener: Listener = (event) => hear(event, settle);
      this.#listeners.add(listener);
      this.#send(message);
    });
  }

  #send(message: ToChild): void {
    if (this.#closed) return;
    if (!this.#process) {
      if (message.kind === 'cancel') return;
      this.#process = this.#started();
    }
    // A child that has just died cannot be told; its exit is heard soon.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #started(): ChildProcess {
    const child = startChild(this.#opening.cacheDir);
    this.#stderr = '';
    child.stderr?.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString('utf8')).slice(-4000);
    });
    child.on('message', (event: FromChild) => this.#hear(event));
    child.on('error', () => {});
    child.on('exit', (code, signal) => {
      if (this.#process !== child) return;
      this.#process = null;
      this.#about = null;
      if (!this.#closed) this.#died(code, signal);
    });
    return child;
  }

  #hear(event: FromChild): void {
    if (event.kind === 'say') this.#ears.say(event.message);
    if (event.kind === 'progress') this.#ears.progress?.(event.what, event.done, event.total);
    for (const listener of [...this.#listeners]) listener(event);
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    const memory = signal === 'SIGKILL' && !this.#killedBecause;
    const how = this.#killedBecause ?? howEnded(code, signal, this.#stderr);
    this.#killedBecause = null;
    const opened = this.#opening.target !== undefined && this.#listeners.size > 0;
    if (memory && opened) this.#opening = { ...this.#opening, shrink: Math.min(64, this.#opening.shrink * 2) };
    if (opened)
      this.#ears.say(
        `the local runner's process ended (${how})${memory ? '; perhaps memory ran out: smaller batches from here on' : ''}; it is started again`,
      );
    for (const listener of [...this.#listeners]) listener({ kind: 'died', how, killed: memory });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const child = this.#process;
    this.#process = null;
    await endChild(child);
  }
}

interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}
interface Death {
  readonly how: string;
  readonly busy: readonly number[];
}
type FromQueue = readonly (readonly [number, Response])[] | Death | Error | 'done';
