"""onnxruntime-genai's side: arguments export folder, work file, threads."""
import json
import sys
import time

model_folder, work_file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
started = time.perf_counter()
import numpy
import onnxruntime_genai as og
from took import Clock

config = og.Config(model_folder)
try:
    config.overlay(json.dumps({"model": {"decoder": {"session_options": {"intra_op_num_threads": threads}}}}))
except AttributeError:
    pass
model = og.Model(config)
tokenizer = og.Tokenizer(model)
load = time.perf_counter() - started
with open(work_file) as file:
    work = json.load(file)
with open(model_folder + "/genai_config.json") as file:
    settings = json.load(file)["model"]
pad = settings.get("pad_token_id", 0)


def encode(text):
    return [int(each) for each in tokenizer.encode(text)]


def logprobs(rows, starts):
    """Rows padded on the right: log-probabilities of row b's tokens from starts[b] on."""
    size = max(len(row) for row in rows)
    params = og.GeneratorParams(model)
    params.set_search_options(max_length=size + 1, batch_size=len(rows))
    generator = og.Generator(model, params)
    generator.append_tokens(numpy.array([row + [pad] * (size - len(row)) for row in rows], dtype=numpy.int32))
    logits = numpy.asarray(generator.get_output("logits"))
    out = []
    for b, (row, start) in enumerate(zip(rows, starts)):
        part = logits[b, start - 1 : len(row) - 1].astype(numpy.float64)
        part = part - part.max(axis=-1, keepdims=True)
        sums = numpy.log(numpy.exp(part).sum(axis=-1))
        out.append([float(part[i, target] - sums[i]) for i, target in enumerate(row[start:])])
    return out


clock = Clock()
answers, tokens = [], 0
if work["kind"] in ("options", "first"):
    for item in work.get("items") or [{"context": work["context"], "options": [work["option"]]}]:
        start = len(encode(item["context"]))
        rows = [encode(item["context"] + option) for option in item["options"]]
        scores = [sum(each) for each in logprobs(rows, [start] * len(rows))]
        answers.append(scores.index(max(scores)))
elif work["kind"] == "trace":
    for text in work["texts"]:
        (values,) = logprobs([encode(text)], [1])
        answers.append(sum(values) / len(values))
else:
    prompts, rows = work["prompts"], work["rows"]
    for first in range(0, len(prompts), rows):
        some = prompts[first : first + rows]
        ids = [encode(each) for each in some]
        size = max(len(each) for each in ids)
        params = og.GeneratorParams(model)
        sampling = {"do_sample": True, "temperature": work["temperature"]} if work["temperature"] > 0 else {"do_sample": False}
        params.set_search_options(max_length=size + work["maxTokens"], batch_size=len(some), **sampling)
        generator = og.Generator(model, params)
        generator.append_tokens(numpy.array([[pad] * (size - len(each)) + each for each in ids], dtype=numpy.int32))
        while not generator.is_done():
            generator.generate_next_token()
        for b in range(len(some)):
            made = list(generator.get_sequence(b))[size:]
            end = made.index(pad) if pad in made else len(made)
            tokens += end
            answers.append(tokenizer.decode(numpy.array(made[:end], dtype=numpy.int32)))
clock.print(load, work, answers, tokens)
