import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomOf } from '../../src/kit/random.ts';

/** Bytes as a byte-level tokenizer spells them (GPT-2's table). */
function byteAlphabet(): string[] {
  const plain = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let extra = 0;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(plain(b) ? b : 256 + extra++));
}

/** <pad>, <s>, </s>, then the 256 bytes; `special`: further special tokens. */
function tokenizerJson(special: readonly string[]): unknown {
  const named = ['<pad>', '<s>', '</s>'];
  const added = [...named, ...special].map((content, i) => ({
    id: i < 3 ? i : 256 + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const vocab = Object.fromEntries([...named.map((name, i) => [name, i]), ...byteAlphabet().map((c, i) => [c, i + 3])]);
  const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const model = {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab,
    merges: [],
  };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model,
  };
}

export interface TinyOptions {
  readonly seed?: number;
  readonly context?: number;
  readonly layers?: number;
  readonly hidden?: number;
  /** A sliding window for every layer (the model is a Mistral then). */
  readonly window?: number;
  readonly template?: string;
  readonly tokenizer?: boolean;
  /** Puts NaN into this tensor. */
  readonly damage?: string;
}

/** A llama of random weights with a byte-level tokenizer, as a Hugging Face folder. */
export function writeTinyModel(folder: string, options: TinyOptions = {}): string {
  const { seed = 1, context = 512, layers = 2, hidden = 32 } = options;
  mkdirSync(folder, { recursive: true });
  const [heads, kvHeads, headDim, ffn, vocabulary] = [hidden / 16, hidden / 32, 16, 2 * hidden, 264];
  const config = {
    model_type: options.window === undefined ? 'llama' : 'mistral',
    ...(options.window === undefined ? {} : { sliding_window: options.window }),
    hidden_size: hidden,
    intermediate_size: ffn,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    vocab_size: vocabulary,
    max_position_embeddings: context,
    rope_theta: 10000,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'float32',
  };
  const shapes: [string, number[]][] = [
    ['model.embed_tokens.weight', [vocabulary, hidden]],
    ...Array.from({ length: layers }, (_, i): [string, number[]][] => [
      [`model.layers.${i}.input_layernorm.weight`, [hidden]],
      [`model.layers.${i}.self_attn.q_proj.weight`, [heads * headDim, hidden]],
      [`model.layers.${i}.self_attn.k_proj.weight`, [kvHeads * headDim, hidden]],
      [`model.layers.${i}.self_attn.v_proj.weight`, [kvHeads * headDim, hidden]],
      [`model.layers.${i}.self_attn.o_proj.weight`, [hidden, heads * headDim]],
      [`model.layers.${i}.post_attention_layernorm.weight`, [hidden]],
      [`model.layers.${i}.mlp.gate_proj.weight`, [ffn, hidden]],
      [`model.layers.${i}.mlp.up_proj.weight`, [ffn, hidden]],
      [`model.layers.${i}.mlp.down_proj.weight`, [hidden, ffn]],
    ]).flat(),
    ['model.norm.weight', [hidden]],
    ['lm_head.weight', [vocabulary, hidden]],
  ];
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'model.safetensors'), safetensors(shapes, { seed, ...(options.damage ? { damage: options.damage } : {}) }));
  if (options.tokenizer === false) return folder;
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizerJson(options.template ? ['<|turn|>'] : [])));
  const tokens = { bos_token: '<s>', eos_token: '</s>', add_bos_token: true };
  writeFileSync(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ ...tokens, ...(options.template ? { chat_template: options.template } : {}) }),
  );
  return folder;
}

/** A safetensors file of random float32 tensors. */
export function safetensors(shapes: readonly [string, number[]][], { seed, damage }: { seed: number; damage?: string }): Buffer {
  const random = randomOf(seed);
  const header: Record<string, unknown> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, shape] of shapes) {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: count }, () => (shape.length === 1 ? 1 + 0.2 * (random() - 0.5) : 0.8 * (random() - 0.5)));
    if (name === damage) values[3] = Number.NaN;
    const bytes = Buffer.from(values.buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const head = Buffer.from(JSON.stringify(header).padEnd(8 * Math.ceil(JSON.stringify(header).length / 8)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  return Buffer.concat([size, head, ...parts]);
}
