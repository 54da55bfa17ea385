/**
 * Packing for the score graph. Many token paths (prompt + option, a text) become few runs: what paths share is computed once, either inside one run (a tree of
 * tokens, each seeing its ancestors only) or as a header that stays in the cache for the runs after it. Pure.
 */

/** At token `at` of a path, the probability of `target` as the next token is read into slot `slot` of the results. */
export interface Pick {
  readonly at: number;
  readonly target: number;
  readonly slot: number;
}
export interface Path {
  /** Which request it belongs to, for limits on requests a run and for blame. */
  readonly request: number;
  /** Tokens to compute; a last target needs no place of its own. Never empty. */
  readonly ids: readonly number[];
  readonly picks: readonly Pick[];
}

/** One call of the score graph with B = 1. */
export interface Run {
  /** Tokens in the cache that every new token sees. They are there when the runs are made in order. */
  readonly past: number;
  readonly ids: readonly number[];
  /** For each new token the index of the new token before it in its path; -1: the end of the past. Always smaller than its own index. */
  readonly above: readonly number[];
  /** Place of each new token in its own path. */
  readonly positions: readonly number[];
  /** What to read: index of a new token, the token asked about, and the slots of the results it answers. */
  readonly picks: readonly { readonly index: number; readonly target: number; readonly slots: readonly number[] }[];
  /** Later runs stand on this one's cache: its new tokens follow the past directly, one after the other. */
  readonly kept: boolean;
  readonly requests: readonly number[];
}

export interface Limits {
  /** New tokens a run. */
  readonly tokens: number;
  /** Positions read a run (each costs a row of the vocabulary). */
  readonly picks: number;
  /** Requests a run. */
  readonly requests: number;
  /** Products of new tokens and tokens seen, a run: bounds the attention's memory. */
  readonly area: number;
  /** Whether a run may hold more than one path; models that mix neighbouring tokens cannot. */
  readonly packs: boolean;
  /** Whether the graph keeps a cache; without one nothing is shared between runs and a path longer than `tokens` is one run. */
  readonly cache: boolean;
}

/** Tokens saved that make a header worth a run of its own. */
const worthwhile = 64;

interface Sorted {
  readonly paths: readonly Path[];
  /** Tokens that path i shares with path i − 1 in sorted order. */
  readonly shared: readonly number[];
}

export function compareIds(a: readonly number[], b: readonly number[]): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0);
    if (d !== 0) return d;
  }
  return a.length - b.length;
}

export function sharedLength(a: readonly number[], b: readonly number[]): number {
  const n = Math.min(a.length, b.length);
  let i = 0;
  while (i < n && a[i] === b[i]) i++;
  return i;
}

/** Plans the runs that answer every pick of every path exactly once. */
export function planRuns(paths: readonly Path[], limits: Limits): Run[] {
  const sorted = [...paths].sort((a, b) => compareIds(a.ids, b.ids));
  const shared = sorted.map((path, i) => (i === 0 ? 0 : sharedLength(path.ids, sorted[i - 1]?.ids ?? [])));
  const runs: Run[] = [];
  const state: State = { order: { paths: sorted, shared }, limits, runs };
  const pack = openPack(0);
  divide(state, { low: 0, high: sorted.length, base: 0, pack });
  close(pack, runs);
  return runs;
}

interface State {
  readonly order: Sorted;
  readonly limits: Limits;
  readonly runs: Run[];
}
/** Paths low..high share their first `base` tokens, which are in the cache; `pack` is the open run that stands on them. */
interface Span {
  readonly low: number;
  readonly high: number;
  readonly base: number;
  readonly pack: Pack;
}

function divide(state: State, span: Span): void {
  const { order, limits } = state;
  const { low, high, base } = span;
  if (high <= low) return;
  const size = sizeOf(order, span);
  const alone = high - low === 1;
  const fitting = fits(size, base, limits) && (limits.packs || alone);
  if (fitting || (alone && !limits.cache)) append(state, span, size);
  else {
    const least = alone ? (order.paths[low]?.ids.length ?? 0) : leastShared(order, low, high);
    const room = capacity(base, limits);
    if (limits.cache && (alone || saving(span, size, limits) * (least - base) >= worthwhile))
      standOn(state, span, Math.min(least, base + headerRoom(order.paths[low], base, room, limits)));
    else branch(state, span, least);
  }
}

/** How many runs would compute again what all paths of the span share. */
function saving(span: Span, size: Size, limits: Limits): number {
  if (!limits.packs) return span.high - span.low - 1;
  const runs = [size.tokens / capacity(span.base, limits), size.picks / limits.picks, size.requests / limits.requests];
  return Math.ceil(Math.max(...runs)) - 1;
}

/** Goes through the parts of a span that share more than `least` tokens. Equal paths, and one that begins the next, go one by one. */
function branch(state: State, span: Span, least: number): void {
  for (let from = span.low; from < span.high; ) {
    let to = from + 1;
    while (to < span.high && (state.order.shared[to] ?? 0) > least) to++;
    divide(state, { ...span, low: from, high: to });
    from = to;
  }
}

/** Computes tokens base..depth of the paths once, into the cache, then the rest of them on it. */
function standOn(state: State, span: Span, depth: number): void {
  const { low, high, base } = span;
  const { order, runs } = state;
  close(span.pack, runs);
  const header = openPack(base);
  const requests = new Set<number>();
  for (let i = low; i < high; i++) {
    const path = order.paths[i];
    if (!path) continue;
    requests.add(path.request);
    place(
      header,
      { ...path, ids: path.ids.slice(0, depth), picks: path.picks.filter((pick) => pick.at < depth) },
      i === low ? base : depth,
    );
  }
  header.requests = requests;
  close(header, runs, true);
  const pack = openPack(depth);
  let from = low;
  while (from < high && (order.paths[from]?.ids.length ?? 0) <= depth) from++;
  divide(state, { low: from, high, base: depth, pack });
  close(pack, runs);
}

/** How far a header may reach in one run: bounded by room and by the positions read inside it. */
function headerRoom(path: Path | undefined, base: number, room: number, limits: Limits): number {
  const inside = (path?.picks ?? []).filter((pick) => pick.at >= base).sort((a, b) => a.at - b.at);
  const beyond = inside[limits.picks];
  return Math.max(1, Math.min(room, beyond ? beyond.at - base : room));
}

function append(state: State, span: Span, size: Size): void {
  const { order, limits, runs } = state;
  const { pack, base } = span;
  const first = order.paths[span.low];
  const over = first && (pack.last ? sharedLength(pack.last, first.ids) : base);
  const joined = {
    tokens: pack.ids.length + size.tokens - Math.max(0, (over ?? base) - base),
    picks: pack.reads.size + size.picks,
    requests: pack.requests.size + size.requests,
  };
  if (pack.ids.length > 0 && (!limits.packs || !fits(joined, base, limits))) close(pack, runs);
  for (let i = span.low; i < span.high; i++) {
    const path = order.paths[i];
    if (path) place(pack, path, pack.last ? Math.max(base, sharedLength(pack.last, path.ids)) : base);
  }
}

interface Size {
  readonly tokens: number;
  readonly picks: number;
  readonly requests: number;
}

function sizeOf(order: Sorted, span: Span): Size {
  let tokens = 0;
  let picks = 0;
  const requests = new Set<number>();
  for (let i = span.low; i < span.high; i++) {
    const path = order.paths[i];
    if (!path) continue;
    tokens += Math.max(0, path.ids.length - Math.max(span.base, i === span.low ? span.base : (order.shared[i] ?? 0)));
    for (const pick of path.picks) if (pick.at >= span.base) picks++;
    requests.add(path.request);
  }
  return { tokens, picks, requests: requests.size };
}

function fits(size: Size, base: number, limits: Limits): boolean {
  return size.tokens <= capacity(base, limits) && size.picks <= limits.picks && size.requests <= limits.requests;
}

/** New tokens a run may have on `base` tokens of past: tokens × (base + tokens) ≤ area. */
export function capacity(base: number, limits: Limits): number {
  const byArea = Math.floor((Math.sqrt(base * base + 4 * limits.area) - base) / 2);
  return Math.max(1, Math.min(limits.tokens, byArea));
}

function leastShared(order: Sorted, low: number, high: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = low + 1; i < high; i++) least = Math.min(least, order.shared[i] ?? 0);
  return least;
}

interface Pack {
  readonly base: number;
  ids: number[];
  above: number[];
  positions: number[];
  /** Node of each place of the last path, from base on. */
  trail: number[];
  last: readonly number[] | null;
  /** Picks by node and target. */
  reads: Map<string, { index: number; target: number; slots: number[] }>;
  requests: Set<number>;
}

function openPack(base: number): Pack {
  return { base, ids: [], above: [], positions: [], trail: [], last: null, reads: new Map(), requests: new Set() };
}

function place(pack: Pack, path: Path, from: number): void {
  pack.trail.length = from - pack.base;
  for (let at = from; at < path.ids.length; at++) {
    pack.above.push(pack.trail[at - pack.base - 1] ?? -1);
    pack.trail.push(pack.ids.length);
    pack.ids.push(path.ids[at] ?? 0);
    pack.positions.push(at);
  }
  for (const pick of path.picks) {
    const index = pack.trail[pick.at - pack.base];
    if (index === undefined) continue; // read already, with the header
    const key = `${index}:${pick.target}`;
    const read = pack.reads.get(key);
    if (read) read.slots.push(pick.slot);
    else pack.reads.set(key, { index, target: pick.target, slots: [pick.slot] });
  }
  pack.last = path.ids;
  pack.requests.add(path.request);
}

function close(pack: Pack, runs: Run[], kept = false): void {
  if (pack.ids.length > 0) {
    const { base, ids, above, positions, reads, requests } = pack;
    runs.push({ past: base, ids, above, positions, picks: [...reads.values()], kept, requests: [...requests] });
  }
  Object.assign(pack, openPack(pack.base));
}
