/** Tokenizers of folders without tokenizer.json: SentencePiece's tokenizer.model, GPT-2's vocab.json with merges.txt. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../src/types.ts';
import { readJsonObject } from './open-model.ts';
import { mergesFromScores, spmShell } from './tokenizer-gguf.ts';
import { type AddedToken, buildTables, mergeTriples, type Tables } from './tokenizer-tables.ts';

type Config = Readonly<Record<string, unknown>>;

/** The file that such a folder's tokenizer is read from, if there is one. */
export function olderTokenizer(folder: string): string | undefined {
  const found = ['tokenizer.model', 'vocab.json'].find((name) => existsSync(join(folder, name)));
  if (found === 'vocab.json' && !existsSync(join(folder, 'merges.txt'))) return undefined;
  return found && join(folder, found);
}

/** Tables of tokenizer.model or vocab.json. `config`: tokenizer_config.json. UserError names what is not known. */
export function tablesOfOlder(path: string, folder: string, config: Config): Tables {
  const named = namedTokens(folder, config);
  return path.endsWith('.model') ? sentencePieceTables(path, named, config) : gpt2Tables(path, folder, named, config);
}

/** added_tokens.json (content → id) and `added_tokens_decoder` of tokenizer_config.json (id → token). */
function namedTokens(folder: string, config: Config): AddedToken[] {
  const path = join(folder, 'added_tokens.json');
  const plain = existsSync(path) ? Object.entries(readJsonObject(path)) : [];
  const described = Object.entries(Object(config.added_tokens_decoder) as Record<string, unknown>).map(
    ([id, token]) => [id, Object(token) as Config] as const,
  );
  const token = (id: unknown, content: unknown, flags: Config): [number, AddedToken][] =>
    typeof id === 'number' && Number.isInteger(id) && id >= 0 && typeof content === 'string' && content !== ''
      ? [
          [
            id,
            {
              id,
              content,
              special: flags.special !== false,
              normalized: flags.normalized === true,
              lstrip: flags.lstrip === true,
              rstrip: flags.rstrip === true,
              single_word: flags.single_word === true,
            },
          ],
        ]
      : [];
  const all = [
    ...plain.flatMap(([content, id]) => token(id, content, {})),
    ...described.flatMap(([id, each]) => token(Number(id), each.content, each)),
  ];
  return [...new Map(all).values()].toSorted((a, b) => a.id - b.id);
}

const contentOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'object' && value !== null ? contentOf((value as Config).content) : undefined;

/** Pieces by id with those added on top, and special tokens that only tokenizer_config.json names (`bos_token` …). */
function withAdded(
  pieces: readonly string[],
  named: readonly AddedToken[],
  config: Config,
): { pieces: (string | undefined)[]; added: AddedToken[] } {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const byConfig = ['bos_token', 'eos_token', 'unk_token', 'pad_token'].flatMap((name): AddedToken[] => {
    const content = contentOf(config[name]);
    const id = content === undefined ? undefined : ids.get(content);
    if (content === undefined || id === undefined || named.some((token) => token.content === content)) return [];
    return [{ id, content, special: true, normalized: false, lstrip: false, rstrip: false, single_word: false }];
  });
  const added = [...new Map([...byConfig, ...named].map((token) => [token.id, token])).values()];
  const all: (string | undefined)[] = [...pieces];
  for (const token of added) {
    if (token.id > 10_000_000) throw new UserError(`added token ${token.content} has the id ${token.id}`, 'fetch the tokenizer again');
    while (all.length < token.id) all.push(undefined);
    all[token.id] = token.content;
  }
  return { pieces: all, added };
}

function gpt2Tables(path: string, folder: string, named: readonly AddedToken[], config: Config): Tables {
  const vocab = Object.entries(readJsonObject(path, 64 << 20));
  const listed: string[] = new Array(vocab.length).fill('');
  for (const [piece, id] of vocab) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= vocab.length) {
      throw new UserError(`${path}: piece ${JSON.stringify(piece.slice(0, 40))} has the id ${String(id)}`, 'fetch the tokenizer again');
    }
    listed[id] = piece;
  }
  const { pieces, added } = withAdded(listed, named, config);
  const merges = readFileSync(join(folder, 'merges.txt'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#version'));
  const ids = new Map(listed.map((piece, id) => [piece, id]));
  const shell = {
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: config.add_prefix_space === true, use_regex: true },
    decoder: { type: 'ByteLevel' },
    post_processor: null,
    added_tokens: added,
  };
  const model = { byteFallback: false, fuseUnk: false, ignoreMerges: false, unk: -1 };
  return buildTables(shell, model, pieces, mergeTriples(merges, ids, join(folder, 'merges.txt')));
}

/** Fields of a protobuf message, from `start` to `end`: [number, value or start, end]. */
function* fields(bytes: Buffer, start: number, end: number): Generator<readonly [number: number, value: number, end: number]> {
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++] ?? -1;
      if (byte < 0 || at > end) break;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new Error('cut off');
  };
  while (at < end) {
    const tag = varint();
    const wire = tag % 8;
    if (wire === 0) {
      yield [Math.floor(tag / 8), varint(), at];
      continue;
    }
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : -1;
    if (length < 0 || at + length > end) throw new Error('cut off');
    yield [Math.floor(tag / 8), at, at + length];
    at += length;
  }
}

interface SentencePieceModel {
  readonly pieces: { readonly text: string; readonly score: number; readonly type: number }[];
  /** 1 unigram, 2 BPE. */
  readonly kind: number;
  readonly byteFallback: boolean;
  readonly prefix: boolean;
  readonly trims: boolean;
  readonly maps: boolean;
}

/** sentencepiece_model.proto: pieces 1 (piece 1, score 2, type 3), trainer 2 (model_type 3, byte_fallback 35), normaliser 3 (charsmap 2, prefix 3, trims 4). */
function sentencePieceModel(bytes: Buffer): SentencePieceModel {
  const pieces: { text: string; score: number; type: number }[] = [];
  let found = { kind: 1, byteFallback: false, prefix: true, trims: true, maps: false };
  for (const [number, start, end] of fields(bytes, 0, bytes.length)) {
    const inside = number <= 3 ? [...fields(bytes, start, end)] : [];
    const value = (field: number): number | undefined => inside.findLast(([each]) => each === field)?.[1];
    if (number === 1) {
      const [, from = 0, to = 0] = inside.find(([each]) => each === 1) ?? [];
      const score = value(2);
      pieces.push({
        text: bytes.toString('utf8', from, to),
        score: score === undefined ? 0 : bytes.readFloatLE(score),
        type: value(3) ?? 1,
      });
    } else if (number === 2) found = { ...found, kind: value(3) ?? 1, byteFallback: value(35) === 1 };
    else if (number === 3) {
      const map = inside.find(([each]) => each === 2);
      found = { ...found, maps: map !== undefined && map[2] > map[1], prefix: value(3) !== 0, trims: value(4) !== 0 };
    }
  }
  return { pieces, ...found };
}

function sentencePieceTables(path: string, named: readonly AddedToken[], config: Config): Tables {
  if (statSync(path).size > 64 << 20) throw new UserError(`${path}: larger than any vocabulary`, 'fetch the tokenizer again');
  let read: SentencePieceModel;
  try {
    read = sentencePieceModel(readFileSync(path));
  } catch {
    throw new UserError(`${path}: not a SentencePiece model, or damaged`, 'fetch the tokenizer again');
  }
  const why =
    read.kind !== 2 ? 'a unigram model' : read.maps ? 'one that rewrites characters' : read.trims ? 'one that removes spaces' : null;
  if (why !== null || read.pieces.length === 0) {
    throw new UserError(
      `${path}: ${why ?? 'empty'}; BPE models that keep the text as it is are read`,
      'make a tokenizer.json with transformers: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)',
    );
  }
  const own = read.pieces.flatMap(({ text, type }, id): AddedToken[] => {
    if (type !== 2 && type !== 3 && type !== 4) return [];
    if (/^▁+$/.test(text)) return [];
    return [{ id, content: text, special: type !== 4, normalized: false, lstrip: false, rstrip: false, single_word: false }];
  });
  const texts = read.pieces.map((piece) => piece.text);
  const { pieces, added } = withAdded(texts, [...new Map([...own, ...named].map((token) => [token.id, token])).values()], config);
  const ids = new Map(texts.map((piece, id) => [piece, id]));
  const bos = own.find((token) => token.content === '<s>' || token.content === '<bos>');
  const single = [...(bos ? [{ SpecialToken: { id: bos.content } }] : []), { Sequence: { id: 'A' } }];
  const processor = { type: 'TemplateProcessing', single, special_tokens: bos ? { [bos.content]: { ids: [bos.id] } } : {} };
  const unk = read.pieces.findIndex((piece) => piece.type === 2);
  const scores = Float64Array.from(read.pieces, (piece) => piece.score);
  return buildTables(
    { ...spmShell(read.prefix, added), post_processor: processor },
    { byteFallback: read.byteFallback, fuseUnk: true, ignoreMerges: false, unk },
    pieces,
    mergesFromScores(texts, ids, scores),
  );
}
