import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** Keys of the whole lines of a recording, in order. */
export const keysOf = (run: string): string[] =>
  readFileSync(join(run, 'answers.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { key: string }).key);

/** Results, rows and answers in which two runs differ, and keys that one holds twice. */
export function sameRun(run: string, other: string): string[] {
  const files = (folder: string) =>
    ['results', 'rows']
      .flatMap((part) => readdirSync(join(folder, part), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const lines = (folder: string) => readFileSync(join(folder, 'answers.jsonl'), 'utf8').split('\n').sort().join('\n');
  const names = [...new Set([...files(run), ...files(other)])];
  const text = (folder: string, name: string) => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };
  const keys = keysOf(run);
  return [
    ...names.filter((name) => text(run, name) !== text(other, name)),
    ...(lines(run) === lines(other) ? [] : ['answers.jsonl']),
    ...(new Set(keys).size === keys.length ? [] : ['a key twice']),
  ];
}
