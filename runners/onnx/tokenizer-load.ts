import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { UserError } from '../../src/types.ts';
import { contentHash, touch, writeWhole } from './cache.ts';
import { bytesOfArray } from './gguf.ts';
import { ggufPre } from './gguf-pretokenizers.ts';
import { type OpenedModel, readJsonObject } from './open-model.ts';
import { templateTextOf } from './template-source.ts';
import { type Bpe, openBpe } from './tokenizer-bpe.ts';
import { tablesOfGguf } from './tokenizer-gguf.ts';
import { shellOf, tablesOfJson } from './tokenizer-json.ts';
import { olderTokenizer, tablesOfOlder } from './tokenizer-older.ts';
import { packTables, type Tables, type TokenizerShell, unpackTables } from './tokenizer-tables.ts';

/** A GGUF file that was opened, or a folder with tokenizer.json. */
export type TokenizerFiles = Pick<OpenedModel, 'format' | 'path' | 'folder' | 'config' | 'arrays'>;

export interface SpecialIds {
  readonly bos: number | null;
  readonly eos: number | null;
  readonly unk: number | null;
  readonly pad: number | null;
  readonly stops: readonly number[];
  /** What the tokenizer puts before and after a text of its own accord. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface LoadedTokenizer {
  readonly key: string;
  readonly shell: TokenizerShell;
  readonly bpe: Bpe;
  readonly ids: SpecialIds;
  /** The chat template's source, '' without one: its words are control tokens. */
  readonly template: string;
}

type Config = Readonly<Record<string, unknown>>;

/** Raised whenever the compiled form could change. */
const compilerVersion = 4;
/** Texts of tokens that end a turn or a text, in the families that are read. */
const endTexts = [
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<end_of_turn>',
  '<|end|>',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<|end_of_turn|>',
  '<|END_OF_TURN_TOKEN|>',
  '<|eot|>',
  '<｜end▁of▁sentence｜>',
];

function fromCache(path: string): Tables | undefined {
  if (!existsSync(path)) return undefined;
  const tables = unpackTables(readFileSync(path));
  if (tables) touch(path);
  return tables;
}

function keep(path: string, tables: Tables): Tables {
  try {
    writeWhole(path, packTables(tables));
  } catch {
    // An unwritable cache only costs building it again.
  }
  return tables;
}

/** The tokenizer's parts, from the cache when they were compiled before. */
export async function loadTokenizer(files: TokenizerFiles, cacheDir: string): Promise<LoadedTokenizer> {
  return files.format === 'gguf' ? loadGguf(files as OpenedModel, cacheDir) : loadFolder(files, cacheDir);
}

function loadGguf(files: OpenedModel, cacheDir: string): LoadedTokenizer {
  const hash = createHash('sha256').update(`${compilerVersion}`);
  for (const [name, value] of Object.entries(files.config))
    if (name.startsWith('tokenizer.ggml.')) hash.update(JSON.stringify([name, value]));
  hash.update(String(files.config['general.architecture']));
  for (const [name, array] of files.arrays) if (name.startsWith('tokenizer.ggml.')) hash.update(name).update(bytesOfArray(array));
  const key = hash.digest('hex');
  const cached = join(cacheDir, 'tokenizers', `${key}.bin`);
  const tables = fromCache(cached) ?? keep(cached, tablesOfGguf(files));
  return { key, shell: tables.shell, bpe: openBpe(tables), ids: ggufIds(files, tables), template: templateTextOf(files) ?? '' };
}

function ggufIds(files: OpenedModel, { shell }: Tables): SpecialIds {
  const idAt = (name: string): number | null => {
    const id = files.config[`tokenizer.ggml.${name}_token_id`];
    return typeof id === 'number' ? id : null;
  };
  const spm = files.config['tokenizer.ggml.model'] === 'llama';
  const pre = files.config['tokenizer.ggml.pre'];
  const bos = idAt('bos');
  const eos = idAt('eos');
  const preBos = !spm && typeof pre === 'string' && ggufPre(pre).addBos;
  const addBos = files.config['tokenizer.ggml.add_bos_token'] ?? (spm || preBos);
  const addEos = files.config['tokenizer.ggml.add_eos_token'] ?? false;
  return {
    bos,
    eos,
    unk: idAt('unknown'),
    pad: idAt('padding'),
    stops: stopIds(shell, [eos, idAt('eot'), idAt('eom')]),
    before: addBos === true && bos !== null ? [bos] : [],
    after: addEos === true && eos !== null ? [eos] : [],
  };
}

function stopIds(shell: TokenizerShell, given: readonly (number | null)[]): number[] {
  const byText = shell.added_tokens.filter((token) => endTexts.includes(token.content)).map((token) => token.id);
  return [...new Set([...given.filter((id) => id !== null), ...byText])].toSorted((a, b) => a - b);
}

async function loadFolder(files: TokenizerFiles, cacheDir: string): Promise<LoadedTokenizer> {
  const config = optionalJson(join(files.folder, 'tokenizer_config.json'));
  const modern = join(files.folder, 'tokenizer.json');
  const path = existsSync(modern) ? modern : olderTokenizer(files.folder);
  if (path === undefined)
    throw new UserError(`${files.folder}: no tokenizer.json`, 'fetch it from the model’s repository, or give token ids with --ids');
  const content = await contentHash(path, cacheDir);
  const about = path === modern ? '' : JSON.stringify([config, await hashOf(files.folder, ['merges.txt', 'added_tokens.json'], cacheDir)]);
  const key = createHash('sha256').update(`${compilerVersion}${content}${about}`).digest('hex');
  const cached = join(cacheDir, 'tokenizers', `${key}.bin`);
  const known = fromCache(cached);
  const json = known || path !== modern ? {} : readJsonObject(path, 128 << 20);
  const built = known ?? (path === modern ? tablesOfJson(json, path) : tablesOfOlder(path, files.folder, config));
  if (built && !known) keep(cached, built);
  const { shell, bpe } = built ? { shell: built.shell, bpe: openBpe(built) } : throughLibrary(json, path);
  return { key, shell, bpe, ids: folderIds(files, config, { shell, bpe }), template: templateTextOf(files) ?? '' };
}

/** Content hashes of those of a folder's files that are there. */
async function hashOf(folder: string, names: readonly string[], cacheDir: string): Promise<string[]> {
  const there = names.map((name) => join(folder, name)).filter((path) => existsSync(path));
  return Promise.all(there.map((path) => contentHash(path, cacheDir)));
}

function optionalJson(path: string): Config {
  return existsSync(path) ? readJsonObject(path) : {};
}

/** WordPiece and Unigram models: the tokenizers library encodes the words. */
function throughLibrary(json: Config, path: string): { shell: TokenizerShell; bpe: Bpe } {
  const type = (json.model as Config | undefined)?.type ?? 'BPE';
  if (!['BPE', 'WordPiece', 'Unigram'].includes(String(type))) {
    throw new UserError(`${path}: its model is of type ${String(type)}; BPE, WordPiece and Unigram are read`, 'use a GGUF of the model');
  }
  let library: LibraryTokenizer;
  try {
    library = new LibraryTokenizer(json as never, {} as never);
  } catch (error) {
    throw new UserError(`${path}: the tokenizer cannot be opened (${(error as Error).message})`, 'use a GGUF of the model');
  }
  const { model } = library as unknown as { readonly model: { (words: string[]): string[]; readonly vocab: readonly string[] } };
  const bpe: Bpe = {
    size: model.vocab.length,
    idOf: (piece) => library.token_to_id(piece) ?? -1,
    pieceOf: (id) => library.id_to_token(id),
    encode(word, out) {
      for (const piece of model([word])) out.push(library.token_to_id(piece) ?? 0);
    },
  };
  return { bpe, shell: shellOf(json) };
}

/** A special token's text in tokenizer_config.json: a string, or an object with it. */
function tokenText(config: Config, name: string): string | null {
  const value = config[`${name}_token`];
  if (typeof value === 'string') return value;
  const content = typeof value === 'object' && value !== null ? (value as Config).content : null;
  return typeof content === 'string' ? content : null;
}

const idList = (value: unknown): number[] => (Array.isArray(value) ? value : [value]).filter((id) => typeof id === 'number');

function folderIds(files: TokenizerFiles, config: Config, { shell, bpe }: Pick<LoadedTokenizer, 'shell' | 'bpe'>): SpecialIds {
  const older = optionalJson(join(files.folder, 'special_tokens_map.json'));
  const generation = optionalJson(join(files.folder, 'generation_config.json'));
  const idAt = (name: string): number | null => {
    const text = tokenText(config, name) ?? tokenText(older, name);
    const id = text === null ? -1 : bpe.idOf(text);
    return id >= 0 ? id : (idList(files.config[`${name}_token_id`])[0] ?? null);
  };
  const bos = idAt('bos');
  const eos = idAt('eos');
  const around = aroundText(shell.post_processor, bpe);
  const addBos = config.add_bos_token;
  const stops = [eos, ...idList(generation.eos_token_id), ...idList(files.config.eos_token_id)];
  return {
    bos,
    eos,
    unk: idAt('unk'),
    pad: idAt('pad'),
    stops: stopIds(shell, stops),
    before: addBos === true && bos !== null ? [bos] : addBos === false ? [] : around.before,
    after: config.add_eos_token === false ? [] : around.after,
  };
}

/** Ids that a post-processor puts before and after one text. */
function aroundText(processor: Config | null, bpe: Bpe): { before: number[]; after: number[] } {
  const none = { before: [], after: [] };
  if (processor?.type === 'Sequence') {
    const parts = (Array.isArray(processor.processors) ? (processor.processors as Config[]) : []).map((part) => aroundText(part, bpe));
    return parts.find((part) => part.before.length + part.after.length > 0) ?? none;
  }
  if (processor?.type === 'BertProcessing' || processor?.type === 'RobertaProcessing') {
    return { before: idList(Object(processor.cls)[1]), after: idList(Object(processor.sep)[1]) };
  }
  if (processor?.type !== 'TemplateProcessing' || !Array.isArray(processor.single)) return none;
  const named = (processor.special_tokens ?? {}) as Readonly<Record<string, { readonly ids?: readonly number[] }>>;
  const steps = processor.single.map(
    (step) => Object(step) as { readonly SpecialToken?: { readonly id: string }; readonly Sequence?: unknown },
  );
  const text = steps.findIndex((step) => step.Sequence !== undefined);
  const idsOf = (token: string): number[] => idList(named[token]?.ids ?? bpe.idOf(token));
  const ids = (part: typeof steps) => part.flatMap(({ SpecialToken: token }) => (typeof token?.id === 'string' ? idsOf(token.id) : []));
  return { before: ids(steps.slice(0, text)), after: ids(steps.slice(text + 1)) };
}
