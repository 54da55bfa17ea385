import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recording } from '../src/engine/recording.ts';
import { sha256 } from '../src/kit/key.ts';
import { KeyTable } from '../src/kit/key-table.ts';
import type { Response } from '../src/types.ts';
import { temporary } from './support/cli.ts';

const key = (n: number | string) => sha256(String(n)).slice(0, 32);
const answer = (text: string): Response => ({ ok: true, text, stop: 'end', tokens: 1, ms: 0 });

describe('the recording', () => {
  it('gives back what was appended, across openings', () => {
    using folder = temporary();
    const path = join(folder.path, 'answers.jsonl');
    const texts = ['', 'ü 漢字 🙂', '{"key":"x"}\n', '\u2028', 'a'.repeat(70_000)];
    {
      using recording = Recording.open(path, 'write');
      for (const [i, text] of texts.entries()) recording.append(key(i), answer(text));
      expect(recording.get(key(1))).toEqual(answer('ü 漢字 🙂'));
    }
    using again = Recording.open(path, 'read');
    expect(again.size).toBe(texts.length);
    for (const [i, text] of texts.entries()) expect(again.get(key(i))).toEqual(answer(text));
    expect(again.get(key('other'))).toBeNull();
  });

  it('drops a torn last line wherever it was torn, and goes on', () => {
    using folder = temporary();
    const path = join(folder.path, 'answers.jsonl');
    {
      using recording = Recording.open(path, 'write');
      for (let i = 0; i < 3; i++) recording.append(key(i), answer(`text ${i}`));
    }
    const whole = readFileSync(path);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = lastLine + 1; cut < whole.length; cut += 7) {
      writeFileSync(path, whole.subarray(0, cut));
      using torn = Recording.open(path, 'write');
      expect(torn.size).toBe(2);
      torn.append(key(2), answer('text 2'));
      torn.close();
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  it('never doubles a key; an answer replaces a failure, a failure never an answer', () => {
    using folder = temporary();
    const path = join(folder.path, 'answers.jsonl');
    {
      using recording = Recording.open(path, 'write');
      recording.append(key(1), { ok: false, error: 'lost' });
      recording.append(key(1), { ok: false, error: 'lost again' });
      expect(recording.placeOf(key(1))?.failed).toBe(true);
      recording.append(key(1), answer('found'));
      const size = statSync(path).size;
      recording.append(key(1), answer('other'));
      recording.append(key(1), { ok: false, error: 'late' });
      recording.flush();
      expect(statSync(path).size).toBeGreaterThanOrEqual(size);
    }
    using again = Recording.open(path, 'read');
    expect(again.get(key(1))).toEqual(answer('found'));
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('names the byte of a line that is no answer', () => {
    using folder = temporary();
    const path = join(folder.path, 'answers.jsonl');
    {
      using recording = Recording.open(path, 'write');
      recording.append(key(1), answer('one'));
    }
    const at = statSync(path).size;
    appendFileSync(path, 'garbage\n');
    expect(() => Recording.open(path, 'read')).toThrow(`byte ${at}`);
  });
});

describe('the table of keys', () => {
  it('is a map', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.boolean()), { maxLength: 3000 }), (sets) => {
        const table = new KeyTable();
        const model = new Map<number, { at: number; failed: boolean }>();
        for (const [at, [n, failed]] of sets.entries()) {
          table.set(key(n), at, 10, failed);
          const known = model.get(n);
          if (!known || (known.failed && !failed)) model.set(n, { at, failed });
        }
        expect(table.size).toBe(model.size);
        for (const [n, { at, failed }] of model) expect(table.get(key(n))).toEqual({ at, length: 10, failed });
      }),
    );
  });
});
