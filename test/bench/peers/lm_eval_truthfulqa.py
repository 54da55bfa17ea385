"""TruthfulQA MC1 and MC2 by lm-evaluation-harness' own tasks on a local file. Arguments: model (a GGUF file), mc_task.json, rows, output file."""
import json
import os
import sys
import tempfile

model, source, rows, output = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
import gzip

import lm_eval
import torch
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

with gzip.open(source, "rt") if source.endswith(".gz") else open(source) as file:
    records = json.load(file)[:rows]


def columns(targets):
    return {"choices": list(targets), "labels": list(targets.values())}


work = tempfile.mkdtemp()
data = os.path.join(work, "validation.jsonl")
with open(data, "w") as file:
    for record in records:
        kept = {"question": record["question"], **{name: columns(record[name]) for name in ("mc1_targets", "mc2_targets")}}
        file.write(json.dumps(kept) + "\n")
tasks = os.path.join(os.path.dirname(lm_eval.__file__), "tasks", "truthfulqa")
for name in ("mc1", "mc2"):
    with open(os.path.join(work, f"local_{name}.yaml"), "w") as file:
        file.write(
            f"include: {tasks}/truthfulqa_{name}.yaml\ntask: local_{name}\ndataset_path: json\ndataset_name: null\n"
            f"dataset_kwargs:\n  data_files:\n    validation: {data}\n"
        )

folder, name = os.path.split(model)
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
harness = HFLM(pretrained=loaded, tokenizer=tokenizer, batch_size=8, device="cpu", dtype="float32")
found = simple_evaluate(
    model=harness,
    tasks=["local_mc1", "local_mc2"],
    task_manager=TaskManager(include_path=work),
    log_samples=True,
    bootstrap_iters=0,
)
scores = {
    task: [
        [float(option[0]) for option in sample["filtered_resps"]] for sample in sorted(found["samples"][task], key=lambda s: s["doc_id"])
    ]
    for task in ("local_mc1", "local_mc2")
}
with open(output, "w") as file:
    json.dump(
        {
            "version": lm_eval.__version__ if hasattr(lm_eval, "__version__") else "",
            "mc1": found["results"]["local_mc1"]["acc,none"],
            "mc2": found["results"]["local_mc2"]["acc,none"],
            "scores": {"mc1": scores["local_mc1"], "mc2": scores["local_mc2"]},
        },
        file,
    )
