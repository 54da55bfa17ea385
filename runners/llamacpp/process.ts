import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endChild, howEnded } from '../../src/kit/child-end.ts';
import { type Prompt, type Request, type Response, UserError } from '../../src/types.ts';
import type { About, FromChild, Opening, ToChild } from './ipc.ts';

interface Died {
  readonly kind: 'died';
  readonly how: string;
}

/** The child process with one open model: started again when it ends, what went unanswered is asked again. */
export class EngineProcess implements AsyncDisposable {
  readonly #opening: Opening;
  readonly #say: (message: string) => void;
  readonly #timeoutMs: number;
  #process: ChildProcess | null = null;
  #about: About | null = null;
  #counter = 0;
  #stderr = '';

  private constructor(opening: Opening, timeoutMs: number, say: (message: string) => void) {
    this.#opening = opening;
    this.#timeoutMs = timeoutMs;
    this.#say = say;
  }

  static async open(opening: Opening, timeoutMs: number, say: (message: string) => void): Promise<EngineProcess> {
    const made = new EngineProcess(opening, timeoutMs, say);
    try {
      await made.#ready();
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
    return made;
  }

  get about(): About {
    if (!this.#about) throw new Error('the model is not open');
    return this.#about;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async show(prompt: Prompt): Promise<{ readonly text: string; readonly ids: readonly number[] }> {
    await this.#ready();
    const id = ++this.#counter;
    for await (const event of this.#events({ kind: 'show', id, prompt })) if (event.kind === 'shown' && event.id === id) return event;
    throw new UserError("llama.cpp's process ended over one question", 'see `plumbline doctor`', 3);
  }

  async *answer(requests: readonly Request[], signal: AbortSignal): AsyncGenerator<readonly [number, Response]> {
    const open = new Map(requests.entries());
    let suspect: number | null = null;
    while (open.size > 0 && !signal.aborted) {
      await this.#ready();
      const batch = ++this.#counter;
      const cancel = () => this.#process?.connected && this.#process.send({ kind: 'cancel', batch } satisfies ToChild, () => {});
      signal.addEventListener('abort', cancel, { once: true });
      let death: Died | null = null;
      let some = false;
      try {
        for await (const event of this.#events({ kind: 'ask', batch, requests: [...open] })) {
          if (event.kind === 'died') death = event;
          if (event.kind === 'done' && event.batch === batch) break;
          if (event.kind !== 'answer' || event.batch !== batch || !open.delete(event.index)) continue;
          some = true;
          yield [event.index, event.response];
        }
      } finally {
        signal.removeEventListener('abort', cancel);
        cancel();
      }
      if (!death) return;
      // Scores come first and in order: the first open one is what it died over.
      const first = [...open].find(([, { want }]) => want.kind !== 'text')?.[0] ?? [...open.keys()][0] ?? 0;
      if (suspect === first && !some) {
        open.delete(first);
        yield [first, { ok: false, error: `llama.cpp's process ended each time it worked on this (${death.how})` }];
      }
      suspect = first;
      if (open.size > 0) this.#say(`llama.cpp's process ended (${death.how}); it is started again`);
    }
  }

  /** Sends a message and hands out what comes back, until the consumer stops, the child says it failed, or it ends. */
  async *#events(message: ToChild): AsyncGenerator<FromChild | Died> {
    const child = this.#process ?? this.#start();
    const queue: (FromChild | Died)[] = [];
    let wake = () => {};
    let hung = false;
    const push = (event: FromChild | Died) => {
      queue.push(event);
      timer.refresh();
      wake();
    };
    const timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, this.#timeoutMs);
    const died = (code: number | null, by: NodeJS.Signals | null) => {
      push({ kind: 'died', how: hung ? `hung: no sign of life for ${this.#timeoutMs / 1000} s` : howEnded(code, by, this.#stderr) });
    };
    child.on('message', push);
    child.once('exit', died);
    try {
      child.send(message, () => {});
      for (;;) {
        const event = queue.shift();
        if (!event) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        if (event.kind === 'failed') throw errorOf(event);
        yield event;
        if (event.kind === 'died') return;
      }
    } finally {
      clearTimeout(timer);
      child.off('message', push);
      child.off('exit', died);
    }
  }

  async #ready(): Promise<void> {
    if (this.#process && this.#about) return;
    for await (const event of this.#events({ kind: 'open', opening: this.#opening })) {
      if (event.kind === 'died')
        throw new UserError(
          `llama.cpp's process ended while opening the model (${event.how})`,
          'is there enough memory? --set context=1024 needs less',
          3,
        );
      if (event.kind !== 'opened') continue;
      this.#about = event.about;
      return;
    }
  }

  #start(): ChildProcess {
    const source = new URL('./child.ts', import.meta.url);
    const compiled = new URL('./child.js', import.meta.url);
    const file = existsSync(compiled) ? compiled : source;
    const execArgv = file === source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
    const child = fork(fileURLToPath(file), [], { serialization: 'advanced', execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#stderr = '';
    child.stderr?.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString('utf8')).slice(-4000);
    });
    child.on('error', () => {});
    child.once('exit', () => {
      if (this.#process !== child) return;
      this.#process = null;
      this.#about = null;
    });
    this.#process = child;
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    this.#process = null;
    await endChild(child);
  }
}

function errorOf({ message, hint, stack }: Extract<FromChild, { kind: 'failed' }>): Error {
  if (hint !== null) return new UserError(message, hint === '' ? undefined : hint);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
