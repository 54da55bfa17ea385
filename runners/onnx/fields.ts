/** Reading numbers and flags out of config.json or GGUF metadata, where every field may be missing, null or misspelt. */
import { UserError } from '../../src/types.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The first of `keys` that is a number. UserError where one is there but no finite number, so that no default takes its place in silence. */
export function numberIn(fields: Fields, ...keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value === 'number' || typeof value === 'string') throw odd(key, value, 'a number');
  }
  return undefined;
}

const odd = (key: string, value: unknown, expected: string): UserError =>
  new UserError(
    `the model's configuration has ${key} = ${typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value)}; expected ${expected}`,
    'take the configuration as the model was published',
  );

/** The first of `keys` that is a number; UserError naming the first key when there is none. */
export function requiredNumber(fields: Fields, ...keys: readonly string[]): number {
  const value = numberIn(fields, ...keys);
  if (value === undefined)
    throw new UserError(`the model's configuration has no number “${keys[0]}”`, 'take config.json as the model was published');
  return value;
}

export function textIn(fields: Fields, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

export function flagIn(fields: Fields, key: string): boolean | undefined {
  const value = fields[key];
  if (typeof value === 'string') throw odd(key, value, 'true or false');
  return typeof value === 'boolean' ? value : undefined;
}

export function listIn(fields: Fields, key: string): readonly unknown[] | undefined {
  const value = fields[key];
  return Array.isArray(value) ? value : undefined;
}

/** A list of finite numbers. */
export function numbersIn(fields: Fields, key: string): readonly number[] | undefined {
  const list = listIn(fields, key);
  if (list?.some((each) => typeof each !== 'number' || !Number.isFinite(each))) throw odd(key, list.slice(0, 3), 'a list of numbers');
  return list as readonly number[] | undefined;
}

export function fieldsIn(fields: Fields, key: string): Fields | undefined {
  const value = fields[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
