import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ggufPre, knownPre } from '../runners/onnx/gguf-pretokenizers.ts';
import { openPreTokenizer, speller } from '../runners/onnx/pretokenizers.ts';

interface Fixture {
  readonly strings: readonly string[];
  readonly kinds: Readonly<Record<string, readonly (readonly string[])[]>>;
}
const fixture = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/pretokenizers.json.gz', import.meta.url))).toString('utf8'),
) as Fixture;

/** test/reference/pretokenizers.py: what the tokenizers package makes of publishers' configurations. */
describe('tokenizer.ggml.pre: words as the tokenizers package cuts them', () => {
  const spell = speller();
  test.each(Object.entries(fixture.kinds))('%s', (name, expected) => {
    const pre = openPreTokenizer(ggufPre(name).preTokenizer);
    const different = fixture.strings.flatMap((text, i) => {
      const words = pre.split(text, true).map((word) => (pre.byteLevel ? spell(word) : word));
      return JSON.stringify(words) === JSON.stringify(expected[i]) ? [] : [[text, expected[i], words]];
    });
    expect(different).toEqual([]);
  });

  test('every name cuts without losing a character', () => {
    for (const name of knownPre) {
      const pre = openPreTokenizer(ggufPre(name).preTokenizer);
      for (const text of fixture.strings) expect(pre.split(text, true).join(''), name).toBe(pre.byteLevel ? text : spell(text));
    }
  });
});
