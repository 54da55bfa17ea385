import { createContext, Script } from 'node:vm';
import { UserError } from '../../src/types.ts';
import { gpt2Pattern } from './pretokenizers.ts';

/** A script's time limit also ends a regular expression that backtracks, which nothing else in Node does. */
const place = createContext({ work: null });
const script = new Script('work()');

/** Does work that must end in time; `late` names the trouble. */
export function withinTime<T>(work: () => T, ms: number, late: () => UserError): T {
  place.work = work;
  try {
    return script.runInContext(place, { timeout: ms }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw late();
    throw error;
  }
}

/** Every regular expression in a tokenizer's parts. */
function patternsIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'Regex' && typeof inner === 'string' ? [inner] : patternsIn(inner)));
}

/**
 * How to run a tokenizer's regular expressions: as they are where all are of publishers known here, else with a time limit, as a file from a stranger
 * may hold one that never ends (two seconds, and one more for every 50,000 characters).
 */
export function limited(parts: readonly unknown[], known: ReadonlySet<string>): <T>(work: () => T, length: number) => T {
  if (parts.flatMap(patternsIn).every((pattern) => pattern === gpt2Pattern || known.has(pattern))) return (work) => work();
  return (work, length) =>
    withinTime(
      work,
      2000 + Math.ceil(length / 50),
      () =>
        new UserError(
          `the tokenizer's patterns take too long on a text of ${length} characters`,
          'use the model’s own tokenizer, or a GGUF of the model',
        ),
    );
}
