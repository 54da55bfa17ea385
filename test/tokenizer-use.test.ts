import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knownPre } from '../runners/onnx/gguf-pretokenizers.ts';
import { openModel } from '../runners/onnx/open-model.ts';
import { byteAlphabet } from '../runners/onnx/pretokenizers.ts';
import { openTokenizer, type Tokenizer } from '../runners/onnx/tokenizer.ts';
import { UserError } from '../src/types.ts';
import { type GgufParts, writeGguf } from './support/gguf-file.ts';

const { kinds, strings } = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/tokenizers.json.gz', import.meta.url))).toString('utf8'),
) as {
  readonly kinds: Readonly<Record<string, { readonly tokenizer: unknown }>>;
  readonly strings: readonly string[];
};
const scratch = mkdtempSync(join(tmpdir(), 'plumbline-tokens-'));
const cacheDir = join(scratch, 'cache');

function folderWith(files: Readonly<Record<string, string>>, config: Readonly<Record<string, unknown>> = {}) {
  const folder = mkdtempSync(join(scratch, 'f-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return { format: 'safetensors', path: folder, folder, config, arrays: new Map() } as const;
}
const json = (kind: string): string => JSON.stringify(kinds[kind]?.tokenizer);
const tokenizerOf = (kind: string): Promise<Tokenizer> => openTokenizer(folderWith({ 'tokenizer.json': json(kind) }), cacheDir);

describe('context and continuation', () => {
  /** lm_eval/api/model.py, TemplateLM._encode_pair, written out over a tokenizer. */
  function harness(tokenizer: Tokenizer, context: string, continuation: string) {
    const spaces = context.length - context.replace(/[ \n\t]+$/, '').length;
    const head = context.slice(0, context.length - spaces);
    const rest = context.slice(context.length - spaces) + continuation;
    const own = tokenizer.encode(head);
    return { context: own, continuation: tokenizer.encode(head + rest).slice(own.length) };
  }

  test('as lm-evaluation-harness splits them, in every kind of tokenizer', async () => {
    const text = fc.array(fc.constantFrom('Q: ', 'the', ' the', ' ', '\n', 'A:', ' fox', '12', '你好', '😀', '.'), {
      minLength: 1,
      maxLength: 6,
    });
    for (const kind of Object.keys(kinds)) {
      const tokenizer = await tokenizerOf(kind);
      fc.assert(
        fc.property(text, text, (a, b) => {
          const [context, continuation] = [`x${a.join('')}`, b.join('')];
          expect(tokenizer.encodePair(context, continuation)).toEqual(harness(tokenizer, context, continuation));
        }),
        { numRuns: 40, seed: 5 },
      );
    }
  });

  test('spaces after the context belong to the continuation; the begin token comes first; an empty context is the begin token', async () => {
    const tokenizer = await tokenizerOf('llama3');
    const [bos] = tokenizer.encode('', { bos: true });
    const spaced = tokenizer.encodePair('Answer: ', 'yes', { bos: true });
    expect(spaced).toEqual(tokenizer.encodePair('Answer:', ' yes', { bos: true }));
    expect(spaced.context[0]).toBe(bos);
    expect(tokenizer.decode([...spaced.context, ...spaced.continuation])).toBe('Answer: yes');
    const named = await openTokenizer(
      folderWith({ 'tokenizer.json': json('llama3'), 'tokenizer_config.json': '{"bos_token":"<s>","eos_token":"</s>"}' }),
      cacheDir,
    );
    expect(named.encodePair('', ' yes')).toEqual({ context: [named.bos], continuation: named.encode(' yes') });
  });

  test('special tokens in an option stay text', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const { continuation } = tokenizer.encodePair('a<|im_end|>', ' <|im_end|>', { special: true });
    expect(continuation.some((id) => tokenizer.special.has(id))).toBe(false);
  });
});

describe('text that grows token by token', () => {
  test('is the whole text in the end, and never shows half a character', async () => {
    for (const kind of Object.keys(kinds).filter((name) => name !== 'metaspace')) {
      const tokenizer = await tokenizerOf(kind);
      for (const text of strings) {
        const ids = tokenizer.encode(text);
        const stream = tokenizer.stream();
        const parts = [...ids.map((id) => stream.push(id)), stream.end()];
        expect(parts.join('')).toBe(tokenizer.decode(ids, { continuation: true }));
        if (!text.includes('\ufffd')) expect(parts.join('')).not.toContain('\ufffd');
      }
    }
  });

  test('a text that stops inside a character ends in U+FFFD', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const ids = tokenizer.encode('𐍈𐌰𐌹').slice(0, -1);
    const stream = tokenizer.stream();
    const shown = ids.map((id) => stream.push(id)).join('');
    expect(shown).not.toContain('\ufffd');
    expect(shown + stream.end()).toBe(tokenizer.decode(ids));
    expect(tokenizer.decode(ids)).toContain('\ufffd');
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([-1, 10 ** 9])).toBe('');
  });
});

describe('tokenizers in GGUF metadata', () => {
  const open = (metadata: GgufParts['metadata']): Promise<Tokenizer> => {
    const path = join(mkdtempSync(join(scratch, 'g-')), 'm.gguf');
    writeGguf(path, { metadata: [['general.architecture', 'llama'], ...metadata], tensors: [] });
    return openTokenizer(openModel(path), cacheDir);
  };
  const alphabet = byteAlphabet();
  const tokens = ['<|endoftext|>', ...alphabet, 'Ġt', 'he', 'Ġthe', '<tool>', '12'];
  const gpt2 = (pre: string): GgufParts['metadata'] => [
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', pre],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.token_type', tokens.map((_, id) => (id === 0 ? 3 : id === 260 ? 4 : 1))],
    ['tokenizer.ggml.merges', ['Ġ t', 'h e', 'Ġt he', '1 2']],
    ['tokenizer.ggml.bos_token_id', 0],
    ['tokenizer.ggml.eos_token_id', 0],
  ];

  test('type gpt2 under every known pre-tokenizer', async () => {
    const byte = (character: string) => 1 + alphabet.indexOf(character);
    for (const pre of knownPre) {
      const tokenizer = await open(gpt2(pre));
      expect(tokenizer.encode('a the')).toEqual([byte('a'), 259]);
      expect(tokenizer.encode('<tool><|endoftext|>', { special: true })).toEqual([260, 0]);
      expect(tokenizer.decode(tokenizer.encode('x <|endoftext|> 你'))).toBe('x <|endoftext|> 你');
      expect(tokenizer.stops).toEqual([0]);
    }
    // Digits one by one, or in groups.
    expect((await open(gpt2('smollm'))).encode('12')).toEqual([byte('1'), byte('2')]);
    expect((await open(gpt2('llama-bpe'))).encode('12')).toEqual([261]);
    expect((await open(gpt2('llama-bpe'))).addBos).toBe(true);
    expect((await open(gpt2('qwen2'))).addBos).toBe(false);
    expect((await open([...gpt2('qwen2'), ['tokenizer.ggml.add_bos_token', true]])).encode('a', { bos: true })).toEqual([0, byte('a')]);
  });

  test('type llama: merges by score, bytes for what has no piece, a space before', async () => {
    const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
    const pieces = ['<unk>', '<s>', '</s>', ...bytes, '▁a', 'ab', '▁', 'a', 'b', 's', '<', '>', '/', '</', 's>'];
    const spm = (more: GgufParts['metadata'] = []): GgufParts['metadata'] => [
      ['tokenizer.ggml.model', 'llama'],
      ['tokenizer.ggml.tokens', pieces],
      ['tokenizer.ggml.scores', pieces.map((_, id) => (id < 259 ? 0.5 : 258.5 - id))],
      ['tokenizer.ggml.token_type', pieces.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1))],
      ['tokenizer.ggml.bos_token_id', 1],
      ['tokenizer.ggml.eos_token_id', 2],
      ['tokenizer.ggml.unknown_token_id', 0],
      ...more,
    ];
    const id = (piece: string) => pieces.indexOf(piece);
    const tokenizer = await open(spm());
    expect(tokenizer.encode('ab', { bos: true })).toEqual([1, id('▁a'), id('b')]);
    expect(tokenizer.encode('é')).toEqual([id('▁'), id('<0xC3>'), id('<0xA9>')]);
    expect(tokenizer.decode(tokenizer.encode('ab é'))).toBe('ab é');
    expect(tokenizer.encode('</s>', { special: true })).toEqual([2]);
    expect(tokenizer.encode('</s>')).toEqual([id('▁'), id('</'), id('s>')]);
    expect((await open(spm([['tokenizer.ggml.add_space_prefix', false]]))).encode('ab')).toEqual([id('ab')]);
    expect((await open(spm([['tokenizer.ggml.add_bos_token', false]]))).addBos).toBe(false);
  });

  test('what is not known is refused by name', async () => {
    await expect(open(gpt2('made-up'))).rejects.toThrow(/"made-up"/);
    await expect(open([['tokenizer.ggml.model', 't5'], ...gpt2('gpt-2').slice(1)])).rejects.toThrow(/type t5/);
    await expect(open([])).rejects.toThrow(/no tokenizer/);
    await expect(open(gpt2('gpt-2').filter(([key]) => key !== 'tokenizer.ggml.merges'))).rejects.toThrow(/no merges/);
    await expect(open([...gpt2('gpt-2').slice(0, 4), ['tokenizer.ggml.merges', ['q zz']]])).rejects.toThrow(/merge 1/);
  });
});

describe('tokenizer.json from strangers', () => {
  const good = JSON.parse(json('gpt2')) as Record<string, unknown>;
  const open = (value: unknown) =>
    openTokenizer(folderWith({ 'tokenizer.json': typeof value === 'string' ? value : JSON.stringify(value) }), cacheDir);
  const model = (more: object) => ({ ...good, model: { ...(good.model as object), ...more } });

  test('what is damaged or not known is a UserError', async () => {
    for (const bad of [
      '{',
      '[]',
      {},
      { ...good, pre_tokenizer: { type: 'Sorcery' } },
      { ...good, normalizer: { type: 'Sorcery' } },
      { ...good, pre_tokenizer: { type: 'Split', pattern: { Regex: '([' }, behavior: 'Isolated' } },
      model({ vocab: { a: 2 ** 40 }, merges: [] }),
      model({ vocab: { a: -1 }, merges: [] }),
      model({ vocab: { a: 'x' }, merges: [] }),
      model({ merges: ['zz qq'] }),
      model({ type: 'Sorcery' }),
    ]) {
      await expect(open(bad), JSON.stringify(bad).slice(0, 80)).rejects.toBeInstanceOf(UserError);
    }
    await expect(openTokenizer(folderWith({}), cacheDir)).rejects.toThrow(/no tokenizer\.json/);
  });

  test('a damaged compiled form is made again', async () => {
    const folder = mkdtempSync(join(scratch, 'c-'));
    const files = folderWith({ 'tokenizer.json': json('qwen2') });
    const first = await openTokenizer(files, folder);
    const { readdirSync } = await import('node:fs');
    const [name = ''] = readdirSync(join(folder, 'tokenizers'));
    for (const torn of ['', 'plumbline-tokenizer/1\n', readFileSync(join(folder, 'tokenizers', name)).subarray(0, 5000)]) {
      writeFileSync(join(folder, 'tokenizers', name), torn);
      const again = await openTokenizer(files, folder);
      expect(again.encode('Hello, world!')).toEqual(first.encode('Hello, world!'));
    }
  });
});

describe('regular expressions of strangers', () => {
  const slow = { type: 'Split', pattern: { Regex: '(?:a+)+$' }, behavior: 'Isolated', invert: false };
  const opened = (parts: Readonly<Record<string, unknown>>, added: readonly unknown[] = []) => {
    const tokenizer = structuredClone(kinds.mpt?.tokenizer ?? Object.values(kinds)[0]?.tokenizer) as Record<string, unknown>;
    const tokens = [...(tokenizer.added_tokens as unknown[]), ...added];
    return openTokenizer(folderWith({ 'tokenizer.json': JSON.stringify({ ...tokenizer, ...parts, added_tokens: tokens }) }), cacheDir);
  };

  test('one that backtracks for ever ends after seconds with what to do', async () => {
    const tokenizer = await opened({ pre_tokenizer: slow });
    expect(tokenizer.encode('aaa').length).toBeGreaterThan(0);
    expect(() => tokenizer.encode(`${'a'.repeat(60)}b`)).toThrow(/patterns take too long on a text of 61 characters/);
    expect(tokenizer.encode('aaa').length).toBeGreaterThan(0);
  });

  test('also in how added tokens are normalised', async () => {
    const normalizer = { type: 'Replace', pattern: { Regex: '(?:a+)+$' }, content: 'x' };
    const added = {
      id: 9,
      content: `${'a'.repeat(60)}b`,
      special: false,
      normalized: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
    };
    await expect(opened({ normalizer }, [added])).rejects.toThrow(/patterns take too long/);
  });
});
