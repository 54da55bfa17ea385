import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenedModel, readJsonObject } from './open-model.ts';

/** A string, or the usual one of a list of {name, template}. */
function chosen(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const named = value.map((each) => Object(each) as { readonly name?: unknown; readonly template?: unknown });
  const template = (named.find((each) => each.name === 'default') ?? named[0])?.template;
  return typeof template === 'string' ? template : undefined;
}

/**
 * The source of a model's chat template: GGUF metadata, else chat_template.jinja, chat_template.json, tokenizer_config.json of its folder.
 * undefined: the model has none, so it is a base model.
 */
export function templateTextOf(files: Pick<OpenedModel, 'format' | 'folder' | 'config'>): string | undefined {
  if (files.format === 'gguf') return chosen(files.config['tokenizer.chat_template']);
  const jinja = join(files.folder, 'chat_template.jinja');
  if (existsSync(jinja)) return readFileSync(jinja, 'utf8');
  for (const name of ['chat_template.json', 'tokenizer_config.json']) {
    const path = join(files.folder, name);
    const found = existsSync(path) ? chosen(readJsonObject(path).chat_template) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
