/** Reading benchmarks' files: every error names the file and the line. */
import { parse } from 'csv-parse/sync';
import { type Data, UserError } from '../../types.ts';
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
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    const line = text.slice(0, jsonErrorAt(text)).split('\n').length;
    throw new UserError(
      `${benchmark}/${file}:${line}: not a JSON value (${(error as Error).message})`,
      `plumbline data pull ${benchmark} fetches it again`,
    );
  }
}

/** An array of objects in one JSON file; `line` is the place in the array, from 1. */
export async function jsonArray<T>(data: Data, benchmark: string, file: string, needs: readonly string[] = []): Promise<RecordAt<T>[]> {
  const value = await jsonWhole<unknown>(data, benchmark, file);
  if (!Array.isArray(value)) throw new UserError(`${benchmark}/${file}: expected a JSON array`);
  return value.map((record: unknown, i) => {
    const where = `${benchmark}/${file}, record ${i + 1}`;
    lacking(record, needs, where);
    return { where, line: i + 1, record: record as T };
  });
}

/** Rows of a CSV (or TSV) file with a header. `needs`: columns that must be there. */
export async function csvRecords<T extends Readonly<Record<string, string>>>(
  data: Data,
  benchmark: string,
  file: string,
  needs: readonly string[],
): Promise<RecordAt<T>[]> {
  const text = await data.text(benchmark, file);
  let rows: { readonly record: Record<string, string>; readonly info: { readonly lines: number } }[];
  try {
    rows = parse(text, {
      bom: true,
      columns: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: false,
      delimiter: /\.tsv$/i.test(file) ? '\t' : ',',
    });
  } catch (error) {
    const { lines, message } = error as Error & { lines?: number };
    throw new UserError(`${benchmark}/${file}:${lines ?? 1}: ${message}`, `plumbline data pull ${benchmark} fetches it again`);
  }
  const [first] = rows;
  const missing = needs.find((column) => first && !(column in first.record));
  if (missing !== undefined)
    throw new UserError(`${benchmark}/${file}:1: the column '${missing}' is missing`, `expected ${needs.join(', ')}`);
  return rows.map(({ record, info }) => ({
    where: `${benchmark}/${file}:${info.lines}`,
    line: info.lines,
    record: record as unknown as T,
  }));
}
