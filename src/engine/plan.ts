import { createHash } from 'node:crypto';
import { canonical } from '../kit/key.ts';
import { type Data, type Item, type Preset, type Request, type Response, type Sizes, type Suite, UserError } from '../types.ts';
import { ordered } from './select.ts';

export const defaultSizes: Sizes = { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY };

/** One suite in one language, with the items to be asked. */
export interface Plan {
  /** `<dimension>/<name>`, with `@<lang>` for other languages than English. */
  readonly id: string;
  readonly suite: Suite;
  readonly lang: string;
  readonly items: readonly Item[];
  /** sha256 over the items. */
  readonly hash: string;
  /** Items left out of the preset by --limit, --only or --attacks. */
  readonly partial: boolean;
}

export interface Choice {
  readonly preset: Preset;
  readonly languages: readonly string[];
  readonly limit: number | null;
  readonly only: readonly string[];
  /** Kinds of attack, in suites that make one of them; absent or empty: all. */
  readonly attacks?: readonly string[];
  readonly shard: string | null;
  /** Public benchmarks' files; without it a suite that reads one is told that it is not at hand. */
  readonly data?: Data;
}

const nothingAtHand = (benchmark: string): never => {
  throw new UserError(`the benchmark '${benchmark}' is not at hand`, `plumbline data pull ${benchmark}`);
};
const noData: Data = { lines: nothingAtHand, text: nothingAtHand, files: nothingAtHand };

const langOf = (item: Item): string => item.lang ?? 'en';

/** The plans of one suite: one for each wanted language it has items in. */
export async function plansOf(suite: Suite, choice: Choice): Promise<Plan[]> {
  const all = await itemsOf(suite, choice.data);
  checkIds(suite, all);
  const languages = [...new Set(all.map(langOf))].filter((lang) => choice.languages.includes(lang) || choice.languages.includes('all'));
  const own = languages.length > 0 || suite.languages.some((lang) => lang === 'en') ? languages : [...new Set(all.map(langOf))];
  return own.map((lang) =>
    planOf(
      suite,
      lang,
      all.filter((item) => langOf(item) === lang),
      choice,
    ),
  );
}

async function itemsOf(suite: Suite, data: Data = noData): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of await suite.items(data)) all.push(item);
  return all;
}

/** What `--attacks` may name for an item: `encoding/base64`, `encoding` or `base64`. */
const namesOf = ({ attack }: Item): string[] => (attack === undefined ? [] : [attack, ...attack.split('/')]);

/** Every kind of attack that some suites make, by the names that pick it. */
export async function attackNames(suites: readonly Suite[], data?: Data): Promise<string[]> {
  const lists = await Promise.all(suites.map((suite) => itemsOf(suite, data)));
  return [...new Set(lists.flat().flatMap(namesOf))];
}

/** The items that make one of the picked kinds of attack; all, where a suite makes none of them. */
function picked(items: readonly Item[], attacks: readonly string[]): readonly Item[] {
  const found = items.filter((item) => namesOf(item).some((name) => attacks.includes(name)));
  return found.length === 0 ? items : items.filter((item) => item.attack === undefined || found.includes(item));
}

function planOf(suite: Suite, lang: string, whole: readonly Item[], choice: Choice): Plan {
  const items = picked(whole, choice.attacks ?? []);
  const size = (suite.sizes ?? defaultSizes)[choice.preset];
  const preset = size >= items.length ? items : ordered(items).slice(0, size);
  const id = lang === 'en' ? suite.id : `${suite.id}@${lang}`;
  const only = new Set(choice.only);
  let chosen = only.size > 0 ? items.filter((item) => only.has(item.id) || only.has(`${id}#${item.id}`)) : preset;
  if (choice.limit !== null) chosen = chosen.slice(0, choice.limit);
  const partial = chosen.length !== preset.length || items.length !== whole.length;
  const hash = createHash('sha256');
  for (const item of chosen) hash.update(`${canonical(item)}\n`);
  return { id, suite, lang, items: chosen, hash: hash.digest('hex'), partial };
}

function checkIds(suite: Suite, items: readonly Item[]): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id))
      throw new UserError(`suite ${suite.id}: the item id '${id}' occurs twice`, 'ids must be unique and stable within a suite');
    seen.add(id);
  }
  if (items.length === 0) throw new UserError(`suite ${suite.id} has no items`);
}

/** The part of the items that shard i of n asks: whole clusters, dealt in turn. */
export function shardOf(items: readonly Item[], shard: string | null): readonly Item[] {
  if (shard === null) return items;
  const match = /^([1-9]\d*)\/([1-9]\d*)$/.exec(shard);
  const [i, n] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || i > n) throw new UserError(`--shard ${shard}: expected i/n with 1 ≤ i ≤ n, for example 2/8`);
  return items.filter((_, at) => at % n === i - 1);
}

/** The requests of one item in round `at`, given the replies before it. */
export function requestsOf(plan: Plan, item: Item, at: number, replies: readonly (readonly Response[])[]): readonly Request[] {
  return plan.suite.rounds[at]?.(item, replies) ?? [];
}
