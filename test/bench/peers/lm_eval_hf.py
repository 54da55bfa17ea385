"""lm-evaluation-harness' hf backend: arguments model folder, work file, threads, batch size."""
import json
import os
import sys
import time

model, work_file, threads, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch

torch.set_num_threads(threads)
started = time.perf_counter()
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from took import Clock

lm = HFLM(pretrained=model, batch_size=batch, device="cpu", dtype="float32")
tokenizer = lm.tokenizer
load = time.perf_counter() - started
with open(work_file) as file:
    work = json.load(file)


def instances(kind, arguments):
    return [Instance(request_type=kind, doc={}, arguments=each, idx=i) for i, each in enumerate(arguments)]


clock = Clock()
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
    sampling = {"do_sample": True, "temperature": work["temperature"]} if work["temperature"] > 0 else {"do_sample": False}
    until = {"until": [], "max_gen_toks": work["maxTokens"], **sampling}
    answers = lm.generate_until(instances("generate_until", [(prompt, until) for prompt in work["prompts"]]), disable_tqdm=True)
    tokens = sum(len(tokenizer(text).input_ids) for text in answers)
clock.print(load, work, answers, tokens)
