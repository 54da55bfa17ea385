/** Tokenizers: tokenizer.json, SentencePiece models, vocabularies with merges. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openTokenizer, type Tokenizer } from '../../../runners/onnx/tokenizer.ts';
import { rewriter, scratch, type Target } from '../target.ts';

const gunzipped = (name: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, '../../fixtures', name))).toString('utf8'));
/** A cache that cannot be written: everything is read anew. */
export const noCache = '/dev/null/cache';
export const plainFolder = (folder: string) => ({ format: 'safetensors', config: {}, arrays: new Map(), path: folder, folder }) as const;

/** Puts a tokenizer to use. */
export function use(tokenizer: Tokenizer): void {
  for (const text of ['Hello, world! 123', '  a\n\nb <s></s><|im_end|> ü 漢字 🙂', '']) {
    const ids = tokenizer.encode(text, { special: true, bos: true });
    tokenizer.decode(ids.slice(0, 200), { skipSpecial: false });
    tokenizer.specialStarts(text);
  }
  tokenizer.encodePair('a b ', 'c');
}

const unigram = {
  added_tokens: [{ id: 0, content: '<unk>', special: true }],
  normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }] },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
  decoder: { type: 'Metaspace', replacement: '▁' },
  post_processor: null,
  model: { type: 'Unigram', unk_id: 0, vocab: ['<unk>', '▁', 'a', 'b', '▁a', 'ab'].map((piece, i) => [piece, -i]) },
};
const wordPiece = {
  added_tokens: [{ id: 0, content: '[UNK]', special: true }],
  normalizer: { type: 'BertNormalizer', lowercase: true },
  pre_tokenizer: { type: 'Whitespace' },
  decoder: { type: 'WordPiece', prefix: '##' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '[UNK]' } }, { Sequence: { id: 'A' } }],
    special_tokens: {},
  },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab: { '[UNK]': 0, hello: 1, '##a': 2 } },
};

const parts = [
  'type',
  'Regex',
  'Sequence',
  'Split',
  'ByteLevel',
  'Metaspace',
  'Replace',
  'pattern',
  'merges',
  'vocab',
  'BPE',
  'Unigram',
  'Strip',
  'Fuse',
];
const tokenizer: Target = {
  name: 'tokenizer',
  form: 'json',
  words: [...parts, 'ByteFallback', 'Prepend', 'Lowercase', 'StripAccents', 'Precompiled', 'Truncate', '(a+)+$', '\\p{L}+', '(?i:x)'],
  setUp() {
    const folder = scratch();
    const write = rewriter(join(folder, 'tokenizer.json'));
    const { kinds } = gunzipped('tokenizers.json.gz') as { readonly kinds: Readonly<Record<string, { readonly tokenizer: unknown }>> };
    return {
      seeds: [...Object.values(kinds).map((kind) => kind.tokenizer), unigram, wordPiece].map((value) => Buffer.from(JSON.stringify(value))),
      async open(input) {
        write(input);
        use(await openTokenizer(plainFolder(folder), noCache));
      },
    };
  },
};

interface Older {
  readonly spm: { readonly model: string };
  readonly gpt2: Readonly<Record<string, string>>;
}
const sentencePiece: Target = {
  name: 'sentencepiece',
  form: 'bytes',
  setUp() {
    const folder = scratch();
    const write = rewriter(join(folder, 'tokenizer.model'));
    return {
      seeds: [Buffer.from((gunzipped('tokenizer-older.json.gz') as Older).spm.model, 'base64')],
      async open(input) {
        write(input);
        use(await openTokenizer(plainFolder(folder), noCache));
      },
    };
  },
};

const named = {
  bos_token: '<s>',
  eos_token: { content: '</s>' },
  added_tokens_decoder: { 700: { content: '<x>', special: true } },
  chat_template: '{{ messages }}',
};
const textOf = (value: unknown) => Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const vocabulary: Target = {
  name: 'vocab-merges',
  form: 'json',
  words: ['added_tokens_decoder', 'chat_template', 'bos_token', 'content', '<s>'],
  setUp() {
    const folder = scratch();
    const writers = ['vocab.json', 'merges.txt', 'tokenizer_config.json'].map((name) => rewriter(join(folder, name)));
    const { gpt2 } = gunzipped('tokenizer-older.json.gz') as Older;
    return {
      seeds: [textOf([JSON.parse(gpt2['vocab.json'] ?? '{}'), gpt2['merges.txt'], named])],
      async open(input) {
        let values: unknown;
        try {
          values = JSON.parse(input.toString('utf8'));
        } catch {
          values = [input.toString('utf8'), 'a b', {}];
        }
        for (const [i, write] of writers.entries()) write(textOf((values as unknown[] | null)?.[i]));
        use(await openTokenizer(plainFolder(folder), noCache));
      },
    };
  },
};

export const tokenizerTargets: readonly Target[] = [tokenizer, sentencePiece, vocabulary];
