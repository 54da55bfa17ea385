import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { randomOf } from '../../src/kit/random.ts';
import { pythonIn, setUp } from './set-up.ts';
import type { Took } from './table.ts';
import { generateWork, optionWork, type Work } from './work.ts';

const usage = `On a machine with a GPU: the local runner on it beside the processor and beside transformers at its best batch size.

  npx tsx test/bench/gpu.ts <folder for the peers> [options]

Writes a llama of random weights (1.1 billion parameters, bfloat16, 2.3 GB) into the folder, installs torch and transformers there, checks that the device gives the processor's numbers, and times
option scoring and generation. Prints a table and writes it to test/bench/results/.

  --device cuda       cuda or webgpu for us (cuda needs: npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12)
  --torch cuda        the device of transformers: cuda, mps or cpu
  --size 1b           1b, or tiny to see that the script works
  --items 100         items of option scoring, and prompts to continue
  --rounds 3
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cuda' },
    torch: { type: 'string', default: 'cuda' },
    size: { type: 'string', default: '1b' },
    items: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !positionals[0]) {
  process.stderr.write(usage);
  process.exit(values.help ? 0 : 2);
}
const folder = resolve(positionals[0]);
const here = import.meta.dirname;
const [items, rounds] = [Number(values.items), Number(values.rounds)];

/** TinyLlama's shape, or one that a processor does in seconds. */
const shapes = {
  '1b': { hidden: 2048, ffn: 5632, layers: 22, heads: 32, kvHeads: 4, vocabulary: 32_000 },
  tiny: { hidden: 128, ffn: 256, layers: 2, heads: 4, kvHeads: 2, vocabulary: 512 },
} as const;
type Shape = (typeof shapes)[keyof typeof shapes];

/** Every tensor of a llama by its name. */
function tensorsOf({ hidden, ffn, layers, heads, kvHeads, vocabulary }: Shape): [name: string, shape: readonly number[]][] {
  const kv = (hidden / heads) * kvHeads;
  const layer = (i: number): [string, readonly number[]][] => [
    [`model.layers.${i}.input_layernorm.weight`, [hidden]],
    [`model.layers.${i}.post_attention_layernorm.weight`, [hidden]],
    [`model.layers.${i}.self_attn.q_proj.weight`, [hidden, hidden]],
    [`model.layers.${i}.self_attn.k_proj.weight`, [kv, hidden]],
    [`model.layers.${i}.self_attn.v_proj.weight`, [kv, hidden]],
    [`model.layers.${i}.self_attn.o_proj.weight`, [hidden, hidden]],
    [`model.layers.${i}.mlp.gate_proj.weight`, [ffn, hidden]],
    [`model.layers.${i}.mlp.up_proj.weight`, [ffn, hidden]],
    [`model.layers.${i}.mlp.down_proj.weight`, [hidden, ffn]],
  ];
  return [
    ['model.embed_tokens.weight', [vocabulary, hidden]],
    ['model.norm.weight', [hidden]],
    ['lm_head.weight', [vocabulary, hidden]],
    ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
  ];
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** bfloat16 of small normal-like numbers; of norms: ones. */
function bytesOf(name: string, count: number, random: () => number): Uint8Array {
  const floats = new Float32Array(count);
  const spread = 0.08;
  for (let i = 0; i < count; i++) floats[i] = name.includes('norm') ? 1 : spread * (random() + random() - 1);
  const bits = new Uint32Array(floats.buffer);
  const half = new Uint16Array(count);
  for (let i = 0; i < count; i++) half[i] = ((bits[i] ?? 0) + 0x8000) >>> 16;
  return new Uint8Array(half.buffer);
}

function writeModel(target: string, shape: Shape): void {
  if (existsSync(join(target, 'done'))) return;
  process.stderr.write(`writing random weights to ${target}\n`);
  mkdirSync(target, { recursive: true });
  const header: Record<string, unknown> = {};
  let at = 0;
  const tensors = tensorsOf(shape);
  for (const [name, dims] of tensors) {
    const bytes = 2 * product(dims);
    header[name] = { dtype: 'BF16', shape: dims, data_offsets: [at, at + bytes] };
    at += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const fd = openSync(join(target, 'model.safetensors'), 'w');
  const random = randomOf(1);
  try {
    for (const part of [size, text]) writeSync(fd, part);
    for (const [name, dims] of tensors) {
      const bytes = bytesOf(name, product(dims), random);
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
    }
  } finally {
    closeSync(fd);
  }
  const { hidden, ffn, layers, heads, kvHeads, vocabulary } = shape;
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    vocab_size: vocabulary,
    hidden_act: 'silu',
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    bos_token_id: 1,
    eos_token_id: 2,
  };
  writeFileSync(join(target, 'config.json'), JSON.stringify(config));
  writeFileSync(join(target, 'tokenizer.json'), JSON.stringify(bytes()));
  writeFileSync(
    join(target, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', bos_token: '<s>', eos_token: '</s>' }),
  );
  writeFileSync(join(target, 'done'), '');
}

/** A tokenizer of bytes: the weights are random, only the number of tokens counts. */
function bytes(): unknown {
  const plain = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let extra = 0;
  const letters = Array.from({ length: 256 }, (_, b) => String.fromCharCode(plain(b) ? b : 256 + extra++));
  const named = ['<pad>', '<s>', '</s>'];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: named.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...named.map((name, i) => [name, i] as const), ...letters.map((c, i) => [c, i + 3] as const)]),
      merges: [],
    },
  };
}

/** Contexts of 30 words are about 150 bytes: 150 tokens here. */
const short = (work: Work): Work =>
  work.kind === 'options' ? { ...work, items: work.items.map((item) => ({ ...item, context: item.context.slice(-150) })) } : work;

type Result = Took & { readonly device?: string };

function run(command: string, args: readonly string[], more: Record<string, string> = {}): Result | string {
  const env = { ...process.env, PLUMBLINE_CACHE: join(folder, 'cache'), BENCH_STARTED: String(Date.now()), ...more };
  const { stdout, stderr, status, signal } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, env, timeout: 1_200_000 });
  const line = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && line.startsWith('{')) return JSON.parse(line) as Result;
  return `failed (${signal ?? status}): ${stderr?.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}`;
}

function main(): void {
  const shape = values.size === 'tiny' ? shapes.tiny : shapes['1b'];
  setUp(folder);
  const model = join(folder, `random-${values.size}`);
  writeModel(model, shape);
  const works: Readonly<Record<string, Work>> = {
    options: short(optionWork(items)),
    generate: generateWork(items, 64, { rows: 48, temperature: 0 }),
  };
  const [ours, theirs] = [join(here, 'peers', 'plumbline.mjs'), join(here, 'peers', 'hf_gpu.py')];
  const who: Readonly<Record<string, (file: string) => Result | string>> = {
    [`plumbline ${values.device}`]: (file) => run(process.execPath, [ours, model, file, '0', 'exact'], { BENCH_DEVICE: values.device }),
    [`transformers ${values.torch}`]: (file) => run(pythonIn(folder, 'venv'), [theirs, model, file, values.torch]),
  };
  const lines: string[] = [];
  const fewest = join(folder, 'gpu-few.json');
  writeFileSync(fewest, JSON.stringify(short(optionWork(4))));
  const [onCpu, onDevice] = ['cpu', values.device].map((device) =>
    run(process.execPath, [ours, model, fewest, '0', 'exact'], { BENCH_DEVICE: device }),
  );
  const same =
    typeof onCpu === 'object' && typeof onDevice === 'object'
      ? `choices of 4 items on ${values.device} and on the processor: ${JSON.stringify(onCpu.answers) === JSON.stringify(onDevice.answers) ? 'equal' : 'NOT EQUAL'}; largest difference of an option's log-probability ${largestDifference(onCpu, onDevice)}`
      : `not compared: ${[onCpu, onDevice].filter((each) => typeof each === 'string').join('; ')}`;
  process.stderr.write(`${same}\n`);
  for (const [task, work] of Object.entries(works)) {
    const file = join(folder, `gpu-${task}.json`);
    writeFileSync(file, JSON.stringify(work));
    const speeds = new Map<string, number[]>();
    const notes = new Map<string, string>();
    for (let round = 0; round <= rounds; round++)
      for (const [name, measure] of Object.entries(who)) {
        const took = measure(file);
        process.stderr.write(`${task} ${round} ${name} ${typeof took === 'string' ? took : `${(took.ms / 1000).toFixed(2)} s`}\n`);
        if (typeof took === 'string') notes.set(name, took);
        else if (round > 0) {
          speeds.set(name, [...(speeds.get(name) ?? []), (1000 * (task === 'generate' ? took.tokens : took.count)) / took.ms]);
          notes.set(name, [took.device, `peak ${Math.round(took.peakMemoryBytes / 1e6)} MB`].filter(Boolean).join(', '));
        }
      }
    const [own = []] = [speeds.get(`plumbline ${values.device}`)];
    for (const name of Object.keys(who)) {
      const all = speeds.get(name) ?? [];
      const ratios = all.flatMap((speed, i) => (own[i] === undefined ? [] : [own[i] / speed]));
      lines.push(
        `| ${task} | ${name} | ${all.length > 0 ? `${median(all).toFixed(2)} ${task === 'generate' ? 'tokens' : 'items'}/s` : '–'} | ${ratios.length > 0 ? `${median(ratios).toFixed(2)} ×` : '–'} | ${notes.get(name) ?? ''} |`,
      );
    }
  }
  const ort = (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
  const table = [
    `# llama of random weights (${values.size}) on ${values.device}, beside transformers on ${values.torch}`,
    '',
    `${cpus()[0]?.model}, node ${process.version}, onnxruntime-node ${ort}; ${items} items, ${rounds} rounds, medians. Ratio: our speed over theirs. transformers at the fastest of batch sizes 4 to 64. ${same}.`,
    '',
    '| work | who | speed | ratio | |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
  process.stdout.write(table);
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', `gpu-${values.device}-${values.size}-${new Date().toISOString().slice(0, 10)}.md`), table);
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;

function largestDifference(a: Result, b: Result): string {
  const [x, y] = [a.scores ?? [], b.scores ?? []];
  return x.length === 0 ? 'unknown' : Math.max(...x.map((value, i) => Math.abs(value - (y[i] ?? Number.NaN)))).toExponential(1);
}

main();
