import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { shareWork } from '../src/shared-work.ts';
import type { Part, Square } from './support/squares.ts';

const squares = new URL('./support/squares.ts', import.meta.url).href;

async function made(parts: readonly number[], rounds = 1): Promise<Square[]> {
  using work = await shareWork<{ power: number }, Part, Square>(squares, { power: 2 }, parts.length);
  const all: Square[] = [];
  for (let i = 0; i < rounds; i++) for await (const square of work.each(parts.map((of) => ({ about: `${of % 50}`, of })))) all.push(square);
  return all;
}
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('shared work', () => {
  test('a few parts are done here', async () => {
    const all = await made(numbers(5));
    expect(all.map((s) => s.made)).toEqual([0, 1, 4, 9, 16]);
    expect(new Set(all.map((s) => s.by))).toEqual(new Set([process.pid]));
  });
  test('many are done by other processes, each part once, what is about the same by the same', async () => {
    const all = await made(numbers(300), 2);
    const sorted = all.map((s) => s.made).sort((a, b) => a - b);
    expect(sorted).toEqual(numbers(300).flatMap((n) => [n ** 2, n ** 2]));
    const processes = new Set(all.map((s) => s.by));
    if (availableParallelism() > 1) expect(processes.has(process.pid)).toBe(false);
    expect(processes.size).toBe(Math.min(4, availableParallelism()));
    const about = new Map(all.map((s) => [s.of % 50, new Set<number>()]));
    for (const { of, by } of all) about.get(of % 50)?.add(by);
    for (const by of about.values()) expect(by.size).toBe(1);
  });
  test.each([5, 200])('an error of one of %d parts comes here whole', async (count) => {
    const error = { name: 'UserError', message: 'no number', hint: 'give another', exit: 3 };
    await expect(made([...numbers(count), -1])).rejects.toMatchObject(error);
    await expect(made([...numbers(count), -3])).rejects.toMatchObject({ message: 'disk', code: 'ENOSPC', errno: -28, syscall: 'write' });
  });
  test.skipIf(availableParallelism() < 2)('a process that dies is said, not waited for', () =>
    expect(made([...numbers(200), -2])).rejects.toThrow('a process ended before its work: 7'),
  );
});
