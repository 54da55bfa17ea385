import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plumbline, temporary } from './support/cli.ts';

const place = temporary();
const ask = (sql: string, ...more: string[]) => plumbline(['query', sql, 'runs', ...more], { cwd: place.path });

beforeAll(async () => {
  for (const [persona, name] of [
    ['perfect', 'a'],
    ['mixed:0.3', 'b'],
  ])
    await plumbline(['run', `scripted:${persona}`, '--suite', 'fairness', '--preset', 'demo', '-q', '-o', `runs/${name}`], {
      cwd: place.path,
    });
});
afterAll(() => place[Symbol.dispose]());

describe('plumbline query', () => {
  it('answers as the files do: results, rows and answers', async () => {
    const { code, out } = await ask(
      'select suite, value, grade, n from results where metric is not null and "group" is null and model = \'scripted-mixed-0.3\'',
      '--json',
    );
    expect(code).toBe(0);
    const found = JSON.parse(out) as { suite: string; value: number | null; n: string }[];
    const file = JSON.parse(readFileSync(join(place.path, 'runs/b/results/fairness/stereotypes.json'), 'utf8')) as {
      estimates: { value: number; n: number }[];
    };
    const [own] = found.filter(({ suite }) => suite === 'fairness/stereotypes');
    expect(own?.value).toBe(file.estimates[0]?.value);
    expect(Number(own?.n)).toBe(file.estimates[0]?.n);

    const rows = readdirSync(join(place.path, 'runs/a/rows/fairness')).flatMap((name) =>
      readFileSync(join(place.path, 'runs/a/rows/fairness', name), 'utf8')
        .trim()
        .split('\n'),
    );
    const lines = readFileSync(join(place.path, 'runs/b/answers.jsonl'), 'utf8').trim().split('\n');
    const counted = await ask(
      "select (select count(*) from rows where run like '%/a')::int as a, (select count(*) from answers where run like '%/b')::int as b",
      '--json',
    );
    expect(JSON.parse(counted.out)).toEqual([{ a: rows.length, b: lines.length }]);
  });

  it('prints a table and CSV, and writes Parquet that holds the same', async () => {
    const table = await ask('select model, preset from runs order by model');
    expect(table.out).toBe('model               preset\n──────────────────  ──────\nscripted-mixed-0.3  demo\nscripted-perfect    demo\n');
    const csv = await ask("select 'a,\"b' as x, '=1+1' as y, null as z", '--as', 'csv');
    expect(csv.out).toBe('x,y,z\r\n"a,""b",\'=1+1,\r\n');
    const made = await ask('select suite, avg(value) as v from results group by suite', '--parquet', 'out');
    expect(made.code).toBe(0);
    expect(readdirSync(join(place.path, 'out')).sort()).toEqual([
      'answers.parquet',
      'query.parquet',
      'results.parquet',
      'rows.parquet',
      'runs.parquet',
    ]);
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const db = await (await DuckDBInstance.create()).connect();
    const count = async (from: string) => Number((await db.runAndReadAll(`select count(*) from ${from}`)).getRows()[0]?.[0]);
    expect(await count(`'${join(place.path, 'out/results.parquet')}'`)).toBe(
      JSON.parse((await ask('select count(*)::int as n from results', '--json')).out)[0].n,
    );
  });

  it.each([
    ['drop view rows', /a query is one SELECT/],
    ['select 1; select 2', /a query is one SELECT/],
    ["copy (select 1) to 'x.csv'", /Permission Error/],
    ["copy (select 1) to 'runs/a/run.json'", /a query is one SELECT|Permission Error/],
    ["select * from read_text('/etc/passwd')", /Permission Error/],
    ["attach 'x.db'", /a query is one SELECT/],
    ['install httpfs', /a query is one SELECT/],
    ['select nothing from runs', /Binder Error[\s\S]*docs\/query\.md/],
    ['selec', /Parser Error/],
  ])('refuses %s', async (sql, message) => {
    const { code, err } = await ask(sql);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/at .*\.js:\d/);
  });

  it('leaves the runs as they were, and says when there is none', async () => {
    const before = statSync(join(place.path, 'runs/a/answers.jsonl')).mtimeMs;
    await ask('select * from answers');
    expect(statSync(join(place.path, 'runs/a/answers.jsonl')).mtimeMs).toBe(before);
    expect(existsSync(join(place.path, 'x.csv'))).toBe(false);
    const none = await plumbline(['query', 'select 1', '.'], { cwd: join(place.path, 'out') });
    expect(none).toMatchObject({ code: 2, err: expect.stringMatching(/no run in/) });
  });
});
