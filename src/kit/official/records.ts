/** Reading benchmarks' files: every error names the file and the line. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { type Data, UserError } from '../../types.ts';
import { elementsIn } from './json-elements.ts';
import { jsonErrorAt, withoutNaN } from './json-place.ts';

export interface RecordAt<T> {
  readonly where: string;
  readonly line: number;
  readonly record: T;
}

type Fields = Readonly<Record<string, unknown>>;

function lacking(record: unknown, needs: readonly string[], where: string): asserts record is Fields {
  if (record === null || typeof record !== 'object' || Array.isArray(record)) throw new UserError(`${where}: expected a JSON object`);
  const missing = needs.find((key) => !(key in record));
  if (missing !== undefined) throw new UserError(`${where}: '${missing}' is missing`, `expected ${needs.join(', ')}`);
}

/** JSON objects, one a line, read as they come. `needs`: members that every one must have. */
export async function* jsonLines<T>(
  data: Data,
  benchmark: string,
  file: string,
  needs: readonly string[] = [],
): AsyncGenerator<RecordAt<T>> {
  for await (const { line, text } of data.lines(benchmark, file)) {
    const where = `${benchmark}/${file}:${line}`;
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch (error) {
      throw new UserError(`${where}: not a JSON value (${(error as Error).message})`, `plumbline data pull ${benchmark} fetches it again`);
    }
    lacking(record, needs, where);
    yield { where, line, record: record as T };
  }
}

/** A whole JSON file. */
export async function jsonWhole<T>(data: Data, benchmark: string, file: string): Promise<T> {
  const raw = await data.text(benchmark, file);
  const text = /\b(?:NaN|Infinity)\b/.test(raw) ? withoutNaN(raw) : raw;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const line = text.slice(0, jsonErrorAt(text)).split('\n').length;
    throw new UserError(
      `${benchmark}/${file}:${line}: not a JSON value (${(error as Error).message})`,
      `plumbline data pull ${benchmark} fetches it again`,
    );
  }
  if (value === null || typeof value !== 'object') throw new UserError(`${benchmark}/${file}:1: expected a JSON object or array`);
  return value as T;
}

/** An array of objects in one JSON file, read as it comes; `line` is the place in the array, from 1. */
export async function* jsonElements<T>(
  data: Data,
  benchmark: string,
  file: string,
  needs: readonly string[] = [],
): AsyncGenerator<RecordAt<T>> {
  let count = 0;
  for await (const { line, text } of elementsIn(data.chunks(benchmark, file), `${benchmark}/${file}`)) {
    count++;
    const where = `${benchmark}/${file}:${line}, record ${count}`;
    let record: unknown;
    try {
      record = JSON.parse(/\b(?:NaN|Infinity)\b/.test(text) ? withoutNaN(text) : text);
    } catch (error) {
      const at = line + text.slice(0, jsonErrorAt(text)).split('\n').length - 1;
      throw new UserError(
        `${benchmark}/${file}:${at}: not a JSON value (${(error as Error).message})`,
        `plumbline data pull ${benchmark} fetches it again`,
      );
    }
    lacking(record, needs, where);
    yield { where, line: count, record: record as T };
  }
}

/** An array of objects in one JSON file, whole. */
export async function jsonArray<T>(data: Data, benchmark: string, file: string, needs: readonly string[] = []): Promise<RecordAt<T>[]> {
  const out: RecordAt<T>[] = [];
  for await (const record of jsonElements<T>(data, benchmark, file, needs)) out.push(record);
  return out;
}

/** Rows of a CSV (or TSV) file with a header, read as they come. `needs`: columns that must be there. */
export async function* csvRows<T extends Readonly<Record<string, string>>>(
  data: Data,
  benchmark: string,
  file: string,
  needs: readonly string[],
): AsyncGenerator<RecordAt<T>> {
  const name = `${benchmark}/${file}`;
  const parser = parse({ bom: true, columns: true, info: true, skip_empty_lines: true, delimiter: /\.tsv$/i.test(file) ? '\t' : ',' });
  // What goes wrong in either half is thrown by the loop below.
  pipeline(Readable.from(data.chunks(benchmark, file)), parser).catch(() => {});
  let first = true;
  try {
    for await (const row of parser) {
      const { record, info } = row as { readonly record: T; readonly info: { readonly lines: number } };
      const missing = first ? needs.find((column) => !(column in record)) : undefined;
      if (missing !== undefined) throw new UserError(`${name}:1: the column '${missing}' is missing`, `expected ${needs.join(', ')}`);
      first = false;
      yield { where: `${name}:${info.lines}`, line: info.lines, record };
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { lines, message } = error as Error & { lines?: number };
    throw new UserError(`${name}:${lines ?? 1}: ${message}`, `plumbline data pull ${benchmark} fetches it again`);
  }
}

/** Rows of a CSV (or TSV) file, whole. */
export async function csvRecords<T extends Readonly<Record<string, string>>>(
  data: Data,
  benchmark: string,
  file: string,
  needs: readonly string[],
): Promise<RecordAt<T>[]> {
  const rows: RecordAt<T>[] = [];
  for await (const row of csvRows<T>(data, benchmark, file, needs)) rows.push(row);
  return rows;
}
