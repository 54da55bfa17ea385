"""Makes the LoRA adapters of test/fixtures/adapters on the tiny models of test/fixtures/tiny, with the numbers of the real peft.

    python -m venv venv && venv/bin/pip install torch transformers peft numpy
    venv/bin/python test/reference/make-adapters.py test/fixtures/adapters [name …]

With PLUMBLINE_SMOLLM2 set to that model's GGUF file, `smollm2` makes one on it in test/fixtures/real-adapter.

One folder an adapter: adapter_config.json as peft wrote it, tensors.json (name and shape of each tensor of its file) and reference.json. Values follow from names, as
those of the tiny models do (make-tiny.py, tiny-fixture.ts).
"""

import json
import os
import sys
import tempfile

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
tiny = __import__('make-tiny')

LLAMA = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']
ADAPTERS = {
    'granite': ('granite', dict(r=4, lora_alpha=6, target_modules=LLAMA)),
    'granite-patterns': ('granite', dict(r=4, lora_alpha=6, use_rslora=True, target_modules=LLAMA, rank_pattern={'down_proj': 2, r'.*\.1\.self_attn\.q_proj': 3},
                                         alpha_pattern={'v_proj': 16})),
    'ernie-all-linear': ('ernie4_5', dict(r=2, lora_alpha=4, target_modules='all-linear', lora_bias=True)),
    'cerebras-biases': ('cerebras-gpt', dict(r=4, lora_alpha=8, target_modules=['c_attn', 'c_fc'], bias='all', fan_in_fan_out=True)),
    'bloom': ('bloom-6-heads', dict(r=4, lora_alpha=8, target_modules=['query_key_value', 'dense'], bias='lora_only')),
    'falcon': ('falcon-40b', dict(r=4, lora_alpha=8, target_modules=['query_key_value', 'dense_4h_to_h'])),
    'tied-head': ('cohere', dict(r=4, lora_alpha=8, target_modules=['lm_head', 'q_proj', 'k_proj'])),
    'smollm2': ('smollm2', dict(r=2, lora_alpha=1, target_modules=LLAMA, layers_to_transform=[0, 7, 29])),
    'deepseek': ('deepseek-v2-lite', dict(r=4, lora_alpha=8, target_modules=['q_proj', 'kv_a_proj_with_mqa', 'kv_b_proj', 'o_proj'])),
}


def base(name, path):
    """The tiny model, its weights filled by their names."""
    if name == 'smollm2':
        folder, file = os.path.split(os.environ['PLUMBLINE_SMOLLM2'])
        return AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32, attn_implementation='eager').eval()
    kind, settings = tiny.MODELS[name]
    return tiny.made(kind, settings, path)[0]


def made(name, folder):
    of, settings = ADAPTERS[name]
    with tempfile.TemporaryDirectory() as temporary:
        wrapped = get_peft_model(base(of, os.path.join(temporary, 'model')), LoraConfig(task_type='CAUSAL_LM', **settings))
        saved = os.path.join(temporary, 'adapter')
        wrapped.save_pretrained(saved, save_embedding_layers=False)
        file = os.path.join(saved, 'adapter_model.safetensors')
        with safe_open(file, 'pt') as stored:
            shapes = {key: list(stored.get_slice(key).get_shape()) for key in stored.keys()}
        save_file({key: tiny.filled(key, shape) for key, shape in shapes.items()}, file, metadata={'format': 'pt'})
        model = PeftModel.from_pretrained(base(of, os.path.join(temporary, 'again')), saved).eval()
        ids = torch.randint(3, model.config.vocab_size, (1, 40), generator=torch.Generator().manual_seed(5))
        with torch.no_grad():
            logprobs = torch.log_softmax(model(ids).logits[0].double(), -1)
        scored = logprobs[:-1].gather(1, ids[0, 1:, None])[:, 0]
        with open(os.path.join(saved, 'adapter_config.json')) as config:
            kept = {key: value for key, value in json.load(config).items() if value not in (None, [], {}) and key != 'base_model_name_or_path'}
    reference = dict(source=f'peft {peft.__version__}, transformers {transformers.__version__}, float32', base=of, input_ids=ids[0].tolist(),
                     token_logprobs=[round(float(x), 5) for x in scored])
    path = os.path.join(folder, name)
    os.makedirs(path, exist_ok=True)
    for file, value in (('adapter_config', kept), ('tensors', shapes), ('reference', reference)):
        with open(os.path.join(path, f'{file}.json'), 'w') as out:
            json.dump(value, out)
    print(name, len(shapes), flush=True)


if __name__ == '__main__':
    target, *names = sys.argv[1:]
    transformers.logging.disable_progress_bar()
    for each in names or ADAPTERS:
        if each != 'smollm2':
            made(each, target)
        elif 'PLUMBLINE_SMOLLM2' in os.environ:
            made(each, os.path.join(target, '../real-adapter'))
