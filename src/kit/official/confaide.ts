/** ConfAIde's files (Mireshghallah et al. 2023): one prompt a line with one label a line, and blocks between <BEGIN> and <END>. */
import { type Data, UserError } from '../../types.ts';
import type { Rating } from './rating-suite.ts';

/** Prompts of a tier joined with people's ratings by line. `\n` in a prompt is a line break. */
export async function ratingsIn(data: Data, prompts: string, labels: string): Promise<Rating[]> {
  const human: number[] = [];
  for await (const { line, text } of data.lines('confaide', labels)) {
    const value = Number(text);
    if (!Number.isFinite(value)) throw new UserError(`confaide/${labels}:${line}: '${text}' is not a number`);
    human.push(value);
  }
  const out: Rating[] = [];
  for await (const { line, text } of data.lines('confaide', prompts)) {
    const rating = human[out.length];
    if (rating === undefined) throw new UserError(`confaide/${prompts}:${line}: there is no rating for it in ${labels}`);
    out.push({ id: `${prompts.replace(/\.txt$/, '')}-${line}`, prompt: `${text.replaceAll('\\n', '\n')}\nRating: `, human: rating });
  }
  if (out.length !== human.length)
    throw new UserError(`confaide/${labels}: ${human.length} ratings for ${out.length} prompts in ${prompts}`);
  return out;
}

export interface Block {
  readonly where: string;
  /** The line of its <BEGIN>. */
  readonly line: number;
  /** What stands in the brackets after <BEGIN>, and all that follows <END> on its line. */
  readonly head: string;
  readonly tail: string;
  readonly text: string;
}

export async function blocksIn(data: Data, file: string): Promise<Block[]> {
  const text = await data.text('confaide', file);
  const blocks: Block[] = [];
  let at = 0;
  for (const part of text.split('<BEGIN>')) {
    const line = text.slice(0, at).split('\n').length;
    at += part.length + '<BEGIN>'.length;
    if (part.trim() === '' && blocks.length === 0) continue;
    const match = /^<([^>]*)>\r?\n([\s\S]*?)<END>(.*)/.exec(part);
    if (!match) throw new UserError(`confaide/${file}:${line}: expected <BEGIN><…>, a text and <END>`);
    blocks.push({ where: `confaide/${file}:${line}`, line, head: match[1] ?? '', text: (match[2] ?? '').trim(), tail: match[3] ?? '' });
  }
  return blocks;
}
