/** Work of many equal parts, shared among processes. A module makes the function that does a part; where there is little to do it is called here. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { hashOf } from './kit/random.ts';
import { UserError } from './types.ts';

/** A part is about something; parts about the same are done by the same process, which may have kept what it read. */
export interface About {
  readonly about: string;
}
/** The default export of a module of work: prepares once, then does one part a call. Parts and what is made of them are cloned between processes. */
export type Prepare<Given, Part, Made> = (given: Given) => Promise<(part: Part) => Promise<Made>>;

/** What is told to a child: the module and what it prepares with, then parts; and its answers. */
export type ToChild = { readonly module: string; readonly given: unknown } | { readonly part: unknown };
export type FromChild = { readonly made: unknown } | { readonly failed: Failed };

/** An error as it crosses to another process. */
export interface Failed {
  readonly user: boolean;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}
export function failedOf(error: unknown): Failed {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { user: error instanceof UserError, message, fields: { ...(error as object) }, stack };
}
function errorOf({ user, message, fields, stack }: Failed): Error {
  if (user) return new UserError(message, fields.hint as string | undefined, fields.exit as 2 | 3);
  return Object.assign(new Error(message), fields, { stack });
}

export interface SharedWork<Part extends About, Made> extends Disposable {
  /** What is made of the parts, in any order. Throws the first error of a part, or that a process died. */
  each(parts: readonly Part[]): AsyncGenerator<Made>;
}

/** Below as many parts a process takes longer to start than it saves. */
const fewest = 100;
const mostProcesses = 4;

/** `module`: URL of the module of work; `parts`: about how many there will be. */
export async function shareWork<Given, Part extends About, Made>(
  module: string,
  given: Given,
  parts: number,
): Promise<SharedWork<Part, Made>> {
  const processes = parts < fewest ? 1 : Math.min(availableParallelism(), mostProcesses);
  if (processes > 1) return inChildren(module, given, processes);
  const { default: prepare } = (await import(module)) as { default: Prepare<Given, Part, Made> };
  const make = await prepare(given);
  return {
    async *each(all) {
      for (const part of all) yield await make(part);
    },
    [Symbol.dispose]() {},
  };
}

function inChildren<Part extends About, Made>(module: string, given: unknown, processes: number): SharedWork<Part, Made> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = fileURLToPath(new URL(`./work-child.${extension}`, import.meta.url));
  const execArgv = extension === 'ts' ? ['--import', import.meta.resolve('tsx')] : [];
  const children = Array.from({ length: processes }, () => {
    const child = fork(file, { serialization: 'advanced', execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.send({ module, given } satisfies ToChild);
    return child;
  });
  return {
    each: (parts) => among(children, parts),
    [Symbol.dispose]() {
      for (const child of children) child.kill();
    },
  };
}

/** Hands each child two of its parts (the same child for the same thing), and another for each that it brings back. */
async function* among<Part extends About, Made>(children: readonly ChildProcess[], parts: readonly Part[]): AsyncGenerator<Made> {
  const made: Made[] = [];
  let wake = () => {};
  let failure: Error | null = null;
  const stopped = (why: Error) => {
    failure ??= why;
    wake();
  };
  const hands = children.map((child, i) => {
    const own = parts.filter(({ about }) => hashOf(about) % children.length === i).values();
    const give = () => {
      const { value: part, done } = own.next();
      if (!done) child.send({ part } satisfies ToChild);
    };
    const message = (told: FromChild) => {
      if ('failed' in told) return stopped(errorOf(told.failed));
      made.push(told.made as Made);
      give();
      wake();
    };
    const exit = (code: number | null, signal: string | null) => stopped(new Error(`a process ended before its work: ${signal ?? code}`));
    child.on('message', message).on('exit', exit).on('error', stopped);
    give();
    give();
    return () => void child.off('message', message).off('exit', exit).off('error', stopped);
  });
  try {
    for (let taken = 0; taken < parts.length; taken++) {
      while (made.length === 0 && failure === null)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (failure !== null) throw failure;
      yield made.shift() as Made;
    }
  } finally {
    for (const off of hands) off();
  }
}
