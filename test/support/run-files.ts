import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest, Result } from '../../src/types.ts';

export const manifestIn = (run: string) => JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as Manifest;
export const costOf = (run: string) => manifestIn(run).facts.cost as Record<string, number>;
export const answersIn = (run: string) =>
  readFileSync(join(run, 'answers.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { key: string; response: { ok: boolean; text?: string; error?: string; thinking?: string } });

/** The one result of a run. */
export function resultIn(run: string): Result {
  const [path = ''] = readdirSync(join(run, 'results'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  return JSON.parse(readFileSync(join(run, 'results', path), 'utf8')) as Result;
}

/** Every file below a folder whose bytes hold a text. */
export function filesWith(folder: string, text: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path).includes(text));
}

/** A question set that every answer can be told apart in. */
export function questions(path: string, count: number): void {
  const asked = (i: number) => `Question ${i}${i % 100 === 7 ? ' and the key?' : ''}`;
  writeFileSync(
    path,
    Array.from({ length: count }, (_, i) => `${JSON.stringify({ question: asked(i), answer: `Question ${i}` })}\n`).join(''),
  );
}
