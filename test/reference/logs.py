"""
Fresh small logs of lm-evaluation-harness, inspect_ai, garak and HELM, made by the tools themselves, offline, for test/fixtures/logs.

    python3 test/reference/logs.py <folder for the tools> <folder for the logs> [tool ...]

Each tool is installed into an environment of its own in the first folder (torch is large; --python lm-eval=<path> takes one that is there).
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv

packages = {"lm-eval": ["lm-eval==0.4.13", "torch", "transformers"], "inspect": ["inspect_ai", "openai"], "garak": ["garak"], "helm": ["crfm-helm"]}
parser = argparse.ArgumentParser()
parser.add_argument("tools", type=pathlib.Path)
parser.add_argument("logs", type=pathlib.Path)
parser.add_argument("which", nargs="*", default=[])
parser.add_argument("--python", action="append", default=[], help="<tool>=<python that has it>")
options = parser.parse_args()
given = dict(entry.split("=", 1) for entry in options.python)
work = options.tools.resolve()
logs = options.logs.resolve()
quiet = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", **{f"XDG_{name}_HOME": str(work / name.lower()) for name in ("DATA", "CONFIG", "CACHE")}}


def python_of(tool):
    if tool in given:
        return given[tool]
    folder = work / f"venv-{tool}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages[tool]], check=True)
    return str(python)


def run(*command, cwd=work):
    subprocess.run([str(part) for part in command], cwd=cwd, env=quiet, check=True)


questions = [
    ("Which animal barks?", ["a dog", "a cat", "a fish"], 0),
    ("What is frozen water?", ["sand", "ice", "oil"], 1),
    ("How many legs has a spider?", ["six", "four", "eight"], 2),
    ("What do bees make?", ["honey", "milk", "wool"], 0),
    ("What colour is snow?", ["green", "white", "black"], 1),
    ("When does the sun rise?", ["at night", "never", "in the morning"], 2),
]


def lm_eval():
    here = work / "lm-eval"
    here.mkdir(exist_ok=True)
    with open(here / "little.jsonl", "w") as file:
        for question, choices, label in questions:
            file.write(json.dumps({"question": question, "choices": choices, "label": label, "answer": choices[label]}) + "\n")
    head = f"dataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {here}/little.jsonl\ntest_split: test\ndoc_to_text: \"Q: {{{{question}}}}\\nA:\"\n"
    (here / "choice.yaml").write_text(
        f"task: little_choice\n{head}doc_to_choice: \"{{{{choices}}}}\"\ndoc_to_target: \"{{{{label}}}}\"\noutput_type: multiple_choice\n"
        "metric_list:\n  - metric: acc\n    aggregation: mean\n    higher_is_better: true\n  - metric: acc_norm\n    aggregation: mean\n    higher_is_better: true\n"
    )
    (here / "gen.yaml").write_text(
        f"task: little_gen\n{head}doc_to_target: \"{{{{answer}}}}\"\noutput_type: generate_until\ngeneration_kwargs:\n  until: [\"\\n\"]\n  max_gen_toks: 8\n"
        "metric_list:\n  - metric: exact_match\n    aggregation: mean\n    higher_is_better: true\n"
    )
    out = here / "out"
    shutil.rmtree(out, ignore_errors=True)
    run(python_of("lm-eval"), "-m", "lm_eval", "--model", "dummy", "--tasks", "little_choice,little_gen", "--include_path", here, "--output_path", out, "--log_samples")
    for file in out.rglob("*.json*"):
        keep("lm-eval", file, file.name)


def inspect():
    here = work / "inspect"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    answers = ["A dog.", "It is ice.", "Six.", "Honey.", "I cannot say.", "In the morning."]
    (here / "little.py").write_text(
        # The mock model counts tokens by a table that it would fetch.
        "import tiktoken\n"
        "class Words:\n    def encode(self, text, **_):\n        return text.split()\n    encode_ordinary = encode\n"
        "tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: Words()\n"
        "from inspect_ai import Task, eval\n"
        "from inspect_ai.dataset import Sample\n"
        "from inspect_ai.model import ModelOutput, get_model\n"
        "from inspect_ai.scorer import includes\n"
        f"samples = [Sample(id=f'q{{i}}', input=q, target=t) for i, (q, t) in enumerate({[(q, c[l].split()[-1]) for q, c, l in questions]!r})]\n"
        f"outputs = [ModelOutput.from_content('mockllm/model', text) for text in {answers!r}]\n"
        "task = Task(dataset=samples, scorer=includes(), name='little_quiz')\n"
        f"eval(task, model=get_model('mockllm/model', custom_outputs=outputs), log_dir={str(here / 'logs')!r}, display='none', max_connections=1, max_samples=1)\n"
    )
    run(python_of("inspect"), here / "little.py")
    [log] = (here / "logs").glob("*.eval")
    keep("inspect", log, "recent.eval")


def garak():
    run(
        python_of("garak"), "-m", "garak", "--target_type", "test.Repeat", "--probes", "test.Test,test.Blank",
        "--detectors", "always.Fail,always.Pass", "--generations", "2", "--report_prefix", work / "little",
    )
    keep("garak", work / "little.report.jsonl", "little.report.jsonl")


def helm():
    run(
        pathlib.Path(python_of("helm")).parent / "helm-run", "--run-entries", "simple_mcqa:model=simple/model1",
        "--suite", "little", "--max-eval-instances", "6", "--num-threads", "1", "--output-path", work / "helm",
    )
    for folder in sorted((work / "helm" / "runs" / "little").glob("simple_mcqa*")):
        for name in ("run_spec.json", "per_instance_stats.json"):
            keep("helm", folder / name, f"{folder.name.split(':')[0]}/{name}")


def keep(tool, source, name):
    target = logs / tool / name
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_bytes()
    if source.suffix in (".json", ".jsonl"):
        text = re.sub(rb'[^"\s]*/site-packages', b"site-packages", text.replace(str(work).encode(), b"work"))
    target.write_bytes(text)


tools = {"lm-eval": lm_eval, "inspect": inspect, "garak": garak, "helm": helm}
work.mkdir(parents=True, exist_ok=True)
for name in options.which or tools:
    tools[name]()
    print(name, "->", logs / name)
