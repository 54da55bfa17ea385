/** Signs of contamination asked beside a public benchmark: its items in their published order against others, canary strings against made-up ones. */
import { canariesIn, canarySign, orderSign, type Sign } from '../kit/contamination.ts';
import type { Data, Item, Preset, Prompt, Suite } from '../types.ts';
import type { Items } from './items.ts';

const partsOf: Readonly<Record<Preset, number>> = { demo: 8, quick: 12, standard: 24, full: 48 };
const itemsAPart = 5;

/** Passes a benchmark's files on, and keeps the canary strings that stand in them. */
export function watching(data: Data, found: Set<string>): Data {
  const look = (text: string) => {
    if (/canary/i.test(text)) for (const canary of canariesIn(text)) found.add(canary);
  };
  return {
    files: (benchmark) => data.files(benchmark),
    async text(benchmark, file) {
      const text = await data.text(benchmark, file);
      look(text);
      return text;
    },
    async *chunks(benchmark, file) {
      for await (const piece of data.chunks(benchmark, file)) {
        look(piece);
        yield piece;
      }
    },
    async *lines(benchmark, file) {
      for await (const line of data.lines(benchmark, file)) {
        look(line.text);
        yield line;
      }
    },
  };
}

const textOf = (prompt: Prompt): string =>
  typeof prompt === 'string' ? prompt : (prompt.findLast(({ role }) => role === 'user')?.content ?? '');

/** How many characters all texts share at their beginning (or end), back to a word's border; of a few (a question mark, “What is”) only whole lines: the rest is the texts' own. */
function shared(texts: readonly string[], at: 'start' | 'end'): number {
  const [first = '', ...others] = texts;
  const charAt = (text: string, i: number) => (at === 'start' ? text[i] : text[text.length - 1 - i]);
  let n = 0;
  while (n < first.length && others.every((text) => n < text.length && charAt(text, n) === charAt(first, n))) n++;
  while (n > 0 && /[\p{L}\p{N}]/u.test(charAt(first, n - 1) ?? '') && n < first.length) n--;
  if (n >= 16) return n;
  const few = at === 'start' ? first.slice(0, n) : first.slice(first.length - n);
  return at === 'start' ? few.lastIndexOf('\n') + 1 : few.includes('\n') ? n - few.indexOf('\n') : 0;
}

/** Items' own texts in their published order, by group: the first request without what all items of the group share. */
function textsOf(suite: Suite, items: readonly Item[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const item of items) {
    const request = suite.rounds[0]?.(item, [])[0];
    const text = typeof suite.published === 'function' ? suite.published(item) : request ? textOf(request.prompt) : '';
    const held = groups.get(item.group ?? '');
    if (held) held.push(text);
    else groups.set(item.group ?? '', [text]);
  }
  for (const [group, texts] of groups) {
    const sample = texts.filter((_, i) => i % Math.ceil(texts.length / 20) === 0);
    const [start, end] = [shared(sample, 'start'), shared(sample, 'end')];
    groups.set(
      group,
      texts.map((text) => text.slice(start, Math.max(start, text.length - end)).trim()),
    );
  }
  return groups;
}

/** The signs to ask beside a benchmark's items (all of one language, in their published order). None where a suite's order is not its file's. */
export function signsOf(suite: Suite, items: Items, canaries: ReadonlySet<string>, preset: Preset): Sign[] {
  if (!suite.named || suite.published === false) return [];
  // Only what is taken is laid out: a benchmark may have a million items.
  const runs = runsOf(items, partsOf[preset]).flatMap((part) =>
    [...textsOf(suite, part)].flatMap(([group, texts]) =>
      Array.from({ length: Math.floor(texts.length / itemsAPart) }, (_, i) => ({
        id: `${suite.id}/${group}/${part[0]?.id}/${i}`,
        texts: texts.slice(i * itemsAPart, (i + 1) * itemsAPart),
      })),
    ),
  );
  const orders = runs
    .filter(({ texts }) => texts.every((text) => text.length > 8) && new Set(texts).size === itemsAPart)
    .slice(0, partsOf[preset])
    .map(({ id, texts }) => orderSign(texts, id));
  return [...orders, ...[...canaries].sort().slice(0, 3).map(canarySign)];
}

/** Stretches of the items, evenly spread, each long enough for some parts of one group. */
function runsOf(items: Items, parts: number): Item[][] {
  const length = Math.max(4 * itemsAPart, itemsAPart * Math.ceil(parts / 4));
  const stretches = Math.max(1, Math.min(parts, Math.floor(items.length / length)));
  const from = (run: number) => Math.floor((run * items.length) / stretches);
  const runs = Array.from({ length: stretches }, (): Item[] => []);
  let [run, at] = [0, 0];
  for (const item of items) {
    if (at >= from(run) + length) run++;
    if (run === stretches) break;
    if (at >= from(run)) runs[run]?.push(item);
    at++;
  }
  return runs;
}
