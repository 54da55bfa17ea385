/**
 * A cache that stays on the device. Its tensors never change: a row is a place in one of them, so copying a row is naming its place,
 * and a run over rows that do not lie together gathers them first, on the device.
 */
import type { Tensor } from 'onnxruntime-node';
import { type Draft, draftOf } from './draft.ts';
import type { Fresh, KvCache } from './kv-cache.ts';
import { modelBytes } from './proto.ts';
import { type Feeds, int64, type Outputs, type Session } from './session.ts';

/** Rows that lie together, by the graph's names of its past. */
interface Part {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly rows: number;
  readonly slots: number;
  users: number;
}
interface Place {
  readonly part: Part;
  readonly index: number;
}

function release(place: Place | null | undefined): void {
  if (!place || --place.part.users > 0) return;
  for (const tensor of Object.values(place.part.tensors)) tensor.dispose();
}

class DeviceCache implements KvCache {
  readonly rows: number;
  readonly #session: Session;
  readonly #places: (Place | null)[];
  #slots: number;

  constructor(session: Session, rows: number, slots: number) {
    this.rows = rows;
    this.#session = session;
    this.#slots = slots;
    this.#places = new Array<Place | null>(rows).fill(null);
  }

  get slots(): number {
    return this.#slots;
  }

  get wanted(): { readonly [name: string]: null } {
    return Object.fromEntries(this.#session.graph.caches.map(({ present }) => [present, null]));
  }

  async past(from: number, count: number): Promise<Feeds> {
    const wanted = this.#places.slice(from, from + count);
    const places = wanted.filter((place) => place !== null);
    if (places.length === 0) return this.#nothing(count);
    if (places.length < count) throw new Error('rows with and without a past in one run');
    const [first] = places;
    const whole = first?.part.rows === count && first.part.slots === this.#slots;
    if (first && whole && places.every(({ part, index }, i) => part === first.part && index === i)) return first.part.tensors;
    const part = await this.#gathered(places);
    this.#replace(from, part, count);
    return part.tensors;
  }

  keep(out: Outputs, from: number, fresh: readonly Fresh[]): void {
    const tensors: Record<string, Tensor> = {};
    for (const { past, present } of this.#session.graph.caches) {
      const tensor = out[present];
      if (tensor) tensors[past] = tensor;
    }
    this.#replace(from, { tensors, rows: fresh.length, slots: this.#slots, users: 0 }, fresh.length);
  }

  copy(source: KvCache, row: number, to: number): void {
    if (!(source instanceof DeviceCache)) throw new Error('caches of two kinds');
    const place = source.#places[row] ?? null;
    if (place) place.part.users += 1;
    release(this.#places[to]);
    this.#places[to] = place;
  }

  grow(slots: number): void {
    this.#slots = Math.max(this.#slots, slots);
  }

  [Symbol.dispose](): void {
    for (const place of this.#places) release(place);
    this.#places.fill(null);
  }

  #replace(from: number, part: Part, count: number): void {
    part.users += count;
    for (let i = 0; i < count; i += 1) {
      release(this.#places[from + i]);
      this.#places[from + i] = { part, index: i };
    }
  }

  /** Zeros, sent from main memory: the past of first prompts. */
  #nothing(count: number): Feeds {
    const { ort, graph } = this.#session;
    return Object.fromEntries(
      graph.caches.map(({ past, shape }) => {
        const dims = shape.map((d) => (d === 'B' ? count : d === 'C' ? this.#slots : d));
        return [past, new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims)];
      }),
    );
  }

  /** Rows brought together from two parts at a time. */
  async #gathered(places: readonly Place[]): Promise<Part> {
    const parts = [...new Set(places.map(({ part }) => part))];
    let [done] = parts;
    if (!done) throw new Error('no rows to gather');
    // Index of each wanted row in what has been brought together so far.
    let order = places.map(({ part, index }) => (part === done ? index : -1));
    if (parts.length === 1) return this.#joined(done, null, order);
    for (const next of parts.slice(1)) {
      const base: Part = done;
      const known = order.flatMap((at) => (at < 0 ? [] : [at]));
      const added = places.flatMap(({ part, index }) => (part === next ? [base.rows + index] : []));
      const joined = await this.#joined(base, next, [...known, ...added]);
      let [old, fresh] = [0, known.length];
      order = order.map((at, i) => (at >= 0 ? old++ : places[i]?.part === next ? fresh++ : -1));
      if (base !== parts[0]) for (const tensor of Object.values(base.tensors)) tensor.dispose();
      done = joined;
    }
    const result = await this.#joined(done, null, order);
    for (const tensor of Object.values(done.tensors)) tensor.dispose();
    return result;
  }

  async #joined(a: Part, b: Part | null, order: readonly number[]): Promise<Part> {
    const { graph, ort } = this.#session;
    const joiner = await this.#session.helper(b ? 'join' : 'order', () => joinGraph(this.#session, b !== null));
    const feeds: Feeds = { order: int64(ort, order, [order.length]), slots: int64(ort, [this.#slots], [1]) };
    for (const { past } of graph.caches) {
      for (const [name, part] of [['a', a] as const, ...(b ? [['b', b] as const] : [])]) {
        const tensor = part.tensors[past];
        if (tensor) feeds[`${name}.${past}`] = tensor;
      }
    }
    const out = await joiner.run(feeds, Object.fromEntries(graph.caches.map(({ past }) => [past, null])));
    return { tensors: { ...out }, rows: order.length, slots: this.#slots, users: 0 };
  }
}

/** x [B,heads,n,width] with zeros behind its slots up to `slots` of them. */
function widened(draft: Draft, x: string, slots: string): string {
  const size = draft.op('Slice', [draft.op('Shape', [x]), draft.ints([2]), draft.ints([3])]);
  const more = draft.op('Max', [draft.op('Sub', [slots, size]), draft.ints([0])]);
  return draft.op('Pad', [x, draft.op('Concat', [draft.ints([0, 0, 0, 0, 0, 0]), more, draft.ints([0])], { axis: 0 })]);
}

/** Rows `order` of a (and of b after it), with room for `slots` tokens. */
function joinGraph({ graph }: Session, two: boolean): Session['graph'] {
  const draft = draftOf('join');
  const order = draft.input({ name: 'order', type: 'int64', shape: ['R'] });
  const slots = draft.input({ name: 'slots', type: 'int64', shape: [1] });
  for (const { past, shape, type } of graph.caches) {
    const ready = (side: string): string => {
      const dims = shape.map((d) => (d === 'B' ? `rows.${side}` : d === 'C' ? `slots.${side}` : d));
      const x = draft.input({ name: `${side}.${past}`, type, shape: dims });
      return shape.includes('C') ? widened(draft, x, slots) : x;
    };
    const all = two ? draft.op('Concat', [ready('a'), ready('b')], { axis: 0 }) : ready('a');
    draft.output(draft.op('Gather', [all, order], { axis: 0 }), { name: past, type, shape: shape.map((d) => (d === 'B' ? 'R' : d)) });
  }
  const parts = draft.parts();
  return {
    ...graph,
    bytes: modelBytes({ ...parts, irVersion: 10, opsets: { '': 23, 'com.microsoft': 1 } }),
    caches: [],
    biases: [],
    onDevice: graph.caches.map(({ past }) => past),
  };
}

export const openDeviceCache = (session: Session, rows: number, slots: number): KvCache => new DeviceCache(session, rows, slots);
