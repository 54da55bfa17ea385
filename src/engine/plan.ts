import { createHash } from 'node:crypto';
import type { Sign } from '../kit/contamination.ts';
import { canonical, sha256 } from '../kit/key.ts';
import { KeyTable } from '../kit/key-table.ts';
import { type Data, type Item, type Preset, type Request, type Response, type Sizes, type Suite, UserError } from '../types.ts';
import { ItemList, type Items, selected } from './items.ts';
import { ordered } from './select.ts';
import { signsOf, watching } from './signs.ts';

export const defaultSizes: Sizes = { demo: 12, quick: 40, standard: 200, full: Number.POSITIVE_INFINITY };

/** One suite in one language, with the items to be asked. */
export interface Plan {
  /** `<dimension>/<name>`, with `@<lang>` for other languages than English. */
  readonly id: string;
  readonly suite: Suite;
  readonly lang: string;
  readonly items: Items;
  /** sha256 over the items. */
  readonly hash: string;
  /** Items left out of the preset by --limit, --only or --attacks. */
  readonly partial: boolean;
  /** Asked beside the items of a public benchmark. */
  readonly signs?: readonly Sign[];
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
const noData: Data = { lines: nothingAtHand, chunks: nothingAtHand, text: nothingAtHand, files: nothingAtHand };

const langOf = (item: Item): string => item.lang ?? 'en';

/** The plans of one suite: one for each wanted language it has items in. */
export async function plansOf(suite: Suite, choice: Choice): Promise<Plan[]> {
  const canaries = new Set<string>();
  const given = await suite.items(watching(choice.data ?? noData, canaries));
  const byLanguage = Symbol.asyncIterator in given ? await inLists(given as AsyncIterable<Item>) : split(itemsOf(given as Iterable<Item>));
  checkIds(suite, byLanguage.values());
  const all = [...byLanguage.keys()];
  const wanted = all.filter((lang) => choice.languages.includes(lang) || choice.languages.includes('all'));
  const own = wanted.length > 0 || suite.languages.some((lang) => lang === 'en') ? wanted : all;
  return own.map((lang) => {
    const items = byLanguage.get(lang) ?? [];
    const plan = planOf(suite, lang, items, choice);
    // Single items are asked to look at them, a few to try something out.
    const whole = choice.only.length === 0 && choice.limit === null;
    return whole ? { ...plan, signs: signsOf(suite, items, canaries, choice.preset) } : plan;
  });
}

const itemsOf = (given: Iterable<Item>): Items => ('length' in given ? (given as Items) : [...given]);

function split(items: Items): Map<string, Items> {
  const languages = new Set<string>();
  for (const item of items) languages.add(langOf(item));
  if (languages.size === 1) return new Map([...languages].map((lang) => [lang, items]));
  return new Map([...languages].map((lang) => [lang, selected(items, (item) => langOf(item) === lang)]));
}

async function inLists(items: AsyncIterable<Item>): Promise<Map<string, Items>> {
  const lists = new Map<string, ItemList>();
  for await (const item of items) {
    const lang = langOf(item);
    const list = lists.get(lang) ?? new ItemList();
    lists.set(lang, list);
    list.add(item);
  }
  return lists;
}

/** What `--attacks` may name for an item: `encoding/base64`, `encoding` or `base64`. */
const namesOf = ({ attack }: Item): string[] => (attack === undefined ? [] : [attack, ...attack.split('/')]);

/** Every kind of attack that some suites make, by the names that pick it. */
export async function attackNames(suites: readonly Suite[], data: Data = noData): Promise<string[]> {
  const names = new Set<string>();
  for (const suite of suites) for await (const item of await suite.items(data)) for (const name of namesOf(item)) names.add(name);
  return [...names];
}

/** The items that make one of the picked kinds of attack; all, where a suite makes none of them. */
function picked(items: Items, attacks: readonly string[]): Items {
  if (attacks.length === 0) return items;
  const makes = (item: Item) => namesOf(item).some((name) => attacks.includes(name));
  const found = selected(items, makes);
  return found.length === 0 ? items : selected(items, (item) => item.attack === undefined || makes(item));
}

function planOf(suite: Suite, lang: string, whole: Items, choice: Choice): Plan {
  const items = picked(whole, choice.attacks ?? []);
  const size = (suite.sizes ?? defaultSizes)[choice.preset];
  const preset = size >= items.length ? items : firstOf(items, size);
  const id = lang === 'en' ? suite.id : `${suite.id}@${lang}`;
  const only = new Set(choice.only);
  const limit = choice.limit ?? Number.POSITIVE_INFINITY;
  const named = only.size > 0 ? selected(items, (item) => only.has(item.id) || only.has(`${id}#${item.id}`)) : preset;
  const chosen = limit < named.length ? selected(named, (_, at) => at < limit) : named;
  const partial = chosen.length !== preset.length || items.length !== whole.length;
  return { id, suite, lang, items: chosen, hash: hashOf(chosen), partial };
}

/** The first `size` items of the fixed order; only what the order depends on is held of the others. */
function firstOf(items: Items, size: number): readonly Item[] {
  const bare = Array.from(items, ({ id, group, cluster, stratum }, at) => ({
    id,
    at,
    ...(group !== undefined && { group }),
    ...(cluster !== undefined && { cluster }),
    ...(stratum !== undefined && { stratum }),
  }));
  const places = ordered(bare)
    .slice(0, size)
    .map(({ at }) => at);
  const taken = new Set(places);
  const found = new Map<number, Item>();
  let at = 0;
  for (const item of items) {
    if (taken.has(at)) found.set(at, item);
    at++;
  }
  return places.map((place) => found.get(place) as Item);
}

function hashOf(items: Items): string {
  const hash = createHash('sha256');
  let text = '';
  for (const item of items) {
    text += `${canonical(item)}\n`;
    if (text.length < 1 << 16) continue;
    hash.update(text);
    text = '';
  }
  return hash.update(text).digest('hex');
}

function checkIds(suite: Suite, lists: Iterable<Items>): void {
  const seen = new KeyTable();
  for (const items of lists)
    for (const { id } of items)
      if (!seen.set(sha256(id), 0, 0, false))
        throw new UserError(`suite ${suite.id}: the item id '${id}' occurs twice`, 'ids must be unique and stable within a suite');
  if (seen.size === 0) throw new UserError(`suite ${suite.id} has no items`);
}

/** Whether shard i of n asks what stands at a place: items are dealt in turn. */
function dealt(shard: string): (at: number) => boolean {
  const match = /^([1-9]\d*)\/([1-9]\d*)$/.exec(shard);
  const [i, n] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || i > n) throw new UserError(`--shard ${shard}: expected i/n with 1 ≤ i ≤ n, for example 2/8`);
  return (at) => at % n === i - 1;
}

/** A plan with the part of its items (and signs) that shard i of n asks. */
export function sharded(plan: Plan, shard: string | null): Plan {
  if (shard === null) return plan;
  const own = dealt(shard);
  const items = selected(plan.items, (_, at) => own(at));
  return { ...plan, items, ...(plan.signs && { signs: plan.signs.filter((_, at) => own(at)) }) };
}

/** The requests of one item in round `at`, given the replies before it. Without a judge nothing is asked of one: suites go on without its word. */
export function requestsOf(
  plan: Plan,
  item: Item,
  at: number,
  { replies, judge }: { readonly replies: readonly (readonly Response[])[]; readonly judge: boolean },
): readonly Request[] {
  const requests = plan.suite.rounds[at]?.(item, replies) ?? [];
  return judge ? requests : requests.filter(({ to }) => to !== 'judge');
}
