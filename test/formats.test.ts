import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerLineSchema, jsonSchemas, manifestSchema, resultSchema, rowSchema } from '../src/formats.ts';
import { plumbline, root, temporary } from './support/cli.ts';

const folder = join(root, 'schemas');

describe('the formats of a run folder', () => {
  it.each(Object.entries(jsonSchemas()))('schemas/%s is what the code says (UPDATE=1 renews it)', (name, schema) => {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env.UPDATE) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });

  it('fit what a run writes', async () => {
    using to = temporary();
    const run = join(to.path, 'r');
    expect((await plumbline(['run', 'scripted:mixed:0.3', '--suite', 'fairness/stereotypes', '--preset', 'demo', '-o', run])).code).toBe(0);
    manifestSchema.parse(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')));
    resultSchema.parse(JSON.parse(readFileSync(join(run, 'results/fairness/stereotypes.json'), 'utf8')));
    const lines = (path: string) =>
      readFileSync(join(run, path), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    for (const row of lines('rows/fairness/stereotypes.jsonl')) rowSchema.parse(row);
    for (const line of lines('answers.jsonl')) answerLineSchema.parse(line);
  });
});
