"""lm-evaluation-harness' hf backend: arguments model (a GGUF file), work file, threads, batch size."""
import json
import os
import resource
import sys
import time

model, work_file, threads, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch

torch.set_num_threads(threads)
started = time.perf_counter()
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, name = os.path.split(model)
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
lm = HFLM(pretrained=loaded, tokenizer=tokenizer, batch_size=batch, device="cpu", dtype="float32")
load = time.perf_counter() - started
with open(work_file) as file:
    work = json.load(file)


def instances(kind, arguments):
    return [Instance(request_type=kind, doc={}, arguments=each, idx=i) for i, each in enumerate(arguments)]


begun, cpu_begun = time.perf_counter(), time.process_time()
answers, tokens = [], 0
if work["kind"] == "options":
    pairs = [(item["context"], option) for item in work["items"] for option in item["options"]]
    scores = [score for score, _ in lm.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)]
    for item in work["items"]:
        own, scores = scores[: len(item["options"])], scores[len(item["options"]) :]
        answers.append(own.index(max(own)))
elif work["kind"] == "first":
    lm.loglikelihood(instances("loglikelihood", [(work["context"], work["option"])]), disable_tqdm=True)
elif work["kind"] == "trace":
    totals = lm.loglikelihood_rolling(instances("loglikelihood_rolling", [(text,) for text in work["texts"]]), disable_tqdm=True)
    answers = [total / (len(tokenizer(text).input_ids) - 1) for total, text in zip(totals, work["texts"])]
else:
    until = {"until": [], "max_gen_toks": work["maxTokens"], "do_sample": False}
    answers = lm.generate_until(instances("generate_until", [(prompt, until) for prompt in work["prompts"]]), disable_tqdm=True)
    tokens = sum(len(tokenizer(text).input_ids) for text in answers)
seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu_begun
count = len(work.get("items") or work.get("prompts") or work.get("texts") or [0])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"loadMs": 1000 * load, "ms": 1000 * seconds, "cpuMs": 1000 * cpu, "count": count, "tokens": tokens, "peakMemoryBytes": peak, "answers": answers}))
