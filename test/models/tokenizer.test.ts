import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openModel } from '../../runners/onnx/open-model.ts';
import { openTemplate } from '../../runners/onnx/template.ts';
import { openTokenizer } from '../../runners/onnx/tokenizer.ts';
import type { Message } from '../../src/types.ts';
import { realModel, realModelNames } from '../support/real-models.ts';
import { sharedFolder } from '../support/shared-folder.ts';

interface Fixture {
  readonly strings: readonly string[];
  readonly models: Readonly<Record<string, { readonly ids: readonly number[][]; readonly decoded: readonly string[] }>>;
}
interface Reference {
  readonly traces: readonly { readonly text: string; readonly repeat: number; readonly ids: readonly number[] }[];
  readonly greedy: readonly {
    readonly prompt: string;
    readonly ids: readonly number[];
    readonly tokens: readonly number[];
    readonly text: string;
  }[];
  readonly chat: readonly { readonly messages: readonly Message[]; readonly rendered: string }[];
}
const fixture = JSON.parse(
  gunzipSync(readFileSync(new URL('../fixtures/tokenizer-gguf.json.gz', import.meta.url))).toString('utf8'),
) as Fixture;
const cacheDir = mkdtempSync(join(tmpdir(), 'plumbline-tokenizer-'));

for (const name of realModelNames) {
  const path = realModel(name);
  if (path === null || !existsSync(join(sharedFolder, 'reference'))) {
    test.skip(`${name}: no file, or no reference beside the repository`);
    continue;
  }
  describe(name, async () => {
    const files = openModel(path);
    const tokenizer = await openTokenizer(files, cacheDir);
    const made = fixture.models[name] ?? { ids: [], decoded: [] };
    const reference = JSON.parse(readFileSync(join(sharedFolder, 'reference', `${name}.json`), 'utf8')) as Reference;

    test('hard strings: ids as transformers makes them from the same file', () => {
      const different = fixture.strings.flatMap((text, i) => {
        const ids = tokenizer.encode(text, { special: true });
        return JSON.stringify(ids) === JSON.stringify(made.ids[i]) ? [] : [[text, made.ids[i], ids]];
      });
      expect(different).toEqual([]);
    });

    test('hard strings: decoded as transformers decodes them', () => {
      const different = made.ids.flatMap((ids, i) => {
        const text = tokenizer.decode(ids);
        return text === made.decoded[i] ? [] : [[ids, made.decoded[i], text]];
      });
      expect(different).toEqual([]);
    });

    test('traces, prompts and continuations of the reference', () => {
      for (const { text, repeat, ids } of reference.traces) {
        expect(tokenizer.encode(text.repeat(repeat), { bos: true })).toEqual(ids);
      }
      for (const { prompt, ids, tokens, text } of reference.greedy) {
        expect(tokenizer.encode(prompt, { bos: true })).toEqual(ids);
        expect(tokenizer.decode(tokens, { skipSpecial: false })).toBe(text);
      }
    });

    test('conversations render string for string, and typed special tokens stay text', () => {
      const template = openTemplate(files, tokenizer);
      for (const { messages, rendered } of reference.chat) {
        const chat = template?.encodeChat(messages);
        expect(chat?.text).toBe(rendered);
        expect(tokenizer.decode(chat?.ids ?? [], { skipSpecial: false })).toBe(rendered);
        const turns = rendered.split('<|im_end|>').length - 1 - messages.filter((message) => message.content.includes('<|im_end|>')).length;
        expect(chat?.ids.filter((id) => id === tokenizer.idOf('<|im_end|>')).length).toBe(turns);
      }
    });
  });
}
