/** Model files: containers, configurations, ONNX headers, templates, adapters. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { readOnnxHeader } from '../../../runners/onnx/onnx-header.ts';
import { openModel } from '../../../runners/onnx/open-model.ts';
import { modelBytes, type Value } from '../../../runners/onnx/proto.ts';
import { readAdapter } from '../../../runners/onnx/read-adapter.ts';
import { specOf } from '../../../runners/onnx/spec.ts';
import { templateFrom } from '../../../runners/onnx/template.ts';
import { openTokenizer } from '../../../runners/onnx/tokenizer.ts';
import { unzipInto } from '../../../runners/onnx/unzip.ts';
import { ggufBytes } from '../../support/gguf-file.ts';
import { tinyFolder, tinyModel, writeFilled } from '../../support/tiny-fixture.ts';
import { safetensors, writeTinyModel } from '../../support/tiny-model.ts';
import { zipOf } from '../../support/zip.ts';
import { rewriter, scratch, type Target, throughFile } from '../target.ts';
import { noCache, plainFolder, use } from './tokenizers.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const json = (path: string): unknown => JSON.parse(readFileSync(join(fixtures, path), 'utf8'));

const tensor = (name: string, ...shape: number[]) => ({ name, shape, type: 'F32' as const });
const pieces = [
  '<unk>',
  '<s>',
  '</s>',
  ...Array.from({ length: 27 }, (_, i) => (i === 26 ? '▁' : String.fromCharCode(97 + i))),
  'ab',
  '▁a',
];
const llama = (model: string) =>
  ggufBytes({
    metadata: [
      ['general.architecture', 'llama'],
      ['llama.block_count', 1],
      ['llama.context_length', 64],
      ['llama.embedding_length', 32],
      ['llama.feed_forward_length', 64],
      ['llama.attention.head_count', 2],
      ['llama.attention.head_count_kv', 1],
      ['llama.attention.layer_norm_rms_epsilon', 1.5e-5],
      ['llama.rope.freq_base', 10000],
      ['tokenizer.ggml.model', model],
      ['tokenizer.ggml.pre', 'smollm'],
      ['tokenizer.ggml.tokens', pieces],
      ['tokenizer.ggml.scores', pieces.map((_, i) => -i - 0.5)],
      ['tokenizer.ggml.token_type', pieces.map((_, i) => (i === 0 ? 2 : i < 3 ? 3 : 1))],
      ['tokenizer.ggml.merges', model === 'gpt2' ? ['a b'] : ['x y']],
      ['tokenizer.ggml.bos_token_id', 1],
      ['tokenizer.ggml.eos_token_id', 2],
      ['tokenizer.chat_template', "{% for m in messages %}{{ m['content'] }}{% endfor %}"],
    ],
    tensors: [
      tensor('token_embd.weight', pieces.length, 32),
      tensor('blk.0.attn_norm.weight', 32),
      tensor('blk.0.attn_q.weight', 32, 32),
      tensor('blk.0.attn_k.weight', 16, 32),
      tensor('blk.0.attn_v.weight', 16, 32),
      tensor('blk.0.attn_output.weight', 32, 32),
      tensor('blk.0.ffn_norm.weight', 32),
      tensor('blk.0.ffn_gate.weight', 64, 32),
      tensor('blk.0.ffn_up.weight', 64, 32),
      tensor('blk.0.ffn_down.weight', 32, 64),
      tensor('output_norm.weight', 32),
    ],
  });

const gguf: Target = {
  name: 'gguf',
  form: 'bytes',
  words: ['general.architecture', 'llama.block_count', 'tokenizer.ggml.tokens', 'GGUF', 'blk.0.attn_q.weight', 'qwen2', 'gemma3', 'phi3'],
  setUp() {
    const path = join(scratch(), 'm.gguf');
    const write = rewriter(path);
    return {
      seeds: [llama('gpt2'), llama('llama')],
      async open(input) {
        write(input);
        const files = openModel(path);
        specOf(files);
        use(await openTokenizer(files, noCache));
      },
    };
  },
};

const shapes: [string, number[]][] = [
  ['model.embed_tokens.weight', [264, 32]],
  ...['q_proj', 'o_proj'].map((name): [string, number[]] => [`model.layers.0.self_attn.${name}.weight`, [32, 32]]),
  ...['k_proj', 'v_proj'].map((name): [string, number[]] => [`model.layers.0.self_attn.${name}.weight`, [16, 32]]),
  ['model.layers.0.input_layernorm.weight', [32]],
  ['model.layers.0.post_attention_layernorm.weight', [32]],
  ['model.layers.0.mlp.gate_proj.weight', [64, 32]],
  ['model.layers.0.mlp.up_proj.weight', [64, 32]],
  ['model.layers.0.mlp.down_proj.weight', [32, 64]],
  ['model.norm.weight', [32]],
  ['lm_head.weight', [264, 32]],
];
const safetensorsTarget: Target = {
  name: 'safetensors',
  form: 'bytes',
  words: ['"F32"', '"dtype"', '"shape"', '"data_offsets"', '[0,0]', '__metadata__', '"BF16"'],
  setUp() {
    const folder = writeTinyModel(join(scratch(), 's'), { layers: 1 });
    const write = rewriter(join(folder, 'model.safetensors'));
    const weights = safetensors(shapes, { seed: 1 });
    const headEnd = 8 + Number(weights.readBigUInt64LE(0));
    return {
      // Only the header is read: behind it stand zeros.
      seeds: [weights.subarray(0, headEnd)],
      open(input) {
        write(Buffer.concat([input, Buffer.alloc(weights.length - headEnd)]));
        specOf(openModel(folder));
      },
    };
  },
};

const config: Target = {
  name: 'config',
  form: 'json',
  words: [
    'hidden_size',
    'num_hidden_layers',
    'rope_scaling',
    'rope_parameters',
    'model_type',
    'llama',
    'qwen2',
    'sliding_window',
    'yarn',
    'llama3',
    'layer_types',
  ],
  setUp() {
    const families = readdirSync(tinyFolder).sort();
    const models = families.map(tinyModel);
    return {
      seeds: families.map((name) => readFileSync(join(tinyFolder, name, 'config.json'))),
      open(input, seed) {
        const path = models[seed % models.length] ?? '';
        writeFileSync(join(path, 'config.json'), input);
        specOf(openModel(path));
      },
    };
  },
};

const value = (name: string): Value => ({ name, type: 'float32', shape: ['batch', 2, 'past', 16] });
const onnx: Target = {
  name: 'onnx',
  form: 'bytes',
  words: ['weights.bin', 'location', '../x', 'past.0.key'],
  setUp() {
    const path = join(scratch(), 'model.onnx');
    const write = rewriter(path);
    const model = modelBytes({
      name: 'decoder',
      irVersion: 10,
      opsets: { '': 21, 'com.microsoft': 1 },
      nodes: [{ name: 'n', op: 'Identity', domain: '', inputs: ['input_ids'], outputs: ['logits'], attributes: { a: { ints: [1, 2] } } }],
      initializers: [{ name: 'w', type: 'float32', shape: [4], location: 'weights.bin', offset: 0, bytes: 16 }],
      inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch', 'sequence'] }, value('past.0.key'), value('past.0.value')],
      outputs: [{ name: 'logits', type: 'float32', shape: ['batch', 'sequence', 320] }, value('present.0.key')],
    });
    return {
      seeds: [Buffer.from(model)],
      open(input) {
        write(input);
        readOnnxHeader(path);
      },
    };
  },
};

const jinja = [
  ...[
    '{% for x in range(99999) %}',
    '{% endfor %}',
    '{% set x = x ~ x %}',
    '{{ messages }}',
    '{% if',
    '%}',
    '{{',
    '}}',
    '{% macro m(x) %}',
    '{% endmacro %}',
  ],
  ...[
    '|',
    '| upper',
    '| tojson',
    '| join',
    '| length',
    '| replace("a", "b" * 9)',
    '| map(',
    '| selectattr(',
    'range(',
    '* 99999',
    '~',
    'loop.index',
  ],
  ...[
    "'",
    '[',
    ']',
    '.content',
    'namespace(',
    '[::-1]',
    '.split(',
    'none',
    '1e9',
    'raise_exception(',
    'strftime_now("%Y")',
    '| indent(99999999)',
  ],
];
const template: Target = {
  name: 'template',
  form: 'bytes',
  words: jinja,
  async setUp() {
    const { templates } = json('templates.json') as { readonly templates: Readonly<Record<string, string>> };
    const tokenizer = await openTokenizer(plainFolder(writeTinyModel(join(scratch(), 'p'), { layers: 1 })), noCache);
    const spoken = [
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Why <s>?' },
      ],
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: '' },
      ],
    ] as const;
    return {
      seeds: Object.values(templates).map((text) => Buffer.from(text)),
      open(input) {
        const opened = templateFrom(input.toString('utf8'), tokenizer);
        for (const messages of spoken) opened.encodeChat(messages);
      },
    };
  },
};

const adapter: Target = {
  name: 'adapter',
  form: 'json',
  words: [
    'alpha_pattern',
    'rank_pattern',
    'lora_alpha',
    'use_rslora',
    'bias',
    'LORA',
    '(a+)+',
    'target_modules',
    'modules_to_save',
    'use_dora',
  ],
  setUp() {
    const folder = scratch();
    const files = openModel(tinyModel('bloom-6-heads'));
    const spec = specOf(files);
    writeFilled(join(folder, 'adapter_model.safetensors'), json('adapters/bloom/tensors.json') as Record<string, number[]>);
    const write = rewriter(join(folder, 'adapter_config.json'));
    return {
      seeds: ['bloom', 'granite-patterns', 'falcon'].map((name) => readFileSync(join(fixtures, 'adapters', name, 'adapter_config.json'))),
      open(input) {
        write(input);
        readAdapter(folder, files, spec);
      },
    };
  },
};

const wheel: Target = {
  name: 'zip-part',
  form: 'bytes',
  setUp() {
    return {
      seeds: [zipOf({ 'a/b.so': 'content' }), zipOf({ 'a/b.so': 'content'.repeat(9), c: '' }, 'deflate')],
      open: throughFile(join(scratch(), 'w.zip'), (path) => unzipInto(path, '.so', new PassThrough().resume() as never)),
    };
  },
};

export const modelTargets: readonly Target[] = [gguf, safetensorsTarget, config, onnx, template, adapter, wheel];
