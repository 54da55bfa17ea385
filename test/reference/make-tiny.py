"""Makes the tiny random models of test/fixtures/tiny and their reference numbers with the real transformers.

    python -m venv venv && venv/bin/pip install torch transformers numpy
    venv/bin/python test/reference/make-tiny.py test/fixtures/tiny [name …]

One folder a model: config.json, tensors.json (name and shape of each weight) and reference.json, in the form of the parity set. The weights themselves
are not kept: they follow from their names by `filled` here and in test/support/tiny-fixture.ts. One-dimensional parameters vary too, so that a forgotten
norm offset or bias shows.
"""

import json
import os
import sys
import tempfile

import numpy
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = dict(vocab_size=96, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256,
             bos_token_id=1, eos_token_id=2, pad_token_id=0, initializer_range=0.15)
GATED = dict(SIZES, intermediate_size=32, num_key_value_heads=2)
LATENT = dict(SIZES, intermediate_size=64, num_key_value_heads=4, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=16, first_k_dense_replace=1,
              num_hidden_layers=3)

MODELS = {
    'granite': ('granite', dict(GATED, embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=0.1, logits_scaling=3.0)),
    'stablelm': ('stablelm', dict(GATED, use_qkv_bias=True)),
    'stablelm-parallel': ('stablelm', dict(GATED, use_parallel_residual=True, rope_parameters={'rope_type': 'default', 'rope_theta': 10000.0, 'partial_rotary_factor': 0.5})),
    'starcoder2': ('starcoder2', dict(GATED, sliding_window=16)),
    'falcon-7b': ('falcon', dict(SIZES, multi_query=True, parallel_attn=True, new_decoder_architecture=False, alibi=False, bias=False)),
    'falcon-40b': ('falcon', dict(SIZES, new_decoder_architecture=True, num_kv_heads=2, bias=False)),
    'falcon-rw': ('falcon', dict(SIZES, multi_query=False, parallel_attn=False, alibi=True, bias=True)),
    'bloom-6-heads': ('bloom', dict(SIZES, hidden_size=48, n_layer=2, n_head=6)),
    'olmo': ('olmo', dict(GATED, clip_qkv=0.4)),
    'cerebras-gpt': ('gpt2', dict(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_inner=32, n_positions=256, activation_function='gelu',
                                  bos_token_id=1, eos_token_id=2)),
    'cohere': ('cohere', dict(GATED, logit_scale=0.25)),
    'cohere2': ('cohere2', dict(GATED, logit_scale=0.25, sliding_window=16, num_hidden_layers=4)),
    'olmo3': ('olmo3', dict(GATED, num_hidden_layers=4, sliding_window=16)),
    'helium': ('helium', dict(GATED, head_dim=8)),
    'arcee': ('arcee', dict(GATED)),
    'seed_oss': ('seed_oss', dict(GATED, head_dim=16, attention_bias=True, attention_out_bias=False)),
    'ernie4_5': ('ernie4_5', dict(GATED, head_dim=16)),
    'hunyuan': ('hunyuan_v1_dense', dict(GATED, head_dim=16)),
    'exaone4': ('exaone4', dict(GATED, num_hidden_layers=4, sliding_window=16, head_dim=16)),
    'gpt-neo': ('gpt_neo', dict(SIZES, num_layers=2, num_heads=4, attention_types=[[['global', 'local'], 1]], window_size=16, intermediate_size=64)),
    'gptj': ('gptj', dict(vocab_size=96, n_embd=32, n_layer=2, n_head=4, n_positions=256, rotary_dim=4, bos_token_id=1, eos_token_id=2)),
    'nemotron': ('nemotron', dict(GATED, head_dim=8)),
    'glm': ('glm', dict(GATED, head_dim=16)),
    'glm4': ('glm4', dict(GATED, head_dim=16)),
    'minicpm3-mla': ('minicpm3', dict(GATED, num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=8, v_head_dim=8)),
    'deepseek-v2-lite': ('deepseek_v2', dict(LATENT, moe_intermediate_size=16, q_lora_rank=None, n_routed_experts=8, n_shared_experts=2, num_experts_per_tok=3,
                                             routed_scaling_factor=1.5, topk_method='greedy', n_group=1, topk_group=1,
                                             rope_parameters={'rope_type': 'yarn', 'rope_theta': 10000.0, 'factor': 4.0, 'original_max_position_embeddings': 64,
                                                              'mscale': 0.707, 'mscale_all_dim': 0.707, 'beta_fast': 32, 'beta_slow': 1})),
    'deepseek-v2': ('deepseek_v2', dict(LATENT, moe_intermediate_size=16, q_lora_rank=16, n_routed_experts=8, n_shared_experts=1, num_experts_per_tok=2,
                                        routed_scaling_factor=2.0, topk_method='group_limited_greedy', n_group=4, topk_group=2)),
    'deepseek-v3': ('deepseek_v3', dict(LATENT, moe_intermediate_size=16, q_lora_rank=16, n_routed_experts=8, n_shared_experts=1, num_experts_per_tok=2,
                                        routed_scaling_factor=2.5, n_group=4, topk_group=2, norm_topk_prob=True)),
    'lfm2': ('lfm2', dict(GATED, num_hidden_layers=3, layer_types=['conv', 'full_attention', 'conv'], conv_L_cache=3, block_auto_adjust_ff_dim=False)),
    'lfm2-moe': ('lfm2_moe', dict(GATED, num_hidden_layers=3, layer_types=['conv', 'full_attention', 'conv'], conv_L_cache=3, moe_intermediate_size=16,
                                  num_dense_layers=1, num_experts=8, num_experts_per_tok=2, routed_scaling_factor=1.5)),
    'granite-moe': ('granitemoe', dict(GATED, num_local_experts=8, num_experts_per_tok=3, embedding_multiplier=12.0, residual_multiplier=0.22,
                                       attention_multiplier=0.1, logits_scaling=3.0)),
    'granite-moe-shared': ('granitemoeshared', dict(GATED, num_local_experts=4, num_experts_per_tok=2, shared_intermediate_size=24)),
    'qwen2-moe': ('qwen2_moe', dict(GATED, num_experts=8, num_experts_per_tok=3, moe_intermediate_size=16, shared_expert_intermediate_size=24, norm_topk_prob=False)),
    'qwen3-moe': ('qwen3_moe', dict(GATED, head_dim=16, num_experts=8, num_experts_per_tok=2, moe_intermediate_size=16, norm_topk_prob=True, num_hidden_layers=3,
                                    mlp_only_layers=[1])),
    'olmoe': ('olmoe', dict(GATED, num_experts=8, num_experts_per_tok=3, clip_qkv=0.4)),
    'mixtral': ('mixtral', dict(GATED, num_local_experts=4, num_experts_per_tok=2, sliding_window=16)),
    'ernie4_5-moe': ('ernie4_5_moe', dict(GATED, num_hidden_layers=3, moe_num_experts=8, moe_k=2, moe_intermediate_size=16, moe_num_shared_experts=2, moe_layer_start_index=1,
                                          moe_layer_end_index=2, moe_layer_interval=1)),
}


def filled(name, shape):
    """Numbers that follow from a name: 2-D and more uniform in ±0.26, norm weights in 1 ± 0.2, other vectors in ±0.2. The same in tiny-fixture.ts."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    count = int(numpy.prod(shape))
    x = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    for _ in range(2):
        x ^= x >> 16
        x = (x * 0x45D9F3B) & 0xFFFFFFFF
    x ^= x >> 16
    unit = x.astype(numpy.float64) / 4294967296 - 0.5
    if len(shape) > 1:
        values = 0.52 * unit
    else:
        middle = 1.0 if name.endswith('weight') and ('norm' in name or 'ln_' in name) else 0.0
        values = middle + 0.4 * unit
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def made(kind, settings, path):
    """The model with its weights by name, and their shapes; config.json is left in `path`."""
    torch.manual_seed(7)
    config = AutoConfig.for_model(kind, **settings)
    # Falcon's eager attention of transformers 5.23 adds ALiBi twice (to the scores and in the mask).
    attention = 'sdpa' if getattr(config, 'alibi', False) else 'eager'
    AutoModelForCausalLM.from_config(config, attn_implementation=attention).float().save_pretrained(path)
    file = os.path.join(path, 'model.safetensors')
    with safe_open(file, 'pt') as stored:
        shapes = {name: list(stored.get_slice(name).get_shape()) for name in stored.keys()}
    save_file({name: filled(name, shape) for name, shape in shapes.items()}, file, metadata={'format': 'pt'})
    model = AutoModelForCausalLM.from_pretrained(path, attn_implementation=attention, dtype=torch.float32).eval()
    return model, shapes


def reference(model, vocabulary):
    generator = torch.Generator().manual_seed(11)
    cases = []
    for length in (7, 33, 129):
        ids = torch.randint(3, vocabulary, (1, length), generator=generator)
        with torch.no_grad():
            logprobs = torch.log_softmax(model(ids).logits[0].double(), -1)
            tokens = ids
            greedy = []
            for _ in range(8):
                token = int(model(tokens).logits[0, -1].argmax())
                greedy.append(token)
                tokens = torch.cat([tokens, torch.tensor([[token]])], 1)
        scored = logprobs[:-1].gather(1, ids[0, 1:, None])[:, 0]
        cases.append(dict(input_ids=ids[0].tolist(), token_logprobs=[round(float(x), 5) for x in scored], greedy=greedy))
    return dict(source=f'transformers {transformers.__version__}, float32', cases=cases)


def main():
    folder, *names = sys.argv[1:]
    transformers.logging.disable_progress_bar()
    for name in names or MODELS:
        kind, settings = MODELS[name]
        with tempfile.TemporaryDirectory() as temporary:
            try:
                model, shapes = made(kind, settings, temporary)
                result = reference(model, model.config.vocab_size)
            except Exception as error:
                print(f'{name}: not made ({type(error).__name__}: {str(error)[:300]})', file=sys.stderr)
                continue
            with open(os.path.join(temporary, 'config.json')) as file:
                config = json.load(file)
        path = os.path.join(folder, name)
        os.makedirs(path, exist_ok=True)
        for kept, value in (('config', config), ('tensors', shapes), ('reference', result)):
            with open(os.path.join(path, f'{kept}.json'), 'w') as file:
                json.dump(value, file)
        print(name, sum(os.path.getsize(os.path.join(path, each)) for each in os.listdir(path)), flush=True)


if __name__ == '__main__':
    main()
