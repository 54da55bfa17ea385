"""transformers on a GPU: arguments model folder, work file, device. Tries batch sizes on a part of the work, then does it all at the fastest."""
import json
import sys
import time

model_folder, work_file, device = sys.argv[1:4]
started = time.perf_counter()
import torch
from took import Clock
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(model_folder)
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).to(device).eval()
load = time.perf_counter() - started
with open(work_file) as file:
    work = json.load(file)
encode = lambda text: tokenizer.encode(text)


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


@torch.inference_mode()
def score(pairs, batch):
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i][0]))
    out = [0.0] * len(pairs)
    for first in range(0, len(order), batch):
        some = order[first : first + batch]
        rows = [pairs[i][0] for i in some]
        size = max(map(len, rows))
        ids = torch.tensor([row + [0] * (size - len(row)) for row in rows], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (size - len(row)) for row in rows], device=device)
        logprobs = torch.log_softmax(model(input_ids=ids, attention_mask=mask).logits.float(), -1)
        for b, i in enumerate(some):
            row, start = pairs[i]
            targets = torch.tensor(row[start:], device=device)
            out[i] = logprobs[b, start - 1 : len(row) - 1].gather(1, targets[:, None]).sum().item()
    wait()
    return out


@torch.inference_mode()
def generate(prompts, batch, count):
    tokens, texts = 0, []
    tokenizer.padding_side = "left"
    for first in range(0, len(prompts), batch):
        inputs = tokenizer(prompts[first : first + batch], return_tensors="pt", padding=True).to(device)
        inputs.pop("token_type_ids", None)
        made = model.generate(**inputs, max_new_tokens=count, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        made = made[:, inputs["input_ids"].shape[1] :]
        tokens += sum(next((i for i, t in enumerate(row.tolist()) if t == tokenizer.eos_token_id), made.shape[1]) for row in made)
        texts += tokenizer.batch_decode(made)
    wait()
    return tokens, texts


def fastest(work_of, sizes):
    best = None
    for size in sizes:
        try:
            work_of(size)
            begun = time.perf_counter()
            work_of(size)
            took = time.perf_counter() - begun
        except torch.OutOfMemoryError:
            break
        if best is None or took < best[0]:
            best = (took, size)
    return best[1]


answers, scores, tokens = [], [], 0
if work["kind"] == "options":
    pairs = [(encode(item["context"] + option), len(encode(item["context"]))) for item in work["items"] for option in item["options"]]
    batch = fastest(lambda size: score(pairs[:64], size), [4, 8, 16, 32, 64])
    clock = Clock()
    scores = score(pairs, batch)
    at = 0
    for item in work["items"]:
        own = scores[at : at + len(item["options"])]
        at += len(own)
        answers.append(own.index(max(own)))
else:
    batch = fastest(lambda size: generate(work["prompts"][:64], size, 8), [4, 8, 16, 32, 64])
    clock = Clock()
    tokens, answers = generate(work["prompts"], batch, work["maxTokens"])
name = torch.cuda.get_device_name() if device == "cuda" else device
clock.print(load, work, answers, tokens, device=f"{name}, torch {torch.__version__}, batch {batch}", scores=scores)
