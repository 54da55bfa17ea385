import { createHash } from 'node:crypto';
import type { Sign } from '../kit/contamination.ts';
import { canonical } from '../kit/key.ts';
import { type Data, type Item, type Preset, type Request, type Response, type Sizes, type Suite, UserError } from '../types.ts';
import { ordered } from './select.ts';
import { signsOf, watching } from './signs.ts';

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
  /** Items left out of the preset by --limit or --only. */
  readonly partial: boolean;
  /** Asked beside the items of a public benchmark. */
  readonly signs?: readonly Sign[];
}

export interface Choice {
  readonly preset: Preset;
  readonly languages: readonly string[];
  readonly limit: number | null;
  readonly only: readonly string[];
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
  const all: Item[] = [];
  for await (const item of given) all.push(item);
  checkIds(suite, all);
  const languages = [...new Set(all.map(langOf))].filter((lang) => choice.languages.includes(lang) || choice.languages.includes('all'));
  const own = languages.length > 0 || suite.languages.some((lang) => lang === 'en') ? languages : [...new Set(all.map(langOf))];
  return own.map((lang) => {
    const items = all.filter((item) => langOf(item) === lang);
    const plan = planOf(suite, lang, items, choice);
    // Single items are asked to look at them, a few to try something out.
    const whole = choice.only.length === 0 && choice.limit === null;
    return whole ? { ...plan, signs: signsOf(suite, items, canaries, choice.preset) } : plan;
  });
}

function planOf(suite: Suite, lang: string, items: readonly Item[], choice: Choice): Plan {
  const size = (suite.sizes ?? defaultSizes)[choice.preset];
  const preset = size >= items.length ? items : ordered(items).slice(0, size);
  const id = lang === 'en' ? suite.id : `${suite.id}@${lang}`;
  const only = new Set(choice.only);
  let chosen = only.size > 0 ? items.filter((item) => only.has(item.id) || only.has(`${id}#${item.id}`)) : preset;
  if (choice.limit !== null) chosen = chosen.slice(0, choice.limit);
  const partial = chosen.length !== preset.length;
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
export function shardOf<I>(items: readonly I[], shard: string | null): readonly I[] {
  if (shard === null) return items;
  const match = /^([1-9]\d*)\/([1-9]\d*)$/.exec(shard);
  const [i, n] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || i > n) throw new UserError(`--shard ${shard}: expected i/n with 1 ≤ i ≤ n, for example 2/8`);
  return items.filter((_, at) => at % n === i - 1);
}

/** A plan with the part of its items (and signs) that shard i of n asks. */
export const sharded = (plan: Plan, shard: string | null): Plan => ({
  ...plan,
  items: shardOf(plan.items, shard),
  ...(plan.signs && { signs: shardOf(plan.signs, shard) }),
});

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
