import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openTokenizer } from '../runners/onnx/tokenizer.ts';
import { UserError } from '../src/types.ts';

const fixture = JSON.parse(gunzipSync(readFileSync(new URL('fixtures/tokenizer-older.json.gz', import.meta.url))).toString('utf8')) as {
  readonly strings: readonly string[];
  readonly spm: { readonly model: string; readonly ids: readonly number[][]; readonly decoded: readonly string[] };
  readonly gpt2: { readonly 'vocab.json': string; readonly 'merges.txt': string; readonly ids: readonly number[][] };
};
const scratch = mkdtempSync(join(tmpdir(), 'plumbline-older-'));

function open(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = mkdtempSync(join(scratch, 'f-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return openTokenizer({ format: 'safetensors', path: folder, folder, config: {}, arrays: new Map() }, join(scratch, 'cache'));
}
const different = (expected: readonly number[][], encode: (text: string) => number[]) =>
  fixture.strings.flatMap((text, i) => {
    const ids = encode(text);
    return JSON.stringify(ids) === JSON.stringify(expected[i]) ? [] : [[text, expected[i], ids]];
  });

describe('folders without tokenizer.json', () => {
  const model = new Uint8Array(Buffer.from(fixture.spm.model, 'base64'));

  test('tokenizer.model: ids and texts as sentencepiece makes them', async () => {
    for (let i = 0; i < 2; i += 1) {
      const tokenizer = await open({ 'tokenizer.model': model });
      expect(different(fixture.spm.ids, (text) => tokenizer.encode(text))).toEqual([]);
      expect(fixture.spm.ids.map((ids) => tokenizer.decode(ids, { skipSpecial: false }))).toEqual(fixture.spm.decoded);
      expect(tokenizer.addBos).toBe(true);
      expect(tokenizer.encode('</s>', { special: true })).toEqual([tokenizer.idOf('</s>')]);
    }
    expect((await open({ 'tokenizer.model': model, 'tokenizer_config.json': '{"add_bos_token":false}' })).addBos).toBe(false);
  });

  test('vocab.json and merges.txt: ids as the tokenizers package makes them', async () => {
    const files = { 'vocab.json': fixture.gpt2['vocab.json'], 'merges.txt': fixture.gpt2['merges.txt'] };
    const config = JSON.stringify({ bos_token: { content: '</s>' }, eos_token: '</s>', pad_token: '<pad>', add_bos_token: true });
    const tokenizer = await open({ ...files, 'tokenizer_config.json': config, 'added_tokens.json': '{"<extra>":700}' });
    expect(different(fixture.gpt2.ids, (text) => tokenizer.encode(text, { special: true }))).toEqual([]);
    expect(tokenizer.encode('x', { bos: true })[0]).toBe(tokenizer.idOf('</s>'));
    expect(tokenizer.encode('<extra>', { special: true })).toEqual([700]);
    expect(tokenizer.decode([700], { skipSpecial: false })).toBe('<extra>');
  });

  test('what is damaged is refused', async () => {
    for (const files of [
      { 'tokenizer.model': model.subarray(0, 1000) },
      { 'tokenizer.model': new Uint8Array(100).fill(255) },
      { 'tokenizer.model': new Uint8Array() },
      { 'vocab.json': '{"a":7}', 'merges.txt': '' },
      { 'vocab.json': '{"a":0}', 'merges.txt': 'a b' },
      { 'vocab.json': '{"a":0}' },
    ]) {
      await expect(open(files as Record<string, string>)).rejects.toBeInstanceOf(UserError);
    }
  });
});
