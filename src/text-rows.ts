/** The rows of anybody's file of texts: JSONL, CSV or TSV, plain or gzip, or JSONL on standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { suggestion } from './commands.ts';
import { UserError } from './types.ts';

type Fields = Readonly<Record<string, unknown>>;
interface FoundRow {
  readonly line: number;
  readonly fields: unknown;
}

export interface TextRow {
  /** `<file>:<line>`. */
  readonly place: string;
  readonly text: string;
}

async function* jsonRows(input: Readable, name: string): AsyncGenerator<FoundRow> {
  let line = 0;
  for await (const raw of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() === '') continue;
    try {
      yield { line, fields: JSON.parse(text) as unknown };
    } catch (error) {
      throw new UserError(`${name}:${line}: not a JSON value (${(error as Error).message})`, 'every line must hold one JSON object');
    }
  }
}

async function* csvRows(input: Readable, name: string, delimiter: string): AsyncGenerator<FoundRow> {
  const { parse } = await import('csv-parse');
  const parser = parse({ bom: true, columns: true, delimiter, info: true, skip_empty_lines: true });
  input.on('error', (error) => parser.destroy(error));
  try {
    for await (const { record, info } of input.pipe(parser) as AsyncIterable<{ record: Fields; info: { lines: number } }>)
      yield { line: info.lines, fields: record };
  } catch (error) {
    const line = (error as { lines?: number }).lines;
    if (line === undefined) throw error;
    throw new UserError(
      `${name}:${line}: ${(error as Error).message}`,
      'text with commas, quotes or line breaks stands in "double quotes"',
    );
  }
}

/** The named text of a row; a dotted name reaches into objects (`response.text`). */
function textOf(fields: unknown, field: string, place: string): string {
  const at = (value: unknown, name: string): unknown =>
    value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
  const value = at(fields, field) ?? field.split('.').reduce(at, fields);
  if (typeof value === 'string') return value;
  const names = fields !== null && typeof fields === 'object' && !Array.isArray(fields) ? Object.keys(fields) : null;
  const near = names && suggestion(field, names);
  const has = names ? (names.length > 0 ? `this line has ${names.join(', ')}` : 'this line has no fields') : 'this line holds no object';
  const why = value === undefined ? has : `it holds ${value === null ? 'null' : typeof value}`;
  throw new UserError(`${place}: expected a text in '${field}'; ${why}`, `name the field with --field${near ? ` ${near}` : ''}`);
}

/** Texts of `field`, row by row; memory does not grow with the file. Throws UserError naming the line. */
export async function* textRows(file: string, field: string, cwd: string): AsyncGenerator<TextRow> {
  const name = file === '-' ? 'standard input' : basename(file);
  const path = resolve(cwd, file);
  if (file !== '-' && !(await stat(path).catch(() => null))?.isFile())
    throw new UserError(`${path} is not a file`, 'name a JSONL, CSV or TSV file (or .gz of one), or - for JSONL on standard input');
  const raw: Readable = file === '-' ? process.stdin : createReadStream(path);
  const packed = /\.gz$/i.test(file);
  const input = packed ? raw.pipe(createGunzip()) : raw;
  if (packed) raw.on('error', (error) => input.destroy(error));
  const plain = file.replace(/\.gz$/i, '');
  const rows = /\.csv$/i.test(plain)
    ? csvRows(input, name, ',')
    : /\.tsv$/i.test(plain)
      ? csvRows(input, name, '\t')
      : jsonRows(input, name);
  try {
    for await (const { line, fields } of rows) {
      const place = `${name}:${line}`;
      yield { place, text: textOf(fields, field, place) };
    }
  } catch (error) {
    if (/^Z_|incorrect header|unexpected end of file/.test(`${(error as NodeJS.ErrnoException).code} ${(error as Error).message}`))
      throw new UserError(`${path}: not whole gzip (${(error as Error).message})`, 'fetch the file again');
    throw error;
  } finally {
    raw.destroy();
  }
}
