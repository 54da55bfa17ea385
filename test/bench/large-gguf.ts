/**
 * Writes a GGUF of random weights in the shape of a published model, to see what files of several gigabytes do.
 *
 *     npx tsx test/bench/large-gguf.ts <folder> [7b|3b|1b] [q4|f16] [parts]
 *
 * Mistral 7B's, Qwen 2.5 3B's and Llama 3.2 1B's shapes; q4 as Q4_K_M mixes Q4_K and Q6_K. 7b q4 takes 4.4 GB. `parts` above 1: a split file.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { blocks, bytesOf } from '../../runners/onnx/gguf-types.ts';
import { type GgufTensor, ggufHead } from '../support/gguf-file.ts';

const shapes = {
  '7b': { hidden: 4096, layers: 32, heads: 32, kvHeads: 8, ffn: 14_336, vocabulary: 32_768, tied: false },
  '3b': { hidden: 2048, layers: 36, heads: 16, kvHeads: 2, ffn: 11_008, vocabulary: 32_768, tied: true },
  '1b': { hidden: 2048, layers: 16, heads: 32, kvHeads: 8, ffn: 8192, vocabulary: 128_256, tied: true },
} as const;
const [folder = '.', size = '7b', kind = 'q4', parts = '1'] = process.argv.slice(2);
const shape = shapes[size as keyof typeof shapes];
if (shape === undefined) throw new Error(`${size}: expected ${Object.keys(shapes).join(', ')}`);

const type = (name: string, layer: number): GgufTensor['type'] => {
  if (kind === 'f16') return 'F16';
  const better = layer < shape.layers / 8 || layer >= (7 * shape.layers) / 8 || layer % 3 === 2;
  return name === 'output' || ((name === 'attn_v' || name === 'ffn_down') && better) ? 'Q6_K' : 'Q4_K';
};

function tensorsOf(): GgufTensor[] {
  const { hidden, heads, kvHeads, ffn, vocabulary, layers, tied } = shape;
  const kv = (hidden / heads) * kvHeads;
  const matrices = [
    ['attn_q', hidden, hidden],
    ['attn_k', kv, hidden],
    ['attn_v', kv, hidden],
    ['attn_output', hidden, hidden],
    ['ffn_gate', ffn, hidden],
    ['ffn_up', ffn, hidden],
    ['ffn_down', hidden, ffn],
  ] as const;
  const norm = (name: string): GgufTensor => ({ name, shape: [hidden], type: 'F32' });
  const ofLayer = (i: number): GgufTensor[] => [
    norm(`blk.${i}.attn_norm.weight`),
    norm(`blk.${i}.ffn_norm.weight`),
    ...matrices.map(([name, rows, columns]) => ({ name: `blk.${i}.${name}.weight`, shape: [rows, columns], type: type(name, i) })),
  ];
  return [
    { name: 'token_embd.weight', shape: [vocabulary, hidden], type: type('token_embd', 0) },
    ...Array.from({ length: layers }, (_, i) => ofLayer(i)).flat(),
    norm('output_norm.weight'),
    ...(tied ? [] : [{ name: 'output.weight', shape: [vocabulary, hidden], type: type('output', 0) }]),
  ];
}

/** Bytes as a byte-level tokenizer spells them, then tokens that no text has. */
function tokens(): string[] {
  const plain = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let extra = 0;
  const bytes = Array.from({ length: 256 }, (_, b) => String.fromCharCode(plain(b) ? b : 256 + extra++));
  return [...bytes, 'Ġt', ...Array.from({ length: shape.vocabulary - 257 }, (_, i) => `<unused${i}>`)];
}

const half = (value: number): number => {
  // Positive and small: subnormal below 2⁻¹⁴.
  if (value < 2 ** -14) return Math.round(value * 2 ** 24);
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | Math.round((value / 2 ** exponent - 1) * 1024);
};

/** A million elements' blocks of random codes, scaled so that values spread by some 0.02 around 0. */
function pool(of: GgufTensor['type']): Buffer {
  const [, step] = blocks[of];
  const bytes = randomBytes(bytesOf(of, 1 << 20));
  for (let at = 0; at < bytes.length; at += step) {
    if (of === 'Q4_K') {
      bytes.writeUInt16LE(half(1e-4), at);
      bytes.writeUInt16LE(half(7.5e-4), at + 2);
    } else if (of === 'Q6_K') bytes.writeUInt16LE(half(1.5e-5), at + 208);
    else if (of === 'F16') bytes.writeUInt16LE((bytes.readUInt16LE(at) & 0x83ff) | (9 << 10), at);
    else if (of === 'F32') bytes.writeFloatLE(1, at);
  }
  return bytes;
}

/** The pool from another place: onnxruntime lays equal matrices out once for all, which real ones never are. */
function turned(bytes: Buffer, from: number): Buffer {
  const at = from % bytes.length;
  return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)]);
}

function write(path: string, metadata: Parameters<typeof ggufHead>[0]['metadata'], tensors: readonly GgufTensor[]): void {
  const pools = new Map([...new Set(tensors.map((tensor) => tensor.type))].map((each) => [each, pool(each)]));
  const { head, places, end } = ggufHead({ metadata, tensors });
  const file = openSync(path, 'w');
  writeSync(file, head, 0, head.length, 0);
  tensors.forEach((tensor, i) => {
    const random = turned(pools.get(tensor.type) ?? Buffer.alloc(0), 37 * i * blocks[tensor.type][1]);
    const bytes = bytesOf(
      tensor.type,
      tensor.shape.reduce((a, b) => a * b, 1),
    );
    for (let at = 0; at < bytes; at += random.length)
      writeSync(file, random, 0, Math.min(random.length, bytes - at), head.length + (places[i] ?? 0) + at);
  });
  writeSync(file, Buffer.alloc(1), 0, 1, head.length + end - 1);
  closeSync(file);
  process.stdout.write(`${path} ${((head.length + end) / 1e9).toFixed(2)} GB\n`);
}

const config = [
  ['general.architecture', 'llama'],
  ['llama.block_count', shape.layers],
  ['llama.embedding_length', shape.hidden],
  ['llama.feed_forward_length', shape.ffn],
  ['llama.attention.head_count', shape.heads],
  ['llama.attention.head_count_kv', shape.kvHeads],
  ['llama.attention.layer_norm_rms_epsilon', 1.5e-5],
  ['llama.rope.freq_base', 10_000],
  ['llama.context_length', 4096],
  ['tokenizer.ggml.model', 'gpt2'],
  ['tokenizer.ggml.pre', 'gpt-2'],
  ['tokenizer.ggml.tokens', tokens()],
  ['tokenizer.ggml.merges', ['Ġ t']],
  ['tokenizer.ggml.eos_token_id', 300],
] as const;

mkdirSync(folder, { recursive: true });
const all = tensorsOf();
const count = Number(parts);
if (count === 1) write(join(folder, `random-${size}-${kind}.gguf`), config, all);
for (let part = 0; count > 1 && part < count; part += 1) {
  const number = (n: number): string => String(n).padStart(5, '0');
  const split = [
    ['split.no', part],
    ['split.count', count],
    ['split.tensors.count', all.length],
  ] as const;
  const own = all.filter((_, i) => Math.floor((i * count) / all.length) === part);
  write(
    join(folder, `random-${size}-${kind}-${number(part + 1)}-of-${number(count)}.gguf`),
    part === 0 ? [...config, ...split] : split,
    own,
  );
}
