import { UserError } from '../../src/types.ts';
import { gpt2Pattern } from './pretokenizers.ts';

type Config = Readonly<Record<string, unknown>>;

/** What a GGUF file's `tokenizer.ggml.pre` stands for. */
export interface GgufPre {
  /** The model's own publisher normalises to NFC. (llama.cpp never does; here the publisher's tokenizer is followed.) */
  readonly nfc: boolean;
  readonly ignoreMerges: boolean;
  /** Begin token added where the file does not say. */
  readonly addBos: boolean;
  readonly preTokenizer: Config;
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const space = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
/** The cl100k pattern with up to `digits` digits in a group. `letters`: what words are made of; `after`: what may follow signs. */
const cl100k = (digits: string, letters = '\\p{L}', after = '[\\r\\n]*'): string =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?[${letters}]+|\\p{N}${digits}| ?[^\\s${letters}\\p{N}]+${after}|${space}`;
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
/** The o200k pattern: words are cut where lower case turns to upper. `tail`: what may follow a word; `digits`: as above. */
const o200k = (tail: string, digits: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${tail}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${tail}|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${space}`;
const words = ' ?[^(\\s|.,!?…。，、।۔،)]+';
/** Letters with case, as DeepSeek's pattern lists them: hexadecimal code points and ranges. */
const casedRanges = [
  '41-5a 61-7a b5 c0-d6 d8-f6 f8-1ba 1bc-1bf 1c4-293 295-2af 370-373 376 377 37b-37d 37f 386 388-38a 38c 38e-3a1 3a3-3f5',
  '3f7-481 48a-52f 531-556 10a0-10c5 13a0-13f5 13f8-13fd 1c90-1cba 1cbd-1cbf 1d00-1d2b 1d6b-1d77 1d79-1d9a 1e00-1f15',
  '1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3',
  '1fd6-1fdb 1fe0-1fec 1ff2-1ff4 1ff6-1ffc 2102 2107 210a-2113 2115 2119-211d 2124 2126 2128 212a-212d 212f-2134 2139',
  '213c-213f 2145-2149 214e 2183 2184 2c00-2c7b 2c7e-2ce4 2ceb-2cee 2cf2 2cf3 a640-a66d a680-a69b a722-a76f a771-a787',
  'a78b-a78e ab70-abbf fb00-fb06 fb13-fb17 ff21-ff3a ff41-ff5a 10400-1044f 104b0-104d3 104d8-104fb 10c80-10cb2 10cc0-10cf2',
  '118a0-118df 1e900-1e943',
];
const cased = casedRanges
  .join(' ')
  .split(' ')
  .map((range) =>
    range
      .split('-')
      .map((point) => String.fromCodePoint(Number.parseInt(point, 16)))
      .join('-'),
  )
  .join('');
const han = '[一-龥ࠀ-一가-퟿]+';

interface Row {
  readonly names: readonly string[];
  /** Each cuts what the one before it left, in order. */
  readonly patterns: readonly string[];
  /** Instead of patterns: the publisher's own stages, where one after the spelling in bytes sees those. */
  readonly stages?: readonly Config[];
  readonly nfc?: true;
  readonly ignoreMerges?: true;
  readonly addBos?: true;
}

/** Patterns of the publishers' tokenizer.json files, under the names that llama.cpp (src/llama-vocab.cpp) gives them. */
const rows: readonly Row[] = [
  { names: ['default'], patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', gpt2Pattern, '\\p{N}+', '[0-9][0-9][0-9]'] },
  {
    names: ['llama3', 'llama-v3', 'llama-bpe', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'],
    patterns: [cl100k('{1,3}')],
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], patterns: [cl100k('{1,3}')] },
  { names: ['minicpm5'], patterns: ['\\p{N}{1,3}', cl100k('+')], ignoreMerges: true },
  { names: ['hunyuan', 'solar-open', 'grok-2'], patterns: [cl100k('')] },
  { names: ['qwen35'], patterns: [cl100k('', '\\p{L}\\p{M}')], nfc: true },
  { names: ['seed-coder'], patterns: [cl100k('', '\\p{L}', '')] },
  { names: ['bailingmoe', 'bailingmoe2', 'llada-moe'], patterns: [cl100k('').replace(space, '\\s*[\\r\\n]|\\s+(?!\\S)|\\s+')] },
  { names: ['qwen2', 'deepseek-r1-qwen', 'kormo', 'megrez', 'f2llmv2'], patterns: [cl100k('')], nfc: true },
  { names: ['stablelm2'], patterns: [cl100k('')] },
  {
    names: ['starcoder', 'refact', 'command-r', 'smollm', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    patterns: ['\\p{N}', gpt2Pattern],
  },
  {
    names: ['gpt-2', 'phi-2', 'jais', 'gigachat', 'exaone4', 'a.x-4.0', 'mellum', 'modern-bert', 'trillion', 'granite-docling'],
    patterns: [gpt2Pattern],
  },
  { names: ['olmo', 'mpt'], patterns: [gpt2Pattern], nfc: true },
  {
    names: ['falcon'],
    patterns: [],
    stages: [
      { type: 'Punctuation', behavior: 'Contiguous' },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      { type: 'Digits', individual_digits: false },
      { type: 'Split', pattern: { Regex: '[0-9][0-9][0-9]' }, behavior: 'Isolated', invert: false },
    ],
  },
  {
    names: ['deepseek-llm'],
    patterns: ['[\\r\\n]', `\\s?[${cased}]+`, '\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+', '\\s+$', han, '\\p{N}+'],
  },
  { names: ['deepseek-coder'], patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', han, '\\p{N}'] },
  {
    names: ['deepseek-v3', 'hunyuan-dense', 'joyai-llm'],
    patterns: [
      '\\p{N}{1,3}',
      '[一-龥぀-ゟ゠-ヿ]+',
      '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
    ],
  },
  { names: ['tekken'], patterns: [o200k('', '')], ignoreMerges: true, addBos: true },
  { names: ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'], patterns: [o200k(`${contractions}?`, '{1,3}')] },
  { names: ['tiny_aya', 'cohere2moe'], patterns: ['\\d{1,3}(?=(?:\\d{3})*\\b)', o200k(`${contractions}?`, '{1,3}')] },
  { names: ['poro-chat', 'bloom', 'gpt3-finnish'], patterns: [words] },
  { names: ['viking'], patterns: [words, '\\p{N}'] },
];

/** Names of every pre-tokenizer that is known. */
export const knownPre: readonly string[] = rows.flatMap((row) => row.names);

/** What a `tokenizer.ggml.pre` name stands for; UserError names one that is not known. */
export function ggufPre(name: string): GgufPre {
  const row = rows.find((each) => each.names.includes(name));
  if (!row) {
    throw new UserError(
      `the file's tokenizer cuts text in a way called "${name}", which is not known (known: ${knownPre.join(', ')})`,
      'use the safetensors folder of the model, with its tokenizer.json',
    );
  }
  const split = (regex: string): Config => ({ type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  return {
    nfc: row.nfc ?? false,
    ignoreMerges: row.ignoreMerges ?? false,
    addBos: row.addBos ?? false,
    preTokenizer: { type: 'Sequence', pretokenizers: row.stages ?? [...row.patterns.map(split), bytes] },
  };
}
