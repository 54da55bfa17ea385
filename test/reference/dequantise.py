"""Writes test/fixtures/dequantise.json: random blocks of every GGUF tensor type and their float32 values by the `gguf` package.

Needs: pip install gguf numpy. Run from the repository root: python3 test/reference/dequantise.py
"""
import base64
import json

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS",
         "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4"]


def main() -> None:
    rng = np.random.default_rng(20)
    cases = {}
    for name in TYPES:
        kind = T[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        count = 512 // elements if elements < 256 else 3
        raw = rng.integers(0, 256, size=count * size, dtype=np.uint8)
        with np.errstate(all="ignore"):
            values = gguf.quants.dequantize(raw, kind)
        values = np.ascontiguousarray(values, dtype=np.float32)
        cases[name] = {"bytes": base64.b64encode(raw.tobytes()).decode(), "values": base64.b64encode(values.tobytes()).decode()}
    head = {"source": f"gguf {__import__('importlib.metadata').metadata.version('gguf')}", "types": cases}
    with open("test/fixtures/dequantise.json", "w") as out:
        json.dump(head, out, indent=1)
        out.write("\n")


main()
