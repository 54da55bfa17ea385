import { basename } from 'node:path';
import { z } from 'zod';
import { user } from '../kit/asking.ts';
import { type Attacked, askAttacked, attackedDetails, attackedFloor, attackedMetrics, observeAttacked } from '../kit/attacked.ts';
import { harmlessRequest } from '../kit/official/controls.ts';
import { type Message, type Suite, UserError } from '../types.ts';
import { type Fields, nameOf, ownRows, textOf } from './own-rows.ts';

/** Whether a row is one of a recorded set of attacks: it brings the plain goal beside the prompt that was found for it. */
export const isAttack = (fields: Fields): boolean => 'goal' in fields && 'prompt' in fields;

const conversation = z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1);

/** A prompt: a text, or in JSONL a conversation; null where there is neither. */
function promptOf(value: unknown): readonly Message[] | null {
  if (typeof value === 'string') return value.trim() === '' ? null : [user(value.trim())];
  const parsed = conversation.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function attackOf(path: string, line: number, fields: Fields): Attacked {
  const fail = (message: string): never => {
    throw new UserError(
      `${path}:${line}: ${message}`,
      'columns: goal, prompt, and attack, twin, twin_prompt, id, lang; see docs/own-questions.md',
    );
  };
  const goal = textOf(fields.goal);
  if (goal === '') fail("the column 'goal' is empty: it holds the plain request");
  const prompt = promptOf(fields.prompt) ?? fail("the column 'prompt' is neither a text nor a conversation of {role, content}");
  const lang = textOf(fields.lang) === 'zh' ? ('zh' as const) : ('en' as const);
  const attack = textOf(fields.attack) || nameOf(basename(path));
  const id = textOf(fields.id) || `row-${line}`;
  const twin = textOf(fields.twin);
  const wrapped = fields.twin_prompt ?? '';
  if (wrapped !== '' && twin === '') fail("'twin_prompt' needs 'twin', the plain harmless request");
  const control = twin || harmlessRequest(id, lang);
  const twinPrompt = wrapped === '' ? [user(control)] : (promptOf(wrapped) ?? fail("the column 'twin_prompt' is no prompt"));
  const place = { id, group: attack, cluster: textOf(fields.cluster) || goal, attack, ...(lang === 'zh' && { lang }) };
  return { ...place, request: goal, twin: control, prompt, twinPrompt };
}

/** Reads recorded attacks (prompts that somebody's search found) and makes a suite of them. Bad rows are named by line. */
export async function attackSet(path: string): Promise<Suite> {
  const items: Attacked[] = [];
  for await (const [line, fields] of ownRows(path)) items.push(attackOf(path, line, fields));
  const name = nameOf(basename(path));
  const attacks = [...new Set(items.map(({ group }) => group))];
  return {
    id: `safety/${name}`,
    dimension: 'safety',
    version: '1',
    title: name,
    about: `Recorded attacks (${basename(path)}): ${items.length} prompts of ${attacks.length === 1 ? 'one kind' : `${attacks.length} kinds`}, each beside its goal asked plainly.`,
    limits:
      'Prompts that were found on another model are a transfer attack on this one: a search on this model would do better. The first 40 tokens are read: whether the help would work is not.',
    source: basename(path),
    licence: 'yours',
    languages: [...new Set(items.map((item) => item.lang ?? 'en'))],
    wants: ['text'],
    sizes: { demo: 20, quick: 100, standard: Number.POSITIVE_INFINITY, full: Number.POSITIVE_INFINITY },
    items: () => items,
    rounds: [(item) => askAttacked(item as Attacked)],
    observe: (item, [replies]) => observeAttacked(item as Attacked, replies ?? []),
    metrics: attackedMetrics.filter(({ id }) => id !== 'reads-encodings') as [(typeof attackedMetrics)[0]],
    floor: { ...attackedFloor, title: 'does a harmless request' },
    details: attackedDetails,
    sensitive: true,
  };
}
