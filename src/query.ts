import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { UserError } from './types.ts';

/** Folders of runs: the folder itself, or those below it, at most three deep. */
export function runFoldersBelow(folder: string, depth = 3): string[] {
  if (!existsSync(folder)) throw new UserError(`${folder}: there is no such folder`, 'name run folders, or a folder that holds them');
  if (!statSync(folder).isDirectory()) return [];
  if (existsSync(join(folder, 'run.json'))) return [folder];
  if (depth === 0) return [];
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return inside.flatMap((entry) => runFoldersBelow(join(folder, entry.name), depth - 1)).sort();
}

async function library(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch {
    throw new UserError('query needs the package @duckdb/node-api, which is not here', 'npm install @duckdb/node-api');
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const listed = (texts: readonly string[]): string => `[${texts.map(quoted).join(', ')}]`;
const forward = (path: string): string => path.replaceAll('\\', '/');

function filesIn(runs: readonly string[], part: 'results' | 'rows', ending: string): string[] {
  return runs.flatMap((run) => {
    const folder = join(run, part);
    if (!existsSync(folder)) return [];
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => forward(join(entry.parentPath, entry.name)));
  });
}

const read = (files: readonly string[], columns: Readonly<Record<string, string>>, format: 'auto' | 'newline_delimited'): string => {
  const named = Object.entries(columns).map(([name, type]) => `"${name}": ${quoted(type)}`);
  if (files.length === 0)
    return `(SELECT NULL::VARCHAR AS filename, ${Object.entries(columns)
      .map(([name, type]) => `NULL::${type} AS "${name}"`)
      .join(', ')} WHERE false)`;
  return `read_json(${listed(files)}, columns = {${named.join(', ')}}, format = '${format}', filename = true, maximum_object_size = 268435456)`;
};

const estimate = `STRUCT(metric VARCHAR, title VARCHAR, unit VARCHAR, better VARCHAR, "group" VARCHAR, value DOUBLE,
  interval STRUCT(low DOUBLE, high DOUBLE, "method" VARCHAR), grade DOUBLE, gradeLow DOUBLE, gradeHigh DOUBLE, n BIGINT, clusters BIGINT, skipped BIGINT)[]`;

/** The views over runs, as SQL. Documented in docs/query.md. */
function viewsOf(runs: readonly string[]): readonly string[] {
  const manifests = runs.map((run) => forward(join(run, 'run.json')));
  const answers = runs.map((run) => forward(join(run, 'answers.jsonl'))).filter((path) => existsSync(path) && statSync(path).size > 0);
  const runOf = (tail: string) => `regexp_replace(filename, '/${tail}$', '')`;
  return [
    `CREATE VIEW runs AS SELECT ${runOf('run\\.json')} AS run, model.name AS model, model.hash AS identity, model.protocol AS protocol,
      options.preset AS preset, options.seed AS seed, complete, created, finished, plumbline, facts
      FROM ${read(manifests, { model: 'STRUCT(name VARCHAR, hash VARCHAR, protocol VARCHAR)', options: 'STRUCT(preset VARCHAR, seed BIGINT)', complete: 'BOOLEAN', created: 'TIMESTAMP', finished: 'TIMESTAMP', plumbline: 'VARCHAR', facts: 'JSON' }, 'auto')}`,
    `CREATE VIEW results AS SELECT ${runOf('results/[^/]+/[^/]+')} AS run, model.name AS model,
      regexp_extract(filename, 'results/([^/]+/[^/]+)\\.json$', 1) AS suite, suite.dimension AS dimension, suite.version AS version, suite.lang AS lang,
      complete, invalid, floor.state AS floor, e.metric AS metric, e."group" AS "group", e.value AS value, e.interval.low AS low, e.interval.high AS high,
      e.grade AS grade, e.gradeLow AS grade_low, e.gradeHigh AS grade_high, e.n AS n, e.clusters AS clusters, e.skipped AS skipped, e.unit AS unit
      FROM (SELECT *, unnest(estimates) AS e FROM ${read(filesIn(runs, 'results', '.json'), { model: 'STRUCT(name VARCHAR)', suite: 'STRUCT(dimension VARCHAR, version VARCHAR, lang VARCHAR)', complete: 'BOOLEAN', invalid: 'VARCHAR', floor: 'STRUCT(state VARCHAR)', estimates: estimate }, 'auto')})`,
    `CREATE VIEW rows AS SELECT ${runOf('rows/[^/]+/[^/]+')} AS run, regexp_extract(filename, 'rows/([^/]+/[^/]+)\\.jsonl$', 1) AS suite,
      id, "group", cluster, stratum, "values", outcomes, skip, note, weight
      FROM ${read(filesIn(runs, 'rows', '.jsonl'), { id: 'VARCHAR', group: 'VARCHAR', cluster: 'VARCHAR', stratum: 'VARCHAR', values: 'MAP(VARCHAR, DOUBLE)', outcomes: 'VARCHAR[]', skip: 'VARCHAR', note: 'VARCHAR', weight: 'DOUBLE' }, 'newline_delimited')}`,
    `CREATE VIEW answers AS SELECT ${runOf('answers\\.jsonl')} AS run, key, response.ok AS ok, response.error AS error, response.text AS text,
      response.thinking AS thinking, response.logprobs AS logprobs, response.stop AS stop, response.tokens AS tokens, response.promptTokens AS prompt_tokens,
      response.ms AS ms
      FROM ${read(answers, { key: 'VARCHAR', response: 'STRUCT(ok BOOLEAN, error VARCHAR, "text" VARCHAR, thinking VARCHAR, logprobs DOUBLE[], stop VARCHAR, tokens BIGINT, promptTokens BIGINT, ms DOUBLE)' }, 'newline_delimited')}`,
  ];
}

export interface Answered {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface Querying {
  readonly runs: readonly string[];
  /** Nothing: only the views are exported. */
  readonly sql: string | null;
  /** Folder that gets the four views, and the query's answer, as Parquet. */
  readonly parquet: string | null;
}

const words = (error: unknown): string =>
  (error as Error).message
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 3)
    .join(' ');

/** Asks one SELECT over runs' files. Nothing but the runs can be read, nothing but the Parquet folder written, and no extension is fetched. */
export async function query({ runs, sql, parquet }: Querying): Promise<Answered | null> {
  const { DuckDBInstance, StatementType } = await library();
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' });
  const db = await instance.connect();
  try {
    const real = runs.map((run) => realpathSync(run));
    if (parquet) mkdirSync(parquet, { recursive: true });
    const allowed = [...real, ...(parquet ? [realpathSync(parquet)] : [])].map((folder) => forward(folder + sep));
    await db.run(`SET allowed_directories = ${listed(allowed)}`);
    await db.run('SET enable_external_access = false');
    await db.run('SET lock_configuration = true');
    for (const view of viewsOf(real)) await db.run(view);
    let answered: Answered | null = null;
    if (sql !== null) {
      const statements = await db.extractStatements(sql);
      const prepared = statements.count === 1 ? await statements.prepare(0) : null;
      if (prepared?.statementType !== StatementType.SELECT && prepared?.statementType !== StatementType.EXPLAIN)
        throw new UserError(
          'a query is one SELECT: runs are read, never changed',
          'plumbline query "select model, suite, value from results" runs/',
        );
      const reader = await prepared.runAndReadAll();
      answered = { columns: reader.columnNames(), rows: reader.getRowsJson() };
      if (parquet && prepared.statementType === StatementType.SELECT)
        await db.run(
          `COPY (${sql.trim().replace(/;$/, '')}) TO ${quoted(forward(join(realpathSync(parquet), 'query.parquet')))} (FORMAT parquet, COMPRESSION zstd)`,
        );
    }
    if (parquet)
      for (const view of ['runs', 'results', 'rows', 'answers'])
        await db.run(
          `COPY (FROM ${view}) TO ${quoted(forward(join(realpathSync(parquet), `${view}.parquet`)))} (FORMAT parquet, COMPRESSION zstd)`,
        );
    return answered;
  } catch (error) {
    if (error instanceof UserError || !/Error:/.test((error as Error).message)) throw error;
    throw new UserError(words(error), 'the views are runs, results, rows and answers; docs/query.md lists their columns');
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}
