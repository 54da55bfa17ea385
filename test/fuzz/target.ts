import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/types.ts';
import type { Form } from './mutate.ts';

/** A parser ready to be fed. */
export interface Parser {
  /** Right inputs, from which wrong ones are made. */
  readonly seeds: readonly Buffer[];
  /** Takes an input as the program takes it. What a user can repair is a UserError; anything else thrown is a find. `seed`: which one the input was made from. */
  readonly open: (input: Buffer, seed: number) => void | Promise<void>;
}

/** A parser under fire. */
export interface Target {
  readonly name: string;
  readonly form: Form;
  /** Words of the format, worth putting in anywhere. */
  readonly words?: readonly string[];
  /** Makes what the parser needs; nothing is made before it is called. */
  readonly setUp: () => Parser | Promise<Parser>;
}

/** A folder in memory where there is one, for parsers that read files. */
export function scratch(): string {
  const base = process.env.PLUMBLINE_FUZZ_SCRATCH ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  const folder = mkdtempSync(join(base, 'plumbline-fuzz-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file again and again through one handle. */
export function rewriter(path: string): (bytes: Buffer) => void {
  mkdirSync(join(path, '..'), { recursive: true });
  const file = openSync(path, 'w');
  process.once('exit', () => closeSync(file));
  return (bytes) => {
    ftruncateSync(file, 0);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
  };
}

/** Opens inputs through one file, written anew for each. */
export function throughFile(path: string, take: (path: string) => unknown): (input: Buffer) => Promise<void> {
  const write = rewriter(path);
  return async (input) => {
    write(input);
    await take(path);
  };
}

/** Whether an error is one that a user is told of. */
export const expected = (error: unknown): boolean => error instanceof UserError;

/** What an error is about, whatever its numbers and names: errors alike are one find. */
export function signatureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 80);
  const frame = (error.stack ?? '').split('\n').find((line) => /\/(src|runners|reports|suites|node_modules)\//.test(line)) ?? '';
  const place = /([\w@.-]+\/[\w.-]+:\d+):\d+\)?$/.exec(frame.replace(/\?[^:]*/, ''))?.[1] ?? '';
  return `${error.name} at ${place}: ${error.message
    .replace(/\d+/g, '#')
    .replace(/'[^']*'|"[^"]*"/g, '…')
    .slice(0, 60)}`;
}

const finds = join(import.meta.dirname, 'finds');

/** Inputs that broke a parser once, by target. */
export function findsOf(name: string): Buffer[] {
  const folder = join(finds, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

/** Values as JSON lines. */
export const jsonLines = (...records: readonly unknown[]): Buffer =>
  Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
