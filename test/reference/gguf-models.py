"""Writes test/fixtures/gguf-models.json: sha256 of the float32 values of all tensors of three GGUF files, by tensor type, as the `gguf` package dequantises them.

Needs: pip install gguf numpy. Run from the repository root:
PLUMBLINE_SMOLLM2=… PLUMBLINE_GEMMA=… PLUMBLINE_QWEN=… python3 test/reference/gguf-models.py
"""
import hashlib
import importlib.metadata
import json
import os

import gguf
import numpy as np


def main() -> None:
    models = {}
    for name in ("smollm2", "gemma", "qwen"):
        hashes: dict = {}
        for tensor in gguf.GGUFReader(os.environ[f"PLUMBLINE_{name.upper()}"]).tensors:
            values = np.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            kind = hashes.setdefault(tensor.tensor_type.name, [0, hashlib.sha256()])
            kind[0] += 1
            kind[1].update(values.tobytes())
        models[name] = {kind: {"tensors": count, "sha256": made.hexdigest()} for kind, (count, made) in sorted(hashes.items())}
    with open("test/fixtures/gguf-models.json", "w") as out:
        json.dump({"source": f"gguf {importlib.metadata.version('gguf')}", "models": models}, out, indent=1)
        out.write("\n")


main()
