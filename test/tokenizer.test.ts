import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openTokenizer, type Tokenizer } from '../runners/onnx/tokenizer.ts';

interface Fixture {
  readonly source: string;
  readonly strings: readonly string[];
  readonly kinds: Readonly<
    Record<
      string,
      { tokenizer: unknown; ids: readonly number[][]; bos: readonly number[]; decoded: readonly string[]; raw: readonly string[] }
    >
  >;
}
const fixture = JSON.parse(gunzipSync(readFileSync(new URL('./fixtures/tokenizers.json.gz', import.meta.url))).toString('utf8')) as Fixture;

const scratch = mkdtempSync(join(tmpdir(), 'plumbline-tokenizer-'));
const cacheDir = join(scratch, 'cache');

async function opened(name: string): Promise<Tokenizer> {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(fixture.kinds[name]?.tokenizer));
  return openTokenizer({ format: 'safetensors', path: folder, folder, config: {}, arrays: new Map() }, cacheDir);
}

/** What differs from the reference: [string, expected, got]. */
function differences<T>(expected: readonly T[], got: (text: string, index: number) => T): unknown[] {
  return fixture.strings.flatMap((text, i) => {
    const ours = got(text, i);
    return JSON.stringify(ours) === JSON.stringify(expected[i]) ? [] : [[text, expected[i], ours]];
  });
}

describe('tokenizer.json: ids and texts as the tokenizers package makes them', () => {
  for (const [name, kind] of Object.entries(fixture.kinds)) {
    test(name, async () => {
      // The second opening reads the compiled form.
      for (const tokenizer of [await opened(name), await opened(name)]) {
        expect(differences(kind.ids, (text) => tokenizer.encode(text, { special: true }))).toEqual([]);
        expect(differences(kind.decoded, (_, i) => tokenizer.decode(kind.ids[i] ?? []))).toEqual([]);
        expect(differences(kind.raw, (_, i) => tokenizer.decode((kind.ids[i] ?? []).slice(1, 4), { skipSpecial: false }))).toEqual([]);
        expect(tokenizer.encode('x', { bos: true }).slice(0, kind.bos.length)).toEqual(kind.bos);
        expect(tokenizer.addBos).toBe(kind.bos.length > 0);
      }
    });
  }
});
