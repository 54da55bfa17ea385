/** Reading a user's own rows: CSV, TSV or JSONL with a header. */
import { createReadStream } from 'node:fs';
import { bytesOf, csvBounds, linesIn } from '../lines.ts';
import { UserError } from '../types.ts';

/** One row by column. */
export type Fields = Readonly<Record<string, unknown>>;

async function* csvRows(path: string): AsyncGenerator<[line: number, fields: Fields]> {
  const { parse } = await import('csv-parse');
  const delimiter = /\.tsv$/i.test(path) ? '\t' : ',';
  const parser = createReadStream(path).pipe(
    parse({ ...csvBounds, bom: true, columns: true, delimiter, info: true, skip_empty_lines: true, trim: true }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Fields; info: { lines: number } }>) yield [info.lines, record];
  } catch (error) {
    const line = (error as { lines?: number }).lines;
    if (line === undefined) throw error;
    throw new UserError(
      `${path}:${line}: ${(error as Error).message}`,
      'mend that row; text with commas, quotes or line breaks stands in "double quotes"',
    );
  }
}

async function* jsonRows(path: string): AsyncGenerator<[line: number, fields: Fields]> {
  for await (const { line, text } of linesIn(bytesOf(path), path)) {
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new UserError(`${path}:${line}: not a JSON value (${(error as Error).message})`, 'every line is one JSON object');
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UserError(`${path}:${line}: expected a JSON object`);
    yield [line, value as Fields];
  }
}

/** A cell as text, trimmed; '' where it is absent or no text. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';

/** The rows of a file with the line each stands on. Throws UserError naming file and line. */
export const ownRows = (path: string): AsyncGenerator<[line: number, fields: Fields]> =>
  /\.[ct]sv$/i.test(path) ? csvRows(path) : jsonRows(path);

/** A file's name as the last part of a suite's id. */
export const nameOf = (file: string): string =>
  file
    .replace(/\.[^.]+$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
