"""Makes what the ONNX peers run, from the weights of a GGUF file: arguments model, output folder, what (hf, optimum or genai). Skips what is there."""
import json
import os
import subprocess
import sys

model, out, what = sys.argv[1:4]
os.environ.setdefault("HF_HUB_OFFLINE", "1")
plain = os.path.join(out, "hf")


def done(folder):
    return os.path.exists(os.path.join(folder, "done"))


def finish(folder):
    open(os.path.join(folder, "done"), "w").close()


def spelled_both_ways(folder):
    """The exporters use transformers of before and after version 5: names of both, so that none falls back to a default."""
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    rope = config.get("rope_parameters") or {}
    full = rope.get("full_attention", rope)
    if "rope_theta" in full:
        config["rope_theta"] = full["rope_theta"]
        config["rope_scaling"] = None
    if "sliding_attention" in rope:
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    config["torch_dtype"] = "float32"
    with open(path, "w") as file:
        json.dump(config, file)
    path = os.path.join(folder, "tokenizer_config.json")
    with open(path) as file:
        settings = json.load(file)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    with open(path, "w") as file:
        json.dump(settings, file)


if what == "hf" and not done(plain):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, name = os.path.split(model)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # A model read from GGUF counts as quantised, which cannot be saved: its floats are put into a fresh one.
    del loaded.config.quantization_config
    fresh = AutoModelForCausalLM.from_config(loaded.config, dtype=torch.float32)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    spelled_both_ways(plain)
    finish(plain)
if what == "optimum" and not done(os.path.join(out, "optimum")):
    from optimum.exporters.onnx import main_export

    target = os.path.join(out, "optimum")
    # transformers.js looks for the graph in a folder of its own, below the tokenizer.
    main_export(plain, output=os.path.join(target, "onnx"), task="text-generation-with-past", do_validation=False)
    for name in os.listdir(os.path.join(target, "onnx")):
        if not name.startswith("model.onnx"):
            os.rename(os.path.join(target, "onnx", name), os.path.join(target, name))
    finish(target)
if what == "genai" and not done(os.path.join(out, "genai")):
    target = os.path.join(out, "genai")
    builder = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    subprocess.run([*builder, "-i", plain, "-o", target, "-p", "fp32", "-e", "cpu", "-c", os.path.join(out, "cache")], check=True)
    finish(target)
