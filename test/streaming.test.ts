import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { elementsIn } from '../src/kit/official/json-elements.ts';
import { type BigKind, bigFile } from './support/big-file.ts';

const cache = mkdtempSync(join(tmpdir(), 'plumbline-big-'));
afterAll(() => rmSync(cache, { recursive: true, force: true }));
const child = join(import.meta.dirname, 'support', 'stream-child.ts');

/** A heap far smaller than the file: a reader that holds it all ends with an error. `npx tsx test/bench/streaming.ts` measures 1 GB. */
it.each([
  ['jsonl', 'big.jsonl'],
  ['jsonl', 'packed.jsonl.gz'],
  ['csv', 'big.csv'],
  ['json', 'big.json'],
] as const)('%s (%s): 36 MB through a heap of 32 MB', (kind: BigKind, name: string) => {
  const records = bigFile(join(cache, 'data', 'made', name), kind, 36e6);
  const file = name.replace(/\.gz$/, '');
  const out = execFileSync(process.execPath, ['--max-old-space-size=32', '--import', 'tsx', child, cache, kind, file], {
    encoding: 'utf8',
  });
  expect(JSON.parse(out).records).toBe(records);
});

describe('a JSON array taken apart as it comes', () => {
  async function elementsOf(text: string, size: number) {
    async function* pieces() {
      for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
    }
    const out: string[] = [];
    for await (const { line, text: element } of elementsIn(pieces(), 'x.json')) out.push(`${line}: ${element.trim()}`);
    return out;
  }

  it.each([1, 2, 3, 7, 1000])('in pieces of %i characters', async (size) => {
    const text = '[\n {"a": "],{\\"\\\\"},\n [1, [2]],\n\n 3 , "x,y" ]\n';
    expect(await elementsOf(text, size)).toEqual(['2: {"a": "],{\\"\\\\"}', '3: [1, [2]]', '5: 3', '5: "x,y"']);
  });

  it.each([
    ['[]', []],
    [' [ ] ', []],
    ['[1,]', ['1: 1', '1: ']],
  ])('%j', async (text, elements) => {
    expect(await elementsOf(text, 2)).toEqual(elements);
  });

  it.each([
    ['{}', /expected a JSON array/],
    ['', /expected a JSON array/],
    ['[1,\n2', /x\.json:2: the JSON array breaks off/],
    ['[1]\n[2]', /x\.json:2: .*text after the array/],
  ])('%j is refused', async (text, message) => {
    await expect(elementsOf(text, 3)).rejects.toThrow(message);
  });
});
