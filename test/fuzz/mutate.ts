/** Seeded changes to inputs: of bytes, and of the values in JSON texts. */

export type Form = 'bytes' | 'json' | 'jsonl';

const longest = 64 << 10;
const numbers = [0, 1, 2, 7, 8, 31, 32, 127, 128, 255, 256, 1023, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const wide = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n];

type Random = () => number;
const below = (n: number, random: Random): number => Math.floor(random() * n);
const pick = <T>(values: readonly T[], random: Random): T => values[below(values.length, random)] as T;

const byteChanges: readonly ((bytes: Buffer, random: Random, words: readonly Buffer[]) => Buffer)[] = [
  (bytes, random) => {
    const at = below(bytes.length, random);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
    return bytes;
  },
  (bytes, random) => {
    bytes[below(bytes.length, random)] = below(256, random);
    return bytes;
  },
  (bytes, random) => {
    bytes[below(bytes.length, random)] = pick(numbers, random) & 255;
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length >= 4) bytes.writeUInt32LE(pick(numbers, random) >>> 0, below(bytes.length - 3, random));
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length >= 8) bytes.writeBigUInt64LE(pick(wide, random), below(bytes.length - 7, random));
    return bytes;
  },
  (bytes, random) => {
    const at = below(bytes.length + 1, random);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(Array.from({ length: 1 + below(8, random) }, () => below(256, random))),
      bytes.subarray(at),
    ]);
  },
  (bytes, random) => {
    const at = below(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16, random))]);
  },
  (bytes, random) => {
    const at = below(bytes.length, random);
    const part = bytes.subarray(at, at + 1 + below(64, random));
    const times = random() < 0.05 ? Math.min(2000, Math.floor(longest / Math.max(1, part.length))) : 1;
    return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: times }, () => part), bytes.subarray(at)]);
  },
  (bytes, random) => bytes.subarray(0, below(bytes.length + 1, random)),
  (bytes, random, words) => {
    if (words.length === 0) return bytes;
    const at = below(bytes.length + 1, random);
    return Buffer.concat([bytes.subarray(0, at), pick(words, random), bytes.subarray(at)]);
  },
  (bytes, random, words) => {
    if (words.length === 0) return bytes;
    const word = pick(words, random);
    const at = below(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + word.length)]);
  },
];

export interface Mutating {
  readonly form: Form;
  readonly random: Random;
  readonly words: readonly Buffer[];
  /** Another input of the same kind, to splice with. */
  readonly other: Buffer;
}

function ofBytes(given: Buffer, { random, words, other }: Mutating): Buffer {
  let bytes: Buffer = Buffer.from(given);
  if (random() < 0.05 && other.length > 0 && bytes.length > 0)
    bytes = Buffer.concat([bytes.subarray(0, below(bytes.length, random)), other.subarray(below(other.length, random))]);
  for (let times = 1 + below(random() < 0.2 ? 12 : 3, random); times > 0; times--)
    bytes = bytes.length === 0 ? Buffer.from([below(256, random)]) : pick(byteChanges, random)(bytes, random, words);
  return bytes.subarray(0, longest);
}

/** `depth` lists inside one another. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function strange(random: Random, words: readonly Buffer[]): unknown {
  const makers: readonly (() => unknown)[] = [
    () => null,
    () => random() < 0.5,
    () => pick(numbers, random) * (random() < 0.3 ? -1 : 1),
    () => pick([1e308, -1e308, 5e-324, 0.1, 1.5, 2 ** 53, 1e21, -0], random),
    () => '',
    () => (words.length > 0 ? pick(words, random).toString('utf8') : 'word'),
    () =>
      pick(
        ['\u0000', '\ud800', '../../x', '/etc/passwd', 'a'.repeat(3000), '__proto__', 'constructor', '<script>', 'NaN', '\u202e'],
        random,
      ),
    () => [],
    () => ({}),
    () => [null],
    () => ({ '': 0 }),
    () => nested(pick([3, 50, 3000], random)),
    () => Array.from({ length: 300 }, (_, i) => i),
  ];
  return pick(makers, random)();
}

type Holder = Record<string, unknown> | unknown[];

/** Every list and object in a value, itself among them. */
function holdersIn(value: unknown): Holder[] {
  const found: Holder[] = [];
  const open: unknown[] = [value];
  while (open.length > 0 && found.length < 2000) {
    const next = open.pop();
    if (next === null || typeof next !== 'object') continue;
    found.push(next as Holder);
    for (const inner of Object.values(next)) open.push(inner);
  }
  return found;
}

function changeValue(value: unknown, random: Random, words: readonly Buffer[]): unknown {
  const holders = holdersIn(value);
  const holder = holders.length > 0 ? pick(holders, random) : null;
  const keys = holder ? Object.keys(holder) : [];
  if (!holder || keys.length === 0 || random() < 0.02) return strange(random, words);
  const key = pick(keys, random);
  const inside = holder as Record<string, unknown>;
  const kind = below(8, random);
  if (kind <= 3) inside[key] = strange(random, words);
  else if (kind === 4 && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (kind === 4) delete inside[key];
  else if (kind === 5 && Array.isArray(holder)) holder.push(inside[key]);
  else if (kind === 5) inside[words.length > 0 ? pick(words, random).toString('utf8') : `${key}2`] = inside[key];
  else if (kind === 6) inside[key] = inside[pick(keys, random)];
  else if (typeof inside[key] === 'number') inside[key] = (inside[key] as number) + pick([-1, 1, 0.5, 1e9], random);
  else if (typeof inside[key] === 'string')
    inside[key] = ofBytes(Buffer.from(inside[key] as string), { form: 'bytes', random, words, other: Buffer.alloc(0) }).toString('utf8');
  else inside[key] = strange(random, words);
  return value;
}

function text(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? 'null');
}

function ofJson(given: Buffer, mutating: Mutating): Buffer {
  const { random, words } = mutating;
  let value: unknown;
  try {
    value = JSON.parse(given.toString('utf8'));
  } catch {
    return ofBytes(given, mutating);
  }
  if (random() < 0.25) return ofBytes(given, mutating);
  for (let times = 1 + below(3, random); times > 0; times--) value = changeValue(value, random, words);
  return text(value).subarray(0, longest * 4);
}

function ofLines(given: Buffer, mutating: Mutating): Buffer {
  const { random } = mutating;
  const lines = given.toString('utf8').split('\n');
  const at = below(lines.length, random);
  const kind = below(6, random);
  if (kind === 0) lines.splice(at, 1);
  else if (kind === 1) lines.splice(at, 0, lines[below(lines.length, random)] ?? '');
  else if (kind === 2) return ofBytes(given, mutating);
  else lines[at] = ofJson(Buffer.from(lines[at] ?? ''), mutating).toString('utf8');
  return Buffer.from(lines.join('\n')).subarray(0, longest * 4);
}

const byForm = { bytes: ofBytes, json: ofJson, jsonl: ofLines };

/** A changed copy of an input; the same for the same random numbers. */
export function mutated(given: Buffer, mutating: Mutating): Buffer {
  return byForm[mutating.form](given, mutating);
}
