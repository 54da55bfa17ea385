/** Chat templates come with models from strangers: they run in an interpreter with no way out, with a bound on steps and on text made. */
import * as library from '@huggingface/jinja';
import { UserError } from '../types.ts';

interface Value {
  readonly type: string;
  readonly value: unknown;
  toString: () => string;
}
interface Environment {
  set(name: string, value: unknown): unknown;
}
interface Interpreter {
  run(program: unknown): Value;
  evaluate(node: unknown, environment: Environment): Value;
}
/** Its type declarations are out of reach of Node's module resolution. */
const jinja = library as unknown as {
  readonly Environment: new () => Environment;
  readonly Interpreter: new (environment: Environment) => Interpreter;
  readonly tokenize: (source: string, options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean }) => unknown;
  readonly parse: (tokens: unknown) => unknown;
};

const longestSource = 1 << 20;
/** A conversation of a hundred turns takes some 10,000. */
const mostSteps = 200_000;
const longestRange = 100_000;
/** Characters of all strings that evaluation makes, counted again each time one passes through. */
const mostCharacters = 200_000_000;

const printTrue = (): string => 'True';
const printFalse = (): string => 'False';

/** The template itself refused the conversation (`raise_exception`), or asked for more than the bounds allow. */
export class TemplateRefusal extends Error {
  override readonly name = 'TemplateRefusal';
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.ceil((to - from) / step);
  if (!Number.isFinite(count)) throw new TemplateRefusal('range() wants whole numbers and a step');
  if (count > longestRange) throw new TemplateRefusal(`range() of ${count} items`);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => from + i * step);
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(' ');
const two = (value: number): string => String(value).padStart(2, '0');

/** Python's strftime in the C locale, for the directives that templates use; others stay as they are. UTC. */
export function strftime(date: Date, format: string): string {
  const day = days[date.getUTCDay()] ?? '';
  const month = months[date.getUTCMonth()] ?? '';
  const values: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()),
    y: two(date.getUTCFullYear() % 100),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    b: month.slice(0, 3),
    B: month,
    a: day.slice(0, 3),
    A: day,
    H: two(date.getUTCHours()),
    I: two(date.getUTCHours() % 12 || 12),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    p: date.getUTCHours() < 12 ? 'AM' : 'PM',
    '%': '%',
  };
  return format.replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
}

/** Parses a template as transformers does (trim_blocks, lstrip_blocks). UserError when it is no template. */
export function parseTemplate(source: string): unknown {
  if (source.length > longestSource) {
    throw new UserError(
      `the chat template has ${source.length} characters (at most ${longestSource} are read)`,
      'use the model’s own template',
    );
  }
  try {
    return jinja.parse(jinja.tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new UserError(`the chat template cannot be read: ${(error as Error).message}`, 'use the model’s own template');
  }
}

/** Renders a parsed template. Throws TemplateRefusal when it refuses or runs out of bounds, UserError when it fails. */
export function renderTemplate(program: unknown, variables: Readonly<Record<string, unknown>>, now: Date): string {
  const environment = new jinja.Environment();
  const globals = {
    ...{ true: true, false: false, none: null, True: true, False: false, None: null },
    range,
    strftime_now: (format: string) => strftime(now, format),
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message));
    },
  };
  for (const [name, value] of Object.entries({ ...globals, ...variables })) environment.set(name, value);
  const interpreter = new jinja.Interpreter(environment);
  const evaluate = interpreter.evaluate.bind(interpreter);
  let steps = 0;
  let characters = 0;
  interpreter.evaluate = (node, scope) => {
    const value = evaluate(node, scope);
    steps += 1;
    if (typeof value.value === 'string') characters += value.value.length;
    // The library prints booleans as JavaScript does; Jinja prints them as Python does.
    if (value.type === 'BooleanValue') value.toString = value.value ? printTrue : printFalse;
    if (steps > mostSteps || characters > mostCharacters) throw new TemplateRefusal('it runs without end');
    return value;
  };
  try {
    return String(interpreter.run(program).value);
  } catch (error) {
    if (error instanceof TemplateRefusal) throw error;
    throw new UserError(`the chat template fails: ${(error as Error).message}`, 'use the model’s own template, or raw prompts');
  }
}
