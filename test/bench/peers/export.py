"""Makes what the ONNX peers run, from the weights of a GGUF file: arguments model, output folder, what (hf, optimum or genai). Skips what is there."""
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


if what == "hf" and not done(plain):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, name = os.path.split(model)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    loaded.save_pretrained(plain)
    tokenizer.save_pretrained(plain)
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
